import { notFound } from './refusal.ts'

/** A variable of the team, linked to projects. */
export interface SharedEnvRecord {
  readonly id: string
  readonly key: string
  readonly value: string
  readonly type: string
  readonly target: readonly string[]
  readonly customEnvironmentIds: readonly string[]
  readonly projectId: readonly string[]
  readonly createdAt: number
  readonly updatedAt: number
}

export type SharedEnvDraft = Pick<SharedEnvRecord, 'key' | 'value'> &
  Partial<Omit<SharedEnvRecord, 'id' | 'createdAt' | 'updatedAt'>>

/** The variables that a team shares between its projects; only people change them. */
export interface SharedEnvTable {
  all(): readonly SharedEnvRecord[]
  /** @throws Refusal */
  find(id: string): SharedEnvRecord
  /** Linked to the simulated project unless told otherwise. */
  plant(draft: SharedEnvDraft): SharedEnvRecord
}

/** No shared variables; `projectId` is the project they are linked to. */
export function createSharedEnvTable(now: () => number, projectId: string): SharedEnvTable {
  const records: SharedEnvRecord[] = []
  return {
    all: () => records,
    find: id => {
      const found = records.find(record => record.id === id)
      if (!found) throw notFound(`The shared environment variable ${id}`)
      return found
    },
    plant: draft => {
      const record = {
        type: 'encrypted',
        target: [],
        customEnvironmentIds: [],
        projectId: [projectId],
        ...draft,
        id: `env_shared_${records.length + 1}`,
        createdAt: now(),
        updatedAt: now()
      }
      records.push(record)
      return record
    }
  }
}
