import * as z from 'zod'
import { ISSUE_LABEL } from '../rollout/announcing.ts'
import type { IssueDraft } from '../rollout/ports.ts'
import { type GithubApi, settled } from './api.ts'

const NEEDS = 'issues: write'
const PAGE = 100
/** Older than the newest thousand open issues, ours are taken to be forgotten. */
const PAGES = 10
/** GitHub refuses a body of more than 65,536 characters. */
const LONGEST = 65_000

const issue = z.object({ html_url: z.string() })
const listed = z.array(
  z.object({
    number: z.number(),
    html_url: z.string(),
    body: z.string().nullish(),
    comments: z.number(),
    pull_request: z.unknown().optional()
  })
)

const remarks = z.array(z.object({ body: z.string().nullish() }))

type Listed = z.infer<typeof listed>[number]

/**
 * Files an issue, or comments on the open one that has the same key, unless that is what was said
 * there last. The key stands in the body as an invisible comment, so that the title may be changed by
 * hand; the label may not be taken away. @throws ProviderError
 */
export async function fileIssue(
  api: GithubApi,
  draft: IssueDraft
): Promise<{ readonly url: string }> {
  const marker = `<!-- rollgate: ${encodeURIComponent(draft.key)} -->`
  const open = await findOpen(api, marker)
  if (open !== undefined) {
    const text = cut(draft.body)
    if ((await lastSaid(api, open, marker)) !== text.trim()) await comment(api, open.number, text)
    return { url: open.html_url }
  }
  const outcome = await api.attempt(NEEDS, issue, client =>
    client.request('POST /repos/{owner}/{repo}/issues', {
      ...api.repository,
      title: draft.title,
      body: `${marker}\n${cut(draft.body)}`,
      labels: [ISSUE_LABEL]
    })
  )
  if (outcome.kind !== 'unknown') return { url: settled(outcome).html_url }
  const filed = await findOpen(api, marker)
  if (filed === undefined) throw outcome.error
  return { url: filed.html_url }
}

async function comment(api: GithubApi, number: number, body: string): Promise<void> {
  await api.ask(NEEDS, z.unknown(), client =>
    client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...api.repository,
      issue_number: number,
      body
    })
  )
}

/** The newest comment, or the issue's own text while there is none. */
async function lastSaid(
  api: GithubApi,
  { number, body, comments }: Listed,
  marker: string
): Promise<string> {
  if (comments === 0) return said(body?.replace(marker, ''))
  const [last] = await api.ask(NEEDS, remarks, client =>
    client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...api.repository,
      issue_number: number,
      per_page: 1,
      page: comments
    })
  )
  return said(last?.body)
}

function said(text: string | null | undefined): string {
  return (text ?? '').replaceAll('\r\n', '\n').trim()
}

async function findOpen(api: GithubApi, marker: string): Promise<Listed | undefined> {
  for (let page = 1; page <= PAGES; page += 1) {
    const issues = await api.ask(NEEDS, listed, client =>
      client.request('GET /repos/{owner}/{repo}/issues', {
        ...api.repository,
        state: 'open',
        labels: ISSUE_LABEL,
        sort: 'created',
        direction: 'desc',
        per_page: PAGE,
        page
      })
    )
    const found = issues.find(({ body, pull_request }) => !pull_request && body?.includes(marker))
    if (found !== undefined || issues.length < PAGE) return found
  }
  return undefined
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\n\n…`
}
