import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from '@jest/globals'
import {
  type GithubSimulator,
  type GithubSimulatorOptions,
  startGithubSimulator
} from '../../src/rehearsal/github/simulator.ts'
import type { Access } from '../../src/rehearsal/github/tokens.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { GITHUB_CONTRACT } from './github-contract.ts'

export const START_MS = Date.parse('2026-03-02T09:00:00Z')

export const WORKFLOW = 'name: Rollout\non:\n  workflow_dispatch:\n'

/** What a job's token is given in these tests, unless a test is about what it lacks. */
const EVERYTHING: Readonly<Record<string, Access>> = {
  actions: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  'pull-requests': 'write'
}

export interface Answered {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: assertions say what the body must be
  readonly body: any
  readonly headers: Headers
}

/** A simulated GitHub whose every exchange is held against the published descriptions, and a caller. */
export interface GithubCaller {
  readonly simulator: GithubSimulator
  readonly clock: VirtualClock
  readonly folder: string
  readonly admin: string
  jobToken(permissions?: Readonly<Record<string, Access>>): string
  /** Paths are below the repository; one that starts with `//` is not. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answered>
  graphql(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    token?: string
  ): Promise<Answered>
  /** One commit by GraphQL. */
  commit(input: Readonly<Record<string, unknown>>, token?: string): Promise<Answered>
  /** Ends it; fails when there are other violations than those a test expected. */
  close(expected?: readonly (string | RegExp)[]): Promise<void>
}

export const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } ref { name target { oid } } }
}`

export async function startGithubCaller(
  options: Partial<GithubSimulatorOptions> = {}
): Promise<GithubCaller> {
  const clock = createVirtualClock(START_MS)
  const folder = await mkdtemp(path.join(tmpdir(), 'rollgate-github-'))
  const simulator = await startGithubSimulator({
    now: clock.now,
    folder: path.join(folder, 'shop.git'),
    files: { 'README.md': '# shop\n', '.github/workflows/rollout.yml': WORKFLOW },
    people: ['ada', 'grace'],
    contract: GITHUB_CONTRACT,
    ...options
  })
  const jobToken: GithubCaller['jobToken'] = (permissions = EVERYTHING) =>
    simulator.tokenFor({ permissions, actor: 'github-actions[bot]' })
  const usual = jobToken()

  const send = async (method: string, url: string, body: unknown, token: string) => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, body: text === '' ? undefined : JSON.parse(text) }
  }

  const call: GithubCaller['call'] = (method, at, body, token = usual) => {
    const below = at.startsWith('//') ? at.slice(1) : `/repos/${simulator.repository}${at}`
    return send(method, `${simulator.url}${below}`, body, token)
  }
  const graphql: GithubCaller['graphql'] = (query, variables = {}, token = usual) =>
    send('POST', simulator.graphqlUrl, { query, variables }, token)

  return {
    simulator,
    clock,
    folder,
    admin: simulator.tokenFor({ permissions: 'admin', actor: 'ada' }),
    jobToken,
    call,
    graphql,
    commit: (input, token) =>
      graphql(
        COMMIT,
        {
          input: {
            branch: { repositoryNameWithOwner: simulator.repository, branchName: 'main' },
            expectedHeadOid: simulator.git.head('main'),
            message: { headline: 'Change' },
            ...input
          }
        },
        token
      ),
    close: async (expected = []) => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
      expect(simulator.violations).toEqual(
        expected.map(line => (typeof line === 'string' ? line : expect.stringMatching(line)))
      )
    }
  }
}
