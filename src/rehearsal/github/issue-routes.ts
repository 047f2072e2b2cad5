import { type ApiRequest, answer, members } from '../http/route.ts'
import { nodeId } from './identifier.ts'
import type { SimulatedComment, SimulatedIssue, SimulatedLabel } from './issue-table.ts'
import { PAGE_KEYS, pageOf } from './page.ts'
import { viewPerson } from './people-table.ts'
import { invalid, notFound, refusal } from './refusal.ts'
import { type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const ALL = `${REPOSITORY_PATH}/issues`
const LABELS = `${REPOSITORY_PATH}/labels`

const LONGEST_BODY = 65_536

/** Issues with their comments, and labels. */
export function issueRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { issues } = world
  return [
    {
      method: 'GET',
      paths: [ALL],
      needs: 'issues:read',
      query: ['labels', 'state', 'since', 'sort', 'direction', 'creator', ...PAGE_KEYS],
      handle: ({ query }) => {
        const found = issues.list().filter(issue => matches(issue, query))
        return answer(pageOf(inOrder(found, query), query).map(issue => viewIssue(world, issue)))
      }
    },
    {
      method: 'POST',
      paths: [ALL],
      needs: 'issues:write',
      query: [],
      body: ['title', 'body', 'labels', 'assignees'],
      handle: request => createIssue(world, request)
    },
    {
      method: 'GET',
      paths: [`${ALL}/:issue_number/comments`],
      needs: 'issues:read',
      query: PAGE_KEYS,
      handle: request => {
        const issue = find(world, request)
        return answer(
          pageOf(issue.comments, request.query).map(comment => viewComment(world, issue, comment))
        )
      }
    },
    {
      method: 'POST',
      paths: [`${ALL}/:issue_number/comments`],
      needs: 'issues:write',
      query: [],
      body: ['body'],
      handle: request => {
        const issue = find(world, request)
        const { body } = members(request.body)
        requireBody('IssueComment', body, 1)
        const { actor } = world.grantOf(request)
        const comment = issues.comment(issue.number, String(body), actor)
        return answer(viewComment(world, issue, comment), 201)
      }
    },
    ...labelRoutes(world)
  ]
}

function labelRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { issues } = world
  return [
    {
      method: 'GET',
      paths: [LABELS],
      needs: 'issues:read',
      query: PAGE_KEYS,
      handle: ({ query }) =>
        answer(pageOf(issues.labels(), query).map(label => viewLabel(world, label)))
    },
    {
      method: 'GET',
      paths: [`${LABELS}/:name`],
      needs: 'issues:read',
      query: [],
      handle: ({ params }) => {
        const label = issues.label(params['name'] ?? '')
        if (!label) throw notFound()
        return answer(viewLabel(world, label))
      }
    },
    {
      method: 'POST',
      paths: [LABELS],
      needs: 'issues:write',
      query: [],
      body: ['name', 'color', 'description'],
      handle: ({ body }) => {
        const { name, color = 'ededed', description = null } = members(body)
        if (issues.label(String(name))) throw invalid('Label', 'name', 'already_exists')
        const label = issues.addLabel({
          name: String(name),
          color: String(color),
          description: description === null ? null : String(description)
        })
        return answer(viewLabel(world, label), 201)
      }
    }
  ]
}

function find(world: GithubWorld, { params }: ApiRequest): SimulatedIssue {
  const issue = world.issues.find(Number(params['issue_number']))
  if (!issue) throw notFound()
  return issue
}

const SORTED_BY: Readonly<Record<string, (issue: SimulatedIssue) => number>> = {
  created: ({ createdMs }) => createdMs,
  updated: ({ updatedMs }) => updatedMs,
  comments: ({ comments }) => comments.length
}

/** By creation, newest first, unless told. */
function inOrder(
  found: readonly SimulatedIssue[],
  { sort = 'created', direction }: Readonly<Record<string, string>>
): readonly SimulatedIssue[] {
  const by = SORTED_BY[sort]
  if (by === undefined) throw invalid('Issue', 'sort', 'invalid')
  const ascending = found.toSorted((one, other) => by(one) - by(other) || one.number - other.number)
  return direction === 'asc' ? ascending : ascending.toReversed()
}

