import { type ApiRequest, answer, members } from '../http/route.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import { placeOf, type SimulatedProject } from './project.ts'
import { refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** Creating, reading, listing and cancelling deployments, with the uploads that go before. */
export function deploymentRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { deployments } = project
  const uploaded = new Set<string>()
  const view = (deployment: SimulatedDeployment) => viewDeployment(project, deployment)

  return [
    {
      method: 'POST',
      paths: ['/v2/files'],
      scoped: true,
      handle: ({ headers }) => {
        uploaded.add(headers['x-now-digest'] ?? '')
        return answer({})
      }
    },
    {
      method: 'POST',
      paths: ['/v13/deployments'],
      scoped: true,
      query: ['skipAutoDetectionConfirmation', 'forceNew', 'withCache', 'prebuilt'],
      body: [
        'name',
        'project',
        'meta',
        'target',
        'env',
        'build',
        'projectSettings',
        'source',
        'version',
        'gitMetadata',
        'files',
        'customEnvironmentSlugOrId',
        'autoAssignCustomDomains',
        'deploymentId'
      ],
      handle: ({ body }) => {
        refuseMissingFiles(body, uploaded)
        return answer(view(create(project, members(body))))
      }
    },
    {
      method: 'GET',
      paths: ['/v6/deployments', '/v7/deployments'],
      scoped: true,
      handle: ({ query }) => list(project, query)
    },
    {
      method: 'GET',
      paths: ['/v13/deployments/:deployment'],
      scoped: true,
      handle: ({ params }) => answer(view(deployments.observe(params['deployment'] ?? '')))
    },
    {
      method: 'PATCH',
      paths: ['/v12/deployments/:deployment/cancel'],
      scoped: true,
      body: [],
      handle: ({ params }) => answer(view(deployments.cancel(params['deployment'] ?? '')))
    },
    {
      method: 'GET',
      paths: ['/v3/now/deployments/:deployment/events', '/v3/deployments/:deployment/events'],
      scoped: true,
      handle: () => answer([])
    },
    {
      method: 'GET',
      paths: ['/v11/deployments/:deployment/builds'],
      scoped: true,
      handle: () => answer({ builds: [] })
    }
  ]
}

function refuseMissingFiles(body: unknown, uploaded: ReadonlySet<string>): void {
  const { files } = members(body)
  const digests = (Array.isArray(files) ? files : []).map(file => members(file)['sha'])
  const missing = digests.filter(sha => typeof sha === 'string' && !uploaded.has(sha))
  if (missing.length > 0) throw refusal(400, 'missing_files', 'Missing files', { missing })
}

function create(
  project: SimulatedProject,
  body: Readonly<Record<string, unknown>>
): SimulatedDeployment {
  const { deployments, env, switches } = project
  const asked = String(body['target'] ?? body['customEnvironmentSlugOrId'] ?? 'preview')
  // The first deployment of a project goes to production, whatever was asked.
  const target = deployments.all().length === 0 ? 'production' : asked
  const branch = members(body['gitMetadata'])['commitRef']
  const general = env.effective(placeOf(project, target), typeof branch === 'string' ? branch : '')
  return deployments.create({
    target,
    meta: strings(body['meta']),
    env: { ...general, ...strings(body['env']) },
    autoAssign: body['autoAssignCustomDomains'] !== false && switches.autoAssignCustomDomains
  })
}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(members(value)).map(([k, v]) => [k, String(v)]))
}

function list(project: SimulatedProject, query: ApiRequest['query']) {
  const found = project.deployments
    .all()
    .toReversed()
    .filter(deployment => matches(deployment, query))
  const page = found.slice(0, Number(query['limit'] ?? 20))
  const next = found.length > page.length ? (page.at(-1)?.createdAt ?? null) : null
  const items = page.map(deployment => listedDeployment(project, deployment))
  return answer({ deployments: items, pagination: { count: items.length, next, prev: null } })
}

function matches(deployment: SimulatedDeployment, query: ApiRequest['query']): boolean {
  const { target, state, until } = query
  const metas = Object.entries(query).filter(([key]) => key.startsWith('meta-'))
  return (
    (target === undefined || deployment.target === target) &&
    (state === undefined || state.split(',').includes(deployment.readyState)) &&
    (until === undefined || deployment.createdAt < Number(until)) &&
    metas.every(([key, value]) => deployment.meta[key.slice('meta-'.length)] === value)
  )
}

/** A deployment as the API shows it; a preview one has the target null. */
export function viewDeployment(
  project: SimulatedProject,
  deployment: SimulatedDeployment
): Readonly<Record<string, unknown>> {
  const { identity, domains, customEnvironments } = project
  const { env: _, staged, target, ...rest } = deployment
  const production = target === 'production'
  const custom = customEnvironments.find(({ slug }) => slug === target)
  const substate = staged && domains.holder()?.id !== deployment.id ? 'STAGED' : 'PROMOTED'
  const ready = deployment.readyState === 'READY'
  return {
    aliasAssigned: null,
    aliasError: null,
    ...rest,
    name: identity.projectName,
    projectId: identity.projectId,
    ownerId: identity.teamId,
    team: { id: identity.teamId, slug: identity.teamSlug },
    target: production ? 'production' : null,
    status: deployment.readyState,
    inspectorUrl: `https://vercel.com/${identity.teamSlug}/${identity.projectName}/${deployment.id.slice(4)}`,
    alias: production && ready ? [`${identity.projectName}.vercel.app`] : [],
    ...(production && ready ? { readySubstate: substate } : {}),
    ...(custom ? { customEnvironment: custom } : {})
  }
}

function listedDeployment(project: SimulatedProject, deployment: SimulatedDeployment) {
  const { id, readyState, ...rest } = viewDeployment(project, deployment)
  return { ...rest, uid: id, state: readyState, readyState, created: deployment.createdAt }
}
