import type { Clock, FlagStore, Log } from '../rollout/ports.ts'
import type { EnvRecords } from './env-records.ts'
import { createSharedReader, lookAtFlags } from './flag-look.ts'
import { writeFlags } from './flag-write.ts'

export interface FlagStoreParts {
  readonly records: EnvRecords
  readonly clock: Clock
  readonly log: Log
}

/** Flags kept as environment variables, written record by record through REST. */
export function createFlagStore(parts: FlagStoreParts): FlagStore {
  const { records, log } = parts
  const shared = createSharedReader(records, log)
  return {
    read: async (target, flags) => {
      const place = await records.place(target)
      return (await lookAtFlags(records, { target, place, flags, shared })).reading
    },
    write: change => writeFlags({ ...parts, shared }, change)
  }
}
