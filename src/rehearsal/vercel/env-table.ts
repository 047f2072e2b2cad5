import { notFound, refusal } from './refusal.ts'
import type { SharedEnvTable } from './shared-env.ts'
import type { ProjectSwitches } from './switches.ts'

/** One environment variable record as the provider keeps it, value in the clear. */
export interface EnvRecord {
  readonly id: string
  readonly key: string
  readonly value: string
  readonly type: string
  readonly target: readonly string[]
  readonly gitBranch?: string
  readonly customEnvironmentIds: readonly string[]
  readonly comment?: string
  readonly configurationId?: string
  readonly system?: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

export type EnvDraft = Partial<Omit<EnvRecord, 'id' | 'createdAt' | 'updatedAt'>> &
  Pick<EnvRecord, 'key' | 'value'>

/** The records of one project, with the provider's uniqueness of key, target and branch. */
export interface EnvTable {
  all(): readonly EnvRecord[]
  find(id: string): EnvRecord
  create(draft: EnvDraft, options?: { readonly upsert?: boolean }): EnvRecord
  edit(id: string, change: Partial<EnvDraft>): EnvRecord
  remove(id: string): EnvRecord
  /** Puts everything back as `all` told it before. */
  restore(records: readonly EnvRecord[]): void
  /** Writes a record past every rule, as other products of the provider can. */
  plant(draft: EnvDraft): EnvRecord
  /** What a deployment made now for that place and branch would see. */
  effective(place: string, branch?: string): Readonly<Record<string, string>>
  /** The keys of it whose values nobody may read back. */
  sealed(place: string, branch?: string): readonly string[]
}

/** A table without records of its own, over what the team shares; `now` stamps the records. */
export function createEnvTable(
  now: () => number,
  switches: ProjectSwitches,
  shared: Pick<SharedEnvTable, 'all'>
): EnvTable {
  const records = new Map<string, EnvRecord>()
  let made = 0

  const find = (id: string): EnvRecord => {
    const record = records.get(id)
    if (!record) throw notFound(`The environment variable ${id}`)
    return record
  }

  const put = (record: EnvRecord): EnvRecord => {
    records.set(record.id, record)
    return record
  }

  const plant = (draft: EnvDraft): EnvRecord => {
    made += 1
    return put({
      type: 'encrypted',
      target: [],
      customEnvironmentIds: [],
      ...draft,
      id: `env_${made}`,
      createdAt: now(),
      updatedAt: now()
    })
  }

  const edit = (id: string, change: Partial<EnvDraft>): EnvRecord => {
    const record = find(id)
    if (record.type === 'sensitive' && change.type !== undefined && change.type !== record.type)
      throw refusal(400, 'BAD_REQUEST', 'A sensitive variable cannot change its type')
    const edited = { ...record, ...change, updatedAt: now() }
    refuseOverlap(edited, [...records.values()], switches)
    return put(edited)
  }

  /** In the order in which they win: the last of a key counts. */
  const serving = (place: string, branch: string | undefined) => {
    const here = [...records.values()].filter(record => places(record).includes(place))
    return [
      ...shared.all().filter(record => places(record).includes(place)),
      ...here.filter(record => record.gitBranch === undefined),
      ...here.filter(record => branch !== undefined && record.gitBranch === branch)
    ]
  }

  const upsert = (draft: EnvDraft, rivals: readonly EnvRecord[]): EnvRecord | undefined => {
    const twin = rivals.find(record => samePlaces(record, draft))
    if (twin) return edit(twin.id, draft)
    const [rival] = rivals
    if (!rival || switches.upsertOntoShared === 'conflict') return undefined
    const { target: _, customEnvironmentIds: __, ...change } = draft
    if (switches.upsertOntoShared === 'overwrite') return edit(rival.id, change)
    put({ ...rival, target: rival.target.filter(place => !places(draft).includes(place)) })
    return plant(draft)
  }

  return {
    all: () => [...records.values()],
    find,
    edit,
    plant,
    restore: former => {
      records.clear()
      for (const record of former) put(record)
    },
    create: (draft, options = {}) => {
      const rivals = [...records.values()].filter(record => overlap(record, draft))
      const upserted = options.upsert ? upsert(draft, rivals) : undefined
      if (upserted) return upserted
      refuseOverlap(draft, rivals, switches)
      return plant(draft)
    },
    remove: id => {
      const record = find(id)
      records.delete(id)
      return record
    },
    effective: (place, branch) =>
      Object.fromEntries(serving(place, branch).map(({ key, value }) => [key, value])),
    sealed: (place, branch) => {
      const winners = new Map(serving(place, branch).map(({ key, type }) => [key, type]))
      return [...winners].filter(([, type]) => type === 'sensitive').map(([key]) => key)
    }
  }
}

type Placed = Pick<EnvDraft, 'key' | 'target' | 'customEnvironmentIds' | 'gitBranch'> & {
  readonly id?: string
}

function places(record: Pick<Placed, 'target' | 'customEnvironmentIds'>): readonly string[] {
  return [...(record.target ?? []), ...(record.customEnvironmentIds ?? [])]
}

function samePlaces(one: Placed, other: Placed): boolean {
  return [...places(one)].sort().join() === [...places(other)].sort().join()
}

function overlap(one: Placed, other: Placed): boolean {
  return (
    one.key === other.key &&
    one.gitBranch === other.gitBranch &&
    places(one).some(place => places(other).includes(place))
  )
}

function refuseOverlap(
  record: Placed,
  others: readonly EnvRecord[],
  { conflict }: ProjectSwitches
): void {
  const rival = others.find(other => other.id !== record.id && overlap(other, record))
  if (!rival) return
  throw refusal(
    conflict.status,
    conflict.code,
    `A variable with the name \`${record.key}\` already exists for the target ${places(rival).join(', ')} on branch ${record.gitBranch}`
  )
}

/** A record as a list shows it: ciphertext for `encrypted`, nothing for `sensitive`. */
export function listedRecord(record: EnvRecord): Readonly<Record<string, unknown>> {
  const sealed = Buffer.from(`sealed:${record.id}:${record.updatedAt}`).toString('base64')
  const value = { plain: record.value, sensitive: '' }[record.type] ?? sealed
  return { ...record, value, configurationId: record.configurationId ?? null }
}

/** A record as the single read shows it: in the clear, but never a `sensitive` or legacy `secret` one. */
export function decryptedRecord(record: EnvRecord): Readonly<Record<string, unknown>> {
  const { system: _, ...rest } = record
  const sealed = ['sensitive', 'secret'].includes(record.type)
  return { ...rest, value: sealed ? '' : record.value, decrypted: !sealed }
}
