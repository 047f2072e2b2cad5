import * as z from 'zod'
import { InputError } from '../rollout/rollgate-error.ts'
import type { ApiChange, ChangeOutcome, VercelApi } from './api.ts'

/** One environment variable record, without its value. */
export interface EnvRecord {
  readonly id: string
  readonly key: string
  readonly type: string
  readonly targets: readonly string[]
  readonly customEnvironmentIds: readonly string[]
  readonly gitBranch?: string
  readonly comment?: string
  /** Written by an integration or by the provider itself. */
  readonly foreign: boolean
}

/** A variable of the team that is linked to the project; the project's own of the same name wins. */
export interface SharedVariable {
  readonly key: string
  readonly targets: readonly string[]
  readonly customEnvironmentIds: readonly string[]
  readonly everyCustomEnvironment: boolean
}

export interface EnvListing {
  readonly records: readonly EnvRecord[]
  /** Production records that the token may not see. */
  readonly hiddenProduction: number
}

/** Where a target's records point: one of Vercel's own targets, or a custom environment by id. */
export type Place =
  | { readonly kind: 'standard'; readonly target: string }
  | { readonly kind: 'custom'; readonly id: string }

/** The environment variables of one project, record by record. */
export interface EnvRecords {
  /** @throws InputError when the project has no such environment */
  place(target: string): Promise<Place>
  list(): Promise<EnvListing>
  /** What the team shares with the project. @throws ProviderError, as for a token that may not see it */
  shared(): Promise<readonly SharedVariable[]>
  /** The value in the clear; undefined when nobody may read it. */
  value(id: string): Promise<string | undefined>
  change(
    step: Pick<ApiChange, 'method' | 'body' | 'conceal'> & { readonly id?: string }
  ): Promise<ChangeOutcome>
}

const envRecord = z.looseObject({
  id: z.string().nullish(),
  key: z.string(),
  type: z.string().nullish(),
  target: z.union([z.string(), z.array(z.string())]).nullish(),
  customEnvironmentIds: z.array(z.string()).nullish(),
  gitBranch: z.string().nullish(),
  comment: z.string().nullish(),
  configurationId: z.string().nullish(),
  system: z.boolean().nullish()
})

const pagination = z.looseObject({ next: z.number().nullish() }).nullish()

const envPage = z.looseObject({
  envs: z.array(envRecord),
  hiddenProductionEnvCount: z.number().nullish(),
  pagination
})

// The list of a project with a single record may be that record itself.
const envAnswer = z.union([
  envPage,
  envRecord.transform(record => ({
    envs: [record],
    hiddenProductionEnvCount: 0,
    pagination: undefined
  }))
])

const sharedPage = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      key: z.string(),
      target: z.union([z.string(), z.array(z.string())]).nullish(),
      customEnvironmentIds: z.array(z.string()).nullish(),
      applyToAllCustomEnvironments: z.boolean().nullish()
    })
  ),
  pagination
})

const envValue = z.looseObject({
  value: z.string().nullish(),
  decrypted: z.boolean().nullish(),
  type: z.string().nullish()
})

const environments = z.looseObject({
  environments: z.array(z.looseObject({ id: z.string(), slug: z.string() }))
})

const STANDARD = ['production', 'preview', 'development']

/** Record access through REST. */
export function createEnvRecords(api: VercelApi, projectId: string): EnvRecords {
  const project = `projects/${encodeURIComponent(projectId)}`
  return {
    place: async target => {
      if (STANDARD.includes(target)) return { kind: 'standard', target }
      const path = `/v9/${project}/custom-environments`
      const known = (await api.get({ path }, environments)).environments
      const found = known.find(({ slug }) => slug === target)
      if (found) return { kind: 'custom', id: found.id }
      throw unknownTarget(
        target,
        known.map(({ slug }) => slug)
      )
    },
    list: () => listAll(api, `/v10/${project}/env`),
    shared: () => listShared(api, projectId),
    value: async id => {
      const read = await api.get({ path: `/v1/${project}/env/${encodeURIComponent(id)}` }, envValue)
      const hidden = read.decrypted === false || read.type === 'sensitive'
      return hidden ? undefined : (read.value ?? undefined)
    },
    change: ({ id, ...step }) =>
      id === undefined
        ? api.change({ ...step, path: `/v10/${project}/env` })
        : api.change({ ...step, path: `/v9/${project}/env/${encodeURIComponent(id)}` })
  }
}

async function listAll(api: VercelApi, path: string): Promise<EnvListing> {
  const found = new Map<string, EnvRecord>()
  let hiddenProduction = 0
  await eachPage(async query => {
    const page = await api.get({ path, query }, envAnswer)
    const known = found.size
    for (const record of page.envs.map(toRecord)) found.set(`${record.id} ${record.key}`, record)
    hiddenProduction = Math.max(hiddenProduction, page.hiddenProductionEnvCount ?? 0)
    return found.size === known ? undefined : page.pagination?.next
  })
  return { records: [...found.values()], hiddenProduction }
}

async function listShared(api: VercelApi, projectId: string): Promise<readonly SharedVariable[]> {
  const found = new Map<string, SharedVariable>()
  await eachPage(async query => {
    const page = await api.get({ path: '/v1/env', query: { ...query, projectId } }, sharedPage)
    const known = found.size
    for (const { id, key, target, customEnvironmentIds, ...rest } of page.data)
      found.set(id, {
        key,
        targets: [target ?? []].flat(),
        customEnvironmentIds: customEnvironmentIds ?? [],
        everyCustomEnvironment: rest.applyToAllCustomEnvironments === true
      })
    return found.size === known ? undefined : page.pagination?.next
  })
  return [...found.values()]
}

/** Reads pages to the last one; a page without news ends it too, as where `until` is ignored. */
async function eachPage(
  read: (query: Readonly<Record<string, string>>) => Promise<number | null | undefined>
): Promise<void> {
  let next = await read({})
  while (next !== undefined && next !== null) next = await read({ until: String(next) })
}

function toRecord(raw: z.infer<typeof envRecord>): EnvRecord {
  const { id, key, type, target, customEnvironmentIds, gitBranch, comment } = raw
  const { configurationId, system } = raw
  return {
    id: id ?? '',
    key,
    type: type ?? 'encrypted',
    targets: [target ?? []].flat(),
    customEnvironmentIds: customEnvironmentIds ?? [],
    ...(gitBranch ? { gitBranch } : {}),
    ...(comment ? { comment } : {}),
    foreign: Boolean(configurationId) || system === true || type === 'system' || !id
  }
}

function unknownTarget(target: string, slugs: readonly string[]): InputError {
  const known = [...STANDARD, ...slugs].join(', ')
  return new InputError(
    'unknown_target',
    `The Vercel project has no environment ${target}`,
    `Use one of ${known}, or create the custom environment in the project's settings.`
  )
}
