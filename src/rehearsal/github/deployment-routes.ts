import { type ApiRequest, answer, members } from '../http/route.ts'
import type { DeploymentState, SimulatedDeployment, SimulatedStatus } from './deployment-table.ts'
import { nodeId } from './identifier.ts'
import { PAGE_KEYS, pageOf } from './page.ts'
import { viewPerson } from './people-table.ts'
import { invalid, notFound, refusal } from './refusal.ts'
import { type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const ALL = `${REPOSITORY_PATH}/deployments`
const STATUSES = `${ALL}/:deployment_id/statuses`

/** Deployments and their statuses: what a repository's page of deployments shows. */
export function deploymentRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { deployments } = world
  return [
    {
      method: 'GET',
      paths: [ALL],
      needs: 'deployments:read',
      query: ['environment', 'task', 'sha', 'ref', ...PAGE_KEYS],
      handle: ({ query }) => {
        const found = deployments
          .list()
          .filter(deployment =>
            (['environment', 'task', 'sha', 'ref'] as const).every(
              key => query[key] === undefined || deployment[key] === query[key]
            )
          )
          .toReversed()
        return answer(pageOf(found, query).map(deployment => viewDeployment(world, deployment)))
      }
    },
    {
      method: 'POST',
      paths: [ALL],
      needs: 'deployments:write',
      query: [],
      body: [
        'ref',
        'task',
        'auto_merge',
        'required_contexts',
        'payload',
        'environment',
        'description',
        'transient_environment',
        'production_environment'
      ],
      handle: request => create(world, request)
    },
    {
      method: 'GET',
      paths: [STATUSES],
      needs: 'deployments:read',
      query: PAGE_KEYS,
      handle: request => {
        const deployment = find(world, request)
        const newestFirst = deployment.statuses.toReversed()
        return answer(pageOf(newestFirst, request.query).map(s => viewStatus(world, deployment, s)))
      }
    },
    {
      method: 'POST',
      paths: [STATUSES],
      needs: 'deployments:write',
      query: [],
      body: [
        'state',
        'target_url',
        'log_url',
        'description',
        'environment',
        'environment_url',
        'auto_inactive'
      ],
      handle: request => addStatus(world, request)
    }
  ]
}

function find(world: GithubWorld, { params }: ApiRequest): SimulatedDeployment {
  const deployment = world.deployments.find(Number(params['deployment_id']))
  if (!deployment) throw notFound()
  return deployment
}

async function create(world: GithubWorld, request: ApiRequest) {
  const { git, defaultBranch, settings, deployments } = world
  const body = members(request.body)
  const ref = String(body['ref'])
  const sha = await git.resolve(ref)
  if (sha === undefined) throw refusal(422, `No ref found for: ${ref}`)
  // The two traps: a default that merges, and a default that wants every status check green.
  const behind = git.head(ref) !== undefined && sha !== git.head(defaultBranch)
  if (body['auto_merge'] !== false && behind)
    return answer({ message: `Auto-merged ${defaultBranch} into ${ref} on deployment.` }, 202)
  const contexts = body['required_contexts']
  if (settings.pendingChecks && !(Array.isArray(contexts) && contexts.length === 0))
    throw refusal(409, `Conflict: Commit status checks failed for ${ref}.`)
  const environment = String(body['environment'] ?? 'production')
  const { payload, description } = body
  const deployment = deployments.create({
    sha,
    ref,
    task: String(body['task'] ?? 'deploy'),
    environment,
    description: typeof description === 'string' ? description : null,
    payload: typeof payload === 'string' ? payload : members(payload),
    creator: world.grantOf(request).actor,
    transient: body['transient_environment'] === true,
    production: (body['production_environment'] ?? environment === 'production') === true
  })
  return answer(viewDeployment(world, deployment), 201)
}

const STATES: readonly string[] = [
  'error',
  'failure',
  'inactive',
  'in_progress',
  'queued',
  'pending',
  'success'
] satisfies readonly DeploymentState[]

function addStatus(world: GithubWorld, request: ApiRequest) {
  const deployment = find(world, request)
  const body = members(request.body)
  const { state, description = '' } = body
  if (!STATES.includes(String(state)))
    throw invalid('DeploymentStatus', 'state', 'custom', 'state is not included in the list')
  if (String(description).length > 140)
    throw invalid(
      'DeploymentStatus',
      'description',
      'custom',
      'description is too long (maximum is 140 characters)'
    )
  const status = world.deployments.addStatus(
    deployment.id,
    {
      state: state as DeploymentState,
      description: String(description),
      environmentUrl: String(body['environment_url'] ?? ''),
      logUrl: String(body['log_url'] ?? body['target_url'] ?? ''),
      creator: world.grantOf(request).actor
    },
    body['auto_inactive'] !== false
  )
  return answer(viewStatus(world, deployment, status), 201)
}

function viewDeployment(world: GithubWorld, deployment: SimulatedDeployment) {
  const url = `${world.apiUrl()}/deployments/${deployment.id}`
  const updatedMs = deployment.statuses.at(-1)?.createdMs ?? deployment.createdMs
  return {
    url,
    id: deployment.id,
    node_id: nodeId('DE', deployment.id),
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: viewPerson(world.people.of(deployment.creator)),
    created_at: iso(deployment.createdMs),
    updated_at: iso(updatedMs),
    statuses_url: `${url}/statuses`,
    repository_url: world.apiUrl(),
    transient_environment: deployment.transient,
    production_environment: deployment.production
  }
}

function viewStatus(world: GithubWorld, deployment: SimulatedDeployment, status: SimulatedStatus) {
  const deploymentUrl = `${world.apiUrl()}/deployments/${deployment.id}`
  const at = iso(status.createdMs)
  return {
    url: `${deploymentUrl}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DES', status.id),
    state: status.state,
    creator: viewPerson(world.people.of(status.creator)),
    description: status.description,
    environment: deployment.environment,
    target_url: status.logUrl,
    log_url: status.logUrl,
    environment_url: status.environmentUrl,
    created_at: at,
    updated_at: at,
    deployment_url: deploymentUrl,
    repository_url: world.apiUrl()
  }
}
