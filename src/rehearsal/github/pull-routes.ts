import { type ApiRequest, answer, members } from '../http/route.ts'
import { nodeId } from './identifier.ts'
import { requireBody, viewLabels } from './issue-routes.ts'
import type { SimulatedIssue, SimulatedPullRequest } from './issue-table.ts'
import { PAGE_KEYS, pageOf } from './page.ts'
import { viewPerson } from './people-table.ts'
import { invalid, refusal } from './refusal.ts'
import { viewRepository } from './repository-view.ts'
import { type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const ALL = `${REPOSITORY_PATH}/pulls`

/** Pull requests between branches of the repository itself. */
export function pullRoutes(world: GithubWorld): readonly GithubRoute[] {
  return [
    {
      method: 'GET',
      paths: [ALL],
      needs: 'pull-requests:read',
      query: ['state', 'head', 'base', 'sort', 'direction', ...PAGE_KEYS],
      handle: ({ query }) => {
        const found = pullRequests(world.issues.list())
          .filter(pull => matches(world, pull, query))
          .toReversed()
        return answer(pageOf(found, query).map(pull => viewSimplePull(world, pull)))
      }
    },
    {
      method: 'POST',
      paths: [ALL],
      needs: 'pull-requests:write',
      query: [],
      body: ['title', 'head', 'base', 'body', 'draft', 'maintainer_can_modify'],
      handle: request => create(world, request)
    }
  ]
}

/** Those issues that are pull requests. */
export function pullRequests(issues: readonly SimulatedIssue[]): readonly SimulatedPullRequest[] {
  return issues.flatMap(issue => (issue.pull ? [{ ...issue, pull: issue.pull }] : []))
}

function matches(
  world: GithubWorld,
  { state, pull }: SimulatedPullRequest,
  query: Readonly<Record<string, string>>
): boolean {
  const { state: wanted = 'open', head, base } = query
  return (
    (wanted === 'all' || state === wanted) &&
    (base === undefined || pull.base === base) &&
    // GitHub ignores a head that names no owner.
    (!head?.includes(':') || head === `${world.owner}:${pull.head}`)
  )
}

function create(world: GithubWorld, request: ApiRequest) {
  const { git, settings, issues, owner } = world
  const grant = world.grantOf(request)
  if (grant.permissions !== 'admin' && !settings.actionsMayOpenPullRequests)
    throw refusal(403, 'GitHub Actions is not permitted to create or approve pull requests.')
  const { title, head: from, base: into, body = '', draft = false } = members(request.body)
  const head = String(from).replace(`${owner}:`, '')
  const base = String(into)
  if (git.head(head) === undefined) throw invalid('PullRequest', 'head', 'invalid')
  if (git.head(base) === undefined) throw invalid('PullRequest', 'base', 'invalid')
  requireBody('PullRequest', body, 0)
  const open = pullRequests(issues.list()).filter(({ state }) => state === 'open')
  const problem = open.some(({ pull }) => pull.head === head && pull.base === base)
    ? `A pull request already exists for ${owner}:${head}.`
    : git.head(head) === git.head(base) && `No commits between ${base} and ${head}`
  if (problem)
    throw refusal(422, 'Validation Failed', {
      errors: [{ resource: 'PullRequest', code: 'custom', message: problem }]
    })
  const issue = issues.create({
    title: String(title),
    body: String(body ?? ''),
    labels: [],
    assignees: [],
    by: grant.actor,
    pull: { head, base, draft: draft === true }
  })
  const [pull] = pullRequests([issue])
  if (!pull) throw new Error('The pull request that was just made is none.')
  return answer(viewPull(world, pull), 201)
}

function viewSimplePull(world: GithubWorld, issue: SimulatedPullRequest) {
  const { number, pull } = issue
  const url = `${world.apiUrl()}/pulls/${number}`
  const html = `${world.webUrl}/pull/${number}`
  const issueUrl = `${world.apiUrl()}/issues/${number}`
  const closed = issue.closedMs === undefined ? null : iso(issue.closedMs)
  const head = viewBranch(world, pull.head)
  const statuses = `${world.apiUrl()}/statuses/${head.sha}`
  return {
    url,
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${world.apiUrl()}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: viewPerson(world.people.of(issue.by)),
    body: issue.body,
    labels: viewLabels(world, issue.labels),
    milestone: null,
    active_lock_reason: null,
    created_at: iso(issue.createdMs),
    updated_at: iso(issue.createdMs),
    closed_at: closed,
    merged_at: null,
    merge_commit_sha: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head,
    base: viewBranch(world, pull.base),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${world.apiUrl()}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses }
    },
    author_association: 'CONTRIBUTOR',
    auto_merge: null,
    draft: pull.draft
  }
}

function viewPull(world: GithubWorld, pull: SimulatedPullRequest) {
  return {
    ...viewSimplePull(world, pull),
    merged: false,
    mergeable: null,
    rebaseable: null,
    mergeable_state: 'unknown',
    merged_by: null,
    comments: pull.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: 1,
    additions: 1,
    deletions: 1,
    changed_files: 1
  }
}

function viewBranch(world: GithubWorld, branch: string) {
  return {
    label: `${world.owner}:${branch}`,
    ref: branch,
    sha: world.git.head(branch) ?? '0'.repeat(40),
    user: viewPerson(world.people.of(world.owner)),
    repo: viewRepository(world)
  }
}
