import type { Clock, FlagChange } from '../rollout/ports.ts'
import type { ProviderError } from '../rollout/rollgate-error.ts'
import type { Place } from './env-records.ts'
import type { Trouble } from './flag-doubt.ts'
import { type Look, lookAtFlags, type SharedReader } from './flag-look.ts'
import type { FlagStep } from './flag-plan.ts'
import type { StepParts } from './flag-steps.ts'

export interface WriteParts extends StepParts {
  readonly shared: SharedReader
  readonly clock: Clock
}

/** One change, from the first look on. */
export interface Writing {
  readonly change: FlagChange
  readonly place: Place
  /** What was there before anything was sent. */
  readonly before: Look
  /** Everything that was sent, whatever became of it. */
  readonly sent: FlagStep[]
  /** The ids of new records, as far as the provider told them. */
  readonly created: string[]
  /** What the provider will not do; only where the other flags are written all the same. */
  readonly refused: Map<string, ProviderError>
}

/** How often a write starts over after an answer that left its effect unknown. */
export const FRESH_STARTS = 3

/** A look at everything that the change may have touched. */
export function lookAgain({ records }: StepParts, writing: Writing): Promise<Look> {
  const { change, place, before, created } = writing
  return lookAtFlags(records, {
    target: change.target,
    place,
    flags: Object.keys(change.flags),
    shared: async () => before.shared,
    expected: [...Object.values(before.held).map(({ record }) => record.id), ...created]
  })
}

/** What the provider's words may quote and nobody is to read: values wanted and values held. */
export function valuesOf({ flags }: FlagChange, { held }: Look): readonly string[] {
  const before = Object.values(held).map(({ value }) => value ?? '')
  return [...Object.values(flags).map(value => value ?? ''), ...before]
}

/** Waits as long as the most patient of them asks for. */
export async function wait(clock: Clock, doubts: readonly Trouble[]): Promise<void> {
  const waitMs = Math.max(0, ...doubts.map(doubt => doubt.waitMs))
  if (waitMs > 0) await clock.sleep(waitMs)
}
