import * as z from 'zod'
import type { ChangeDraft } from '../rollout/ports.ts'
import { ConflictError, ProviderError } from '../rollout/rollgate-error.ts'
import { type GithubApi, type Outcome, settled } from './api.ts'
import type { Branches } from './branches.ts'
import { readFile } from './files.ts'
import type { ReadHome } from './home.ts'

const NEEDS = 'pull-requests: write'

const pull = z.object({ html_url: z.string() })
const listed = z.array(pull)

/**
 * A pull request from the draft's branch that gives one file this content. Each step first looks
 * whether it was done already, so repeating a proposal that was cut off ends it. Undefined when the
 * default branch holds that very content. @throws ProviderError
 */
export async function proposeChange(
  api: GithubApi,
  branches: Branches,
  readHome: ReadHome,
  draft: ChangeDraft
): Promise<{ readonly url: string } | undefined> {
  const open = await findOpen(api, draft.branch)
  if (open !== undefined) return open
  const { defaultBranch } = await readHome()
  if ((await readFile(api, branches, draft.path, defaultBranch)) === draft.content) return undefined
  const head = await branchHead(branches, draft.branch, defaultBranch)
  if ((await readFile(api, branches, draft.path, draft.branch)) !== draft.content) {
    await commit(branches, draft, head)
  }
  return openPullRequest(api, draft, defaultBranch)
}

async function branchHead(
  branches: Branches,
  branch: string,
  defaultBranch: string
): Promise<string> {
  const there = await branches.head(branch)
  if (there !== undefined) return there
  const start = await branches.head(defaultBranch)
  if (start === undefined) throw moved(defaultBranch)
  const made = await branches.create(branch, start)
  if (made.kind === 'done') return start
  const now = await branches.head(branch)
  if (now === undefined) throw made.error
  return now
}

async function commit(branches: Branches, draft: ChangeDraft, head: string): Promise<void> {
  const files = new Map([[draft.path, draft.content]])
  const commit = { branch: draft.branch, expectedHead: head, headline: draft.title, files }
  const outcome = await branches.commit(commit)
  if (outcome.kind === 'refused' && outcome.types.includes('STALE_DATA')) throw moved(draft.branch)
  // Sent again, it is refused as stale if it did arrive.
  if (outcome.kind !== 'unknown') settled(outcome)
  else settledOrArrived(await branches.commit(commit))
}

function settledOrArrived(outcome: Outcome<string>): void {
  if (outcome.kind === 'refused' && outcome.types.includes('STALE_DATA')) return
  settled(outcome)
}

async function openPullRequest(
  api: GithubApi,
  { branch, title, body }: ChangeDraft,
  base: string
): Promise<{ readonly url: string }> {
  const outcome = await api.attempt(NEEDS, pull, client =>
    client.request('POST /repos/{owner}/{repo}/pulls', {
      ...api.repository,
      title,
      body,
      head: branch,
      base
    })
  )
  if (outcome.kind === 'done') return { url: outcome.value.html_url }
  const open = await findOpen(api, branch)
  if (open !== undefined) return open
  throw outcome.kind === 'refused' && outcome.status === 403
    ? forbidden(api, outcome.error)
    : outcome.error
}

async function findOpen(
  api: GithubApi,
  branch: string
): Promise<{ readonly url: string } | undefined> {
  const [open] = await api.ask(NEEDS, listed, client =>
    client.request('GET /repos/{owner}/{repo}/pulls', {
      ...api.repository,
      state: 'open',
      head: `${api.repository.owner}:${branch}`
    })
  )
  return open && { url: open.html_url }
}

function forbidden(api: GithubApi, { code, message, remedy }: ProviderError): ProviderError {
  return new ProviderError(
    code,
    message,
    `${remedy} Actions may open pull requests only where ${api.page}/settings/actions allows it.`
  )
}

function moved(branch: string): ConflictError {
  return new ConflictError(
    'branch_moved',
    `The branch ${branch} moved while a change was put on it.`,
    'Run the same operation again; what was done already is found and not repeated.'
  )
}