/** Every label that is asked for, of that state, changed at or after `since`. */
function matches(issue: SimulatedIssue, query: Readonly<Record<string, string>>): boolean {
  const { labels = '', state = 'open', creator, since } = query
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  if (Number.isNaN(sinceMs)) throw invalid('Issue', 'since', 'invalid')
  const wanted = labels
    .split(',')
    .map(label => label.trim().toLowerCase())
    .filter(Boolean)
  const carried = issue.labels.map(label => label.toLowerCase())
  return (
    (state === 'all' || issue.state === state) &&
    (creator === undefined || issue.by === creator) &&
    Date.parse(iso(issue.updatedMs)) >= sinceMs &&
    wanted.every(label => carried.includes(label))
  )
}

function createIssue(world: GithubWorld, request: ApiRequest) {
  const { title, body = '', labels = [], assignees = [] } = members(request.body)
  if (typeof title !== 'string' || title.trim() === '')
    throw invalid('Issue', 'title', 'missing_field')
  if (title.length > 256)
    throw invalid('Issue', 'title', 'custom', 'title is too long (maximum is 256 characters)')
  requireBody('Issue', body, 0)
  const issue = world.issues.create({
    title,
    body: String(body ?? ''),
    labels: [labels].flat().map(label => String(members(label)['name'] ?? label)),
    assignees: [assignees].flat().map(String),
    by: world.grantOf(request).actor
  })
  return answer(viewIssue(world, issue), 201)
}

/** @throws Refusal when a body is shorter or longer than GitHub takes */
export function requireBody(resource: string, body: unknown, least: number): void {
  const { length } = String(body ?? '')
  if (length < least) throw invalid(resource, 'body', 'missing_field')
  if (length > LONGEST_BODY)
    throw refusal(422, 'Validation Failed', {
      errors: [
        {
          resource,
          field: 'body',
          code: 'custom',
          message: `body is too long (maximum is ${LONGEST_BODY} characters)`
        }
      ]
    })
}

function viewIssue(world: GithubWorld, issue: SimulatedIssue) {
  const url = `${world.apiUrl()}/issues/${issue.number}`
  const kind = issue.pull ? 'pull' : 'issues'
  const html = `${world.webUrl}/${kind}/${issue.number}`
  const assignees = issue.assignees.map(login => viewPerson(world.people.of(login)))
  return {
    url,
    repository_url: world.apiUrl(),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    id: issue.id,
    node_id: nodeId('I', issue.id),
    number: issue.number,
    title: issue.title,
    user: viewPerson(world.people.of(issue.by)),
    labels: viewLabels(world, issue.labels),
    state: issue.state,
    locked: false,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: issue.comments.length,
    created_at: iso(issue.createdMs),
    updated_at: iso(issue.updatedMs),
    closed_at: issue.closedMs === undefined ? null : iso(issue.closedMs),
    author_association: 'NONE',
    active_lock_reason: null,
    body: issue.body,
    ...(issue.pull
      ? {
          pull_request: {
            url: `${world.apiUrl()}/pulls/${issue.number}`,
            html_url: html,
            diff_url: `${html}.diff`,
            patch_url: `${html}.patch`,
            merged_at: null
          }
        }
      : {})
  }
}

/** The labels of that name, as every list shows them. */
export function viewLabels(world: GithubWorld, names: readonly string[]) {
  return names.flatMap(name => {
    const label = world.issues.label(name)
    return label ? [viewLabel(world, label)] : []
  })
}

function viewLabel(world: GithubWorld, { id, name, color, description }: SimulatedLabel) {
  return {
    id,
    node_id: nodeId('LA', id),
    url: `${world.apiUrl()}/labels/${encodeURIComponent(name)}`,
    name,
    description,
    color,
    default: false
  }
}

function viewComment(world: GithubWorld, issue: SimulatedIssue, comment: SimulatedComment) {
  const at = iso(comment.createdMs)
  return {
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    url: `${world.apiUrl()}/issues/comments/${comment.id}`,
    html_url: `${world.webUrl}/issues/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${world.apiUrl()}/issues/${issue.number}`,
    body: comment.body,
    user: viewPerson(world.people.of(comment.by)),
    created_at: at,
    updated_at: at,
    author_association: 'NONE'
  }
}
