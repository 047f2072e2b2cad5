import { handMark } from '../rollout/flag-owner.ts'
import type { FlagReading } from '../rollout/ports.ts'
import type { World } from './world.ts'

export interface FlagsRequest {
  readonly target: string
  /** Wanted values; null removes the flag; empty: read only. */
  readonly set: Readonly<Record<string, string | null>>
  /** Flags to read when nothing is set. */
  readonly read: readonly string[]
}

/**
 * Sets flags as one change and reads them back, or only reads them; no ledger.
 * @throws ProviderError
 */
export function flags(
  world: Pick<World, 'flags' | 'actor'>,
  { target, set, read }: FlagsRequest
): Promise<FlagReading> {
  return Object.keys(set).length === 0
    ? world.flags.read(target, read)
    : world.flags.write({ target, flags: set, comment: handMark(world.actor.by) })
}
