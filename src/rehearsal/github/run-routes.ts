import { type ApiRequest, answer, members } from '../http/route.ts'
import { viewEnvironmentName, viewReviewer } from './environment-view.ts'
import { nodeId } from './identifier.ts'
import { viewPerson } from './people-table.ts'
import { notFound, refusal } from './refusal.ts'
import { viewMinimalRepository } from './repository-view.ts'
import type { SimulatedRun } from './run-table.ts'
import type { DispatchHandler } from './workflow-table.ts'
import { type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const RUN = `${REPOSITORY_PATH}/actions/runs/:run_id`
const WORKFLOW = `${REPOSITORY_PATH}/actions/workflows/:workflow_id`

/** Runs with their approvals, and workflows with their switch and their dispatch. */
export function runRoutes(
  world: GithubWorld,
  onDispatch: () => DispatchHandler
): readonly GithubRoute[] {
  return [
    {
      method: 'GET',
      paths: [RUN],
      needs: 'actions:read',
      query: ['exclude_pull_requests'],
      handle: async request => answer(await viewRun(world, findRun(world, request)))
    },
    {
      method: 'GET',
      paths: [`${RUN}/approvals`],
      needs: 'actions:read',
      query: [],
      handle: request => answer(viewApprovals(world, findRun(world, request)))
    },
    {
      method: 'GET',
      paths: [`${RUN}/pending_deployments`],
      needs: 'actions:read',
      query: [],
      handle: request => answer(viewPending(world, request))
    },
    {
      method: 'GET',
      paths: [WORKFLOW],
      needs: 'actions:read',
      query: [],
      handle: async request => answer(await viewWorkflow(world, await findWorkflow(world, request)))
    },
    {
      method: 'PUT',
      paths: [`${WORKFLOW}/enable`],
      needs: 'actions:write',
      query: [],
      handle: async request => {
        world.workflows.set(await findWorkflow(world, request), 'active')
        return answer(undefined, 204)
      }
    },
    {
      method: 'POST',
      paths: [`${WORKFLOW}/dispatches`],
      needs: 'actions:write',
      query: [],
      body: ['ref', 'inputs', 'return_run_details'],
      handle: request => dispatch(world, request, onDispatch())
    }
  ]
}

function findRun(world: GithubWorld, { params }: ApiRequest): SimulatedRun {
  const run = world.runs.get(Number(params['run_id']))
  if (!run) throw notFound()
  return run
}

/** The file's name, when it is on the default branch. */
async function findWorkflow(world: GithubWorld, { params }: ApiRequest): Promise<string> {
  const name = params['workflow_id'] ?? ''
  const file = /^\d+$/u.test(name) ? world.workflows.fileOf(Number(name)) : name
  const head = world.git.head(world.defaultBranch)
  if (file === undefined || head === undefined) throw notFound()
  const entry = await world.git.entryAt(head, `.github/workflows/${file}`)
  if (entry?.type !== 'blob') throw notFound()
  return file
}

async function dispatch(world: GithubWorld, request: ApiRequest, start: DispatchHandler) {
  const { git, settings, workflows, grantOf } = world
  const file = await findWorkflow(world, request)
  const { ref, inputs, return_run_details: details } = members(request.body)
  const branch = typeof ref === 'string' ? ref.replace(/^refs\/heads\//u, '') : ''
  if (git.head(branch) === undefined) throw refusal(422, `No ref found for: ${ref}`)
  if (workflows.state(file) !== 'active')
    throw refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
  const given = Object.entries(members(inputs))
  if (given.length > 25) throw refusal(422, 'you may only define up to 25 `inputs`')
  const id = await startRun(start, {
    file,
    ref: branch,
    inputs: Object.fromEntries(given.map(([key, value]) => [key, String(value)])),
    actor: grantOf(request).actor
  })
  if (details !== true || settings.dispatchAnswers === 'nothing') return answer(undefined, 204)
  return answer({
    workflow_run_id: id,
    run_url: `${world.apiUrl()}/actions/runs/${id}`,
    html_url: `${world.webUrl}/actions/runs/${id}`
  })
}

async function startRun(
  start: DispatchHandler,
  request: Parameters<DispatchHandler>[0]
): Promise<number> {
  try {
    return await start(request)
  } catch (error) {
    throw refusal(422, (error as Error).message)
  }
}

async function viewRun(world: GithubWorld, run: SimulatedRun) {
  const url = `${world.apiUrl()}/actions/runs/${run.id}`
  const workflowId = world.workflows.idOf(run.file)
  const title = await workflowName(world, run.file)
  return {
    id: run.id,
    node_id: nodeId('WFR', run.id),
    name: title,
    display_title: title,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    head_branch: run.ref,
    head_sha: run.sha,
    head_commit: await viewHeadCommit(world, run.sha),
    path: `.github/workflows/${run.file}`,
    workflow_id: workflowId,
    check_suite_id: run.id + 1,
    check_suite_node_id: nodeId('CS', run.id),
    url,
    html_url: `${world.webUrl}/actions/runs/${run.id}`,
    created_at: iso(run.createdMs),
    updated_at: iso(run.updatedMs),
    run_started_at: iso(run.createdMs),
    actor: viewPerson(world.people.of(run.actor)),
    triggering_actor: viewPerson(world.people.of(run.triggeringActor)),
    pull_requests: [],
    referenced_workflows: [],
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${world.apiUrl()}/check-suites/${run.id + 1}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${world.apiUrl()}/actions/workflows/${workflowId}`,
    repository: viewMinimalRepository(world),
    head_repository: viewMinimalRepository(world)
  }
}

async function viewHeadCommit(world: GithubWorld, sha: string) {
  const commit = await world.git.commit(sha)
  if (!commit) return null
  const { tree, message, author, committer } = commit
  return {
    id: sha,
    tree_id: tree,
    message,
    timestamp: iso(committer.timestamp * 1000),
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email }
  }
}

/** Neither time nor attempt: GitHub does not say. */
function viewApprovals(world: GithubWorld, run: SimulatedRun) {
  return run.reviews.map(({ environment: name, by, state, comment }) => {
    const environment = world.environments.get(name)
    const created = iso(environment?.createdMs ?? world.createdMs)
    return {
      state,
      comment,
      user: viewPerson(world.people.of(by)),
      environments: environment
        ? [
            {
              ...viewEnvironmentName(world, environment),
              created_at: created,
              updated_at: iso(environment.updatedMs)
            }
          ]
        : []
    }
  })
}

function viewPending(world: GithubWorld, request: ApiRequest) {
  const run = findRun(world, request)
  const { actor } = world.grantOf(request)
  return run.pending.flatMap(name => {
    const environment = world.environments.get(name)
    if (!environment) return []
    const { waitMinutes = 0, reviewers = [], preventSelfReview } = environment.rules
    const named = reviewers.some(reviewer => reviewer.kind === 'user' && reviewer.name === actor)
    return [
      {
        environment: viewEnvironmentName(world, environment),
        wait_timer: waitMinutes,
        wait_timer_started_at: waitMinutes > 0 ? iso(run.updatedMs) : null,
        current_user_can_approve: named && !(preventSelfReview && run.triggeringActor === actor),
        reviewers: reviewers.map(reviewer => viewReviewer(world, reviewer))
      }
    ]
  })
}

async function viewWorkflow(world: GithubWorld, file: string) {
  const id = world.workflows.idOf(file)
  const created = iso(world.createdMs)
  return {
    id,
    node_id: nodeId('W', id),
    name: await workflowName(world, file),
    path: `.github/workflows/${file}`,
    state: world.workflows.state(file),
    created_at: created,
    updated_at: created,
    url: `${world.apiUrl()}/actions/workflows/${id}`,
    html_url: `${world.webUrl}/blob/${world.defaultBranch}/.github/workflows/${file}`,
    badge_url: `${world.webUrl}/workflows/${encodeURIComponent(file)}/badge.svg`
  }
}

/** Its `name:`, or its path as GitHub shows it without one. */
async function workflowName(world: GithubWorld, file: string): Promise<string> {
  const path = `.github/workflows/${file}`
  const head = world.git.head(world.defaultBranch)
  const entry = head === undefined ? undefined : await world.git.entryAt(head, path)
  if (entry?.type !== 'blob') return path
  const text = Buffer.from(await world.git.blob(entry.oid)).toString('utf8')
  return text.match(/^name:\s*['"]?(.+?)['"]?\s*$/mu)?.[1] ?? path
}
