import * as z from 'zod'
import type { ReportReader } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { GithubApi } from './api.ts'

const NEEDS = 'issues: read'
const PAGE = 100
const SECOND_MS = 1000

const listed = z.array(
  z.object({
    number: z.number(),
    created_at: z.iso.datetime(),
    pull_request: z.unknown().optional()
  })
)

type Listed = z.infer<typeof listed>[number]

/**
 * Issues of one repository by label. One request answers; where nothing was reported, a second one
 * proves that the label exists, because nobody can report anything under a label that does not.
 */
export function createReportReader(api: GithubApi): ReportReader {
  return {
    openedSince: async (label, since) => {
      // GitHub writes whole seconds: an issue of the window's first second would seem to be older.
      const sinceMs = Math.floor(Date.parse(since) / SECOND_MS) * SECOND_MS
      const issues = await listSince(api, label, sinceMs)
      if (issues.length === 0) await proveLabel(api, label)
      return issues.map(({ created_at }) => new Date(created_at).toISOString())
    }
  }
}

/** Newest first, so that an issue opened meanwhile can only be seen twice. */
async function listSince(
  api: GithubApi,
  label: string,
  sinceMs: number
): Promise<readonly Listed[]> {
  const found = new Map<number, Listed>()
  for (let page = 1; ; page += 1) {
    const issues = await readPage(api, label, sinceMs, page)
    const opened = issues.filter(({ created_at }) => Date.parse(created_at) >= sinceMs)
    for (const issue of opened) if (!issue.pull_request) found.set(issue.number, issue)
    if (opened.length < PAGE) return [...found.values()]
  }
}

/** GitHub's `since` is about the last change, which is never before the opening. */
function readPage(
  api: GithubApi,
  label: string,
  sinceMs: number,
  page: number
): Promise<readonly Listed[]> {
  return api.ask(NEEDS, listed, client =>
    client.request('GET /repos/{owner}/{repo}/issues', {
      ...api.repository,
      state: 'all',
      labels: label,
      since: new Date(sinceMs).toISOString(),
      sort: 'created',
      direction: 'desc',
      per_page: PAGE,
      page
    })
  )
}

async function proveLabel(api: GithubApi, label: string): Promise<void> {
  const found = await api.find(NEEDS, z.object({ name: z.string() }), client =>
    client.request('GET /repos/{owner}/{repo}/labels/{name}', { ...api.repository, name: label })
  )
  // A label of dots would be an address of something else.
  if (found?.name.toLowerCase() === label.toLowerCase()) return
  const { owner, repo } = api.repository
  throw new ProviderError(
    'label_missing',
    `The repository ${owner}/${repo} has no label "${label}", so nobody could report anything under it.`,
    `Correct the definition, or make the label: gh label create ${quoted(label)} --repo ${owner}/${repo}`
  )
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w.-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
