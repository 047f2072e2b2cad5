import { type ApiRequest, answer, members } from '../http/route.ts'
import { decryptedRecord, type EnvDraft, type EnvRecord, listedRecord } from './env-table.ts'
import { placeOf, type SimulatedProject } from './project.ts'
import { refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

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

/** Everything under `/projects/:project/env`, and the undocumented pull of effective values. */
export function envRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { env, deployments, switches } = project
  const shown = (record: Readonly<Record<string, unknown>>) => {
    const { target } = record
    const single = switches.targetAsString && Array.isArray(target) && target.length === 1
    return single ? { ...record, target: target[0] } : record
  }

  return [
    {
      method: 'GET',
      paths: ['/v10/projects/:project/env'],
      scoped: true,
      handle: ({ query }) => {
        const envs = env.all().filter(record => listed(record, query))
        const hidden = switches.hiddenProductionEnvCount
        return answer({
          envs: envs.map(listedRecord).map(shown),
          ...(hidden > 0 ? { hiddenProductionEnvCount: hidden } : { pagination: { next: null } })
        })
      }
    },
    {
      method: 'GET',
      paths: ['/v1/projects/:project/env/:env'],
      scoped: true,
      handle: ({ params }) => answer(shown(decryptedRecord(env.find(params['env'] ?? ''))))
    },
    {
      method: 'POST',
      paths: ['/v10/projects/:project/env'],
      scoped: true,
      query: ['upsert'],
      body: BODY,
      handle: ({ body, query }) => {
        const upsert = query['upsert'] === 'true'
        const drafts = (Array.isArray(body) ? body : [body]).map(parseDraft)
        const stored = switches.forceSensitive ? drafts.map(asSensitive) : drafts
        const created = stored.map(draft => shown(listedRecord(env.create(draft, { upsert }))))
        return answer({ created: Array.isArray(body) ? created : created[0], failed: [] }, 201)
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
      handle: ({ params }) => answer(listedRecord(env.remove(params['env'] ?? '')))
    },
    {
      method: 'GET',
      paths: ['/v3/env/pull/:source', '/v3/env/pull/:source/:target/:branch?'],
      scoped: true,
      handle: ({ params }: ApiRequest) => {
        const { source = '', target, branch } = params
        if (target !== undefined)
          return answer({ env: env.effective(placeOf(project, target), branch), buildEnv: {} })
        return answer({ env: {}, buildEnv: deployments.find(source).env })
      }
    }
  ]
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
