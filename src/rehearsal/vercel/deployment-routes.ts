import { type ApiRequest, answer, members } from '../http/route.ts'
import { draftOf } from './deployment-draft.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import { isRollbackCandidate, listedDeployment, viewDeployment } from './deployment-view.ts'
import type { SimulatedProject } from './project.ts'
import { refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

const BODY = [
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
  'gitSource',
  'files',
  'customEnvironmentSlugOrId',
  'autoAssignCustomDomains',
  'deploymentId',
  'withLatestCommit'
]

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
        return answer({ urls: [] })
      }
    },
    {
      method: 'POST',
      paths: ['/v13/deployments'],
      scoped: true,
      query: ['skipAutoDetectionConfirmation', 'forceNew', 'withCache', 'prebuilt'],
      body: BODY,
      handle: ({ body }) => {
        refuseMissingFiles(body, uploaded)
        return answer(view(deployments.create(draftOf(project, members(body)))))
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
    }
  ]
}

function refuseMissingFiles(body: unknown, uploaded: ReadonlySet<string>): void {
  const { files } = members(body)
  const digests = (Array.isArray(files) ? files : []).map(file => members(file)['sha'])
  const missing = digests.filter(sha => typeof sha === 'string' && !uploaded.has(sha))
  if (missing.length > 0) throw refusal(400, 'missing_files', 'Missing files', { missing })
}

function list(project: SimulatedProject, query: ApiRequest['query']) {
  const found = project.deployments
    .all()
    .toReversed()
    .filter(deployment => matches(project, deployment, query))
  const page = found.slice(0, Number(query['limit'] ?? 20))
  const next = found.length > page.length ? (page.at(-1)?.createdAt ?? null) : null
  const items = page.map(deployment => listedDeployment(project, deployment))
  return answer({ deployments: items, pagination: { count: items.length, next, prev: null } })
}

type Filter = (deployment: SimulatedDeployment, asked: string, project: SimulatedProject) => boolean

const FILTERS: Readonly<Record<string, Filter>> = {
  target: ({ target }, asked) => target === asked,
  state: ({ readyState }, asked) => asked.split(',').includes(readyState),
  until: ({ createdAt }, asked) => createdAt < Number(asked),
  since: ({ createdAt }, asked) => createdAt > Number(asked),
  branch: ({ commit }, asked) => commit?.ref === asked,
  sha: ({ commit }, asked) => commit?.sha === asked,
  rollbackCandidate: (deployment, asked, project) =>
    (asked === 'true') === isRollbackCandidate(project, deployment)
}

function matches(
  project: SimulatedProject,
  deployment: SimulatedDeployment,
  query: ApiRequest['query']
): boolean {
  return Object.entries(query).every(([key, asked]) =>
    key.startsWith('meta-')
      ? deployment.meta[key.slice('meta-'.length)] === asked
      : (FILTERS[key]?.(deployment, asked, project) ?? true)
  )
}
