import { type ApiRequest, answer, members } from '../http/route.ts'
import { createAll } from './env-batch.ts'
import { decryptedRecord, type EnvDraft, type EnvRecord, listedRecord } from './env-table.ts'
import { placeOf, type SimulatedProject } from './project.ts'
import { notFound, refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'
import type { SharedEnvRecord } from './shared-env.ts'

const BODY = [
  'key',
  'value',
  'type',
  'target',
  'gitBranch',
  'comment',
  'customEnvironmentIds',
  'visibility'
]

/** Everything under `/projects/:project/env`, what the team shares, and the pull of effective values. */
export function envRoutes(project: SimulatedProject): readonly VercelRoute[] {
  return [...readRoutes(project), ...changeRoutes(project), ...sharedRoutes(project)]
}

type Shown = Readonly<Record<string, unknown>>

function shownBy({ switches }: SimulatedProject) {
  return (record: Shown): Shown => {
    const { target } = record
    const single = switches.targetAsString && Array.isArray(target) && target.length === 1
    return single ? { ...record, target: target[0] } : record
  }
}

function readRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { env } = project
  const shown = shownBy(project)
  return [
    {
      method: 'GET',
      paths: ['/v10/projects/:project/env'],
      scoped: true,
      handle: ({ query }) => answer(list(project, query))
    },
    {
      method: 'GET',
      paths: ['/v1/projects/:project/env/:env'],
      scoped: true,
      handle: ({ params }) => answer(shown(decryptedRecord(env.find(params['env'] ?? ''))))
    },
    {
      method: 'GET',
      paths: ['/v3/env/pull/:source', '/v3/env/pull/:source/:target/:branch?'],
      scoped: true,
      handle: ({ params }: ApiRequest) => {
        const { source = '', target, branch } = params
        return answer(
          target === undefined
            ? { env: {}, buildEnv: pullDeployment(project, source) }
            : { env: pullTarget(project, target, branch), buildEnv: {} }
        )
      }
    }
  ]
}

function changeRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { env, switches } = project
  const shown = shownBy(project)
  return [
    {
      method: 'POST',
      paths: ['/v10/projects/:project/env'],
      scoped: true,
      query: ['upsert'],
      body: BODY,
      handle: ({ body, query }) => {
        const drafts = (Array.isArray(body) ? body : [body]).map(parseDraft)
        const stored = switches.forceSensitive ? drafts.map(asSensitive) : drafts
        const { created, failed } = createAll(project, stored, {
          upsert: query['upsert'] === 'true',
          partial: Array.isArray(body) && switches.batchConflict === 'partial'
        })
        const records = created.map(record => shown(listedRecord(record)))
        const made = Array.isArray(body) ? records : records[0]
        return answer({ ...(made ? { created: made } : {}), failed }, 201)
      }
    },
    {
      method: 'PATCH',
      paths: ['/v9/projects/:project/env/:env', '/v10/projects/:project/env/:env'],
      scoped: true,
      body: BODY,
      handle: ({ params, body }) =>
        answer(shown(listedRecord(env.edit(params['env'] ?? '', parseChange(body)))))
    },
    {
      method: 'DELETE',
      paths: ['/v9/projects/:project/env/:env', '/v10/projects/:project/env/:env'],
      scoped: true,
      handle: ({ params }) => answer(shown(listedRecord(env.remove(params['env'] ?? ''))))
    },
    {
      method: 'DELETE',
      paths: ['/v1/projects/:project/env'],
      scoped: true,
      body: ['ids'],
      handle: ({ body }) => {
        const { ids } = members(body)
        const known = (Array.isArray(ids) ? ids : []).map(id => env.find(String(id)).id)
        return answer({ deleted: known.length, ids: known.map(id => env.remove(id).id) })
      }
    }
  ]
}

function sharedRoutes({ shared, identity }: SimulatedProject): readonly VercelRoute[] {
  const listed = (record: SharedEnvRecord) => ({
    ...record,
    ownerId: identity.teamId,
    created: new Date(record.createdAt).toISOString(),
    decrypted: false,
    value: `sealed:${record.id}`
  })
  return [
    {
      method: 'GET',
      paths: ['/v1/env'],
      scoped: true,
      handle: ({ query: { projectId } }) => {
        const linked = shared
          .all()
          .filter(record => projectId === undefined || record.projectId.includes(projectId))
        return answer({
          data: linked.map(record => ({ ...listed(record), securityIssues: [] })),
          pagination: { count: linked.length, next: null, prev: null }
        })
      }
    },
    {
      method: 'GET',
      paths: ['/v1/env/:env'],
      scoped: true,
      handle: ({ params }) => {
        const record = shared.find(params['env'] ?? '')
        const secret = record.type === 'sensitive'
        return answer({
          ...listed(record),
          value: secret ? '' : record.value,
          decrypted: !secret
        })
      }
    }
  ]
}

function list(project: SimulatedProject, query: ApiRequest['query']): unknown {
  const { env, switches } = project
  const shown = shownBy(project)
  const found = env.all().filter(record => !switches.listFilters || listed(record, query))
  const envs = found.map(record => ({ ...shown(listedRecord(record)), securityIssues: [] }))
  if (switches.listsSingleBare && envs.length === 1) return envs[0]
  const hidden = switches.hiddenProductionEnvCount
  if (hidden > 0) return { envs, hiddenProductionEnvCount: hidden }
  return { envs, pagination: { count: envs.length, next: null, prev: null } }
}

function pullTarget({ env, ...project }: SimulatedProject, target: string, branch?: string) {
  const place = placeOf(project, target)
  return concealed(env.effective(place, branch), env.sealed(place, branch))
}

function pullDeployment({ deployments, switches }: SimulatedProject, id: string) {
  if (switches.envPull === 'forbidden')
    throw refusal(403, 'forbidden', 'You do not have permission to read these variables')
  if (switches.envPull === 'missing') throw notFound('The page')
  const { env, sealed } = deployments.find(id)
  return concealed(env, sealed)
}

function concealed(env: Readonly<Record<string, string>>, sealed: readonly string[]) {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, sealed.includes(key) ? '' : value])
  )
}

const asSensitive = (draft: EnvDraft): EnvDraft => ({ ...draft, type: 'sensitive' })

function listed(record: EnvRecord, query: Readonly<Record<string, string>>): boolean {
  const { target, customEnvironmentId: custom, gitBranch } = query
  const branch = gitBranch === undefined || [undefined, gitBranch].includes(record.gitBranch)
  if (custom !== undefined) return branch && record.customEnvironmentIds.includes(custom)
  return branch && (target === undefined || record.target.includes(target))
}

function parseDraft(body: unknown): EnvDraft {
  const { key, value, ...rest } = parseChange(body)
  if (key === undefined) throw refusal(400, 'MISSING_KEY', 'The key is missing')
  if (value === undefined) throw refusal(400, 'MISSING_VALUE', 'The value is missing')
  const draft = { ...rest, key, value }
  if (!draft.target?.length && !draft.customEnvironmentIds?.length)
    throw refusal(400, 'MISSING_TARGET', 'The target is missing')
  return draft
}

function parseChange(body: unknown): Partial<EnvDraft> {
  const { target, gitBranch, visibility: _, ...rest } = members(body)
  return {
    ...rest,
    ...(typeof gitBranch === 'string' ? { gitBranch } : {}),
    ...(target === undefined ? {} : { target: [target].flat().map(String) })
  }
}
