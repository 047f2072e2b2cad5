import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { createGithub, type Github, type GithubOptions } from '../../src/github/github.ts'
import { type GithubSimulator, startGithubSimulator } from '../../src/rehearsal/github/simulator.ts'
import type { TokenGrant } from '../../src/rehearsal/github/tokens.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { GITHUB_CONTRACT } from '../rehearsal/github-contract.ts'

export const START_MS = Date.parse('2026-03-02T09:00:00Z')

/** What the jobs of the workflows are granted, all together. */
export const ALL_PERMISSIONS = {
  contents: 'write',
  actions: 'write',
  deployments: 'write',
  issues: 'write',
  'pull-requests': 'write'
} as const

const WORKFLOW = 'name: a workflow\non: workflow_dispatch\njobs: {}\n'

export interface GithubTestWorld extends Github {
  readonly simulator: GithubSimulator
  readonly clock: VirtualClock
  /** Everything said through the log. */
  readonly lines: readonly string[]
  /** The run that everything happens in. */
  readonly runId: number
  readonly token: string
  /** Another job, which shares nothing with earlier ones but the repository. */
  again(more?: Partial<GithubOptions>, grant?: Partial<TokenGrant>): Github
  /** Requests since it was asked last, as `GET /repos/acme/shop`. */
  asked(): readonly string[]
  close(): Promise<void>
}

/** A simulated repository with the workflows in it, and an adapter in front; a second of waiting lasts a millisecond. */
export async function startGithubWorld(): Promise<GithubTestWorld> {
  const clock = createVirtualClock(START_MS)
  const folder = await mkdtemp(join(tmpdir(), 'rollgate-github-'))
  const simulator = await startGithubSimulator({
    now: clock.now,
    folder,
    contract: GITHUB_CONTRACT,
    files: {
      'README.md': '# Shop\n',
      '.github/workflows/rollout.yml': WORKFLOW,
      '.github/workflows/rollout-monitor.yml': WORKFLOW,
      '.github/workflows/rollout-rollback.yml': WORKFLOW
    }
  })
  const run = simulator.runs.start({
    file: 'rollout.yml',
    event: 'workflow_dispatch',
    actor: 'ada'
  })
  const lines: string[] = []
  const say = (line: string): void => {
    lines.push(line)
  }
  const grant: TokenGrant = {
    permissions: ALL_PERMISSIONS,
    actor: 'github-actions[bot]',
    run: { id: run.id, attempt: 1 }
  }
  const token = simulator.tokenFor(grant)

  const again: GithubTestWorld['again'] = (more = {}, other = undefined) =>
    createGithub({
      apiUrl: simulator.url,
      graphqlUrl: simulator.graphqlUrl,
      serverUrl: 'https://github.com',
      token: other === undefined ? token : simulator.tokenFor({ ...grant, ...other }),
      repository: simulator.repository,
      ledgerBranch: 'rollgate-ledger',
      run: { id: String(run.id), attempt: 1 },
      branch: 'main',
      workflows: {
        rollout: 'rollout.yml',
        monitor: 'rollout-monitor.yml',
        rollback: 'rollout-rollback.yml',
        timers: undefined
      },
      log: { info: say, warning: say },
      clock,
      secondMs: 1,
      ...more
    })

  let seen = 0
  return {
    ...again(),
    simulator,
    clock,
    lines,
    runId: run.id,
    token,
    again,
    asked: () => {
      const fresh = simulator.requests.slice(seen)
      seen = simulator.requests.length
      return fresh.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)
    },
    close: async () => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
      expect(simulator.violations).toEqual([])
    }
  }
}

/** What a promise was rejected with. */
export async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('It was not refused.')
}
