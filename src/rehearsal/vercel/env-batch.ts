import { Refusal } from '../http/refusal.ts'
import { members } from '../http/route.ts'
import type { EnvDraft, EnvRecord } from './env-table.ts'
import type { SimulatedProject } from './project.ts'

/** What became of the items of one request. */
export interface EnvBatch {
  readonly created: readonly EnvRecord[]
  readonly failed: readonly { readonly error: Readonly<Record<string, unknown>> }[]
}

/**
 * Creates every item that can be created and tells why the others were not.
 * @throws Refusal unless `partial`, with nothing written
 */
export function createAll(
  project: SimulatedProject,
  drafts: readonly EnvDraft[],
  options: { readonly upsert: boolean; readonly partial: boolean }
): EnvBatch {
  const { env, weather } = project
  const before = env.all()
  const created: EnvRecord[] = []
  const failed: EnvBatch['failed'][number][] = []
  for (const draft of drafts) {
    if (weather.nextEnvFailed !== undefined) {
      failed.push({
        error: { code: 'UNKNOWN_ERROR', message: weather.nextEnvFailed, ...of(draft) }
      })
      weather.nextEnvFailed = undefined
      continue
    }
    try {
      created.push(env.create(draft, options))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!options.partial) {
        env.restore(before)
        throw error
      }
      failed.push({ error: { ...members(members(error.body)['error']), ...of(draft) } })
    }
  }
  return { created, failed }
}

const of = ({ key, target, gitBranch }: EnvDraft) => ({
  envVarKey: key,
  key,
  target: target ?? [],
  ...(gitBranch === undefined ? {} : { gitBranch })
})
