import { type Definition, phaseNamed } from './definition.ts'
import type { EventBody, IntegrityFinding, LookEvent } from './events.ts'
import { graduationLook } from './graduation-look.ts'
import { checkDefinition } from './integrity.ts'
import type { KeptLook } from './kept-look.ts'
import { clocksOf, type Seen } from './sight.ts'
import { type LookMade, soakConsequences, soakLook } from './soak-look.ts'
import { currentPhase, type State, watchedPhase } from './state.ts'
import { watchEnding, watchLook } from './watch-look.ts'

export interface LookCase {
  /** As it stands in the ledger. */
  readonly look: LookEvent
  readonly kept: KeptLook
  readonly definition: Definition
  /** What the ledger amounted to before the look. */
  readonly state: State
}

/** A look as it follows from what was kept. */
export interface Recomputed extends LookMade {
  /** The instant it was measured to, in milliseconds since the epoch. */
  readonly nowMs: number
  /** What had to be recorded beside it; of a graduation only what it is. */
  readonly consequences: readonly Pick<EventBody, 'kind'>[]
}

/** Why a look cannot be made again from what was kept. */
export class NotReplayable extends Error {}

/**
 * Makes the look again as it was made: the instant, why it was woken, what forbade a forward move and
 * what flags and deployment came to are taken as recorded; everything else is computed.
 * @throws NotReplayable when the ledger before it cannot have led to such a look
 */
export function recompute(one: LookCase): Recomputed {
  switch (one.look.purpose) {
    case 'soak':
      return recomputeSoak(one)
    case 'watch':
      return recomputeWatch(one)
    case 'graduation':
      return recomputeGraduation(one)
  }
}

function recomputeSoak({ look, kept, definition, state }: LookCase): Recomputed {
  const current = state.rollback === undefined ? watchedPhase(state) : undefined
  const phase = phaseNamed(definition, look.phase)
  if (current?.name !== look.phase || phase === undefined) throw notLive(look)
  const seen = seenAt(look, kept, [
    ...checkDefinition(state.digest, definition.digest),
    ...observed(look),
    ...clocksOf(kept.sight)
  ])
  const made = soakLook({ definition, phase, state, current, ...seen, frozen: look.frozen })
  // What served then is an observation too.
  const consequences = soakConsequences(state, made.look, undefined)
  return { ...made, nowMs: seen.nowMs, consequences }
}

function recomputeWatch({ look, kept, definition, state }: LookCase): Recomputed {
  const { rollback, status } = state
  const since = rollback?.since
  if (rollback === undefined || since === undefined || status !== 'rolling-back') {
    throw new NotReplayable('no rollback was being watched')
  }
  const seen = seenAt(look, kept, [...observed(look), ...clocksOf(kept.sight)])
  const { made, ...one } = watchLook({ definition, rollback, since, ...seen })
  return { ...one, nowMs: seen.nowMs, consequences: watchEnding(rollback.intent, made) }
}

function recomputeGraduation({ look, kept, definition, state }: LookCase): Recomputed {
  const { graduation } = definition
  const current = currentPhase(state)
  const phase = phaseNamed(definition, look.phase)
  if (graduation === undefined) throw new NotReplayable('the definition has no graduation')
  if (state.status !== 'promoted' || current?.name !== look.phase || phase === undefined) {
    throw notLive(look)
  }
  const integrity = [
    ...checkDefinition(state.digest, definition.digest),
    ...observed(look),
    ...clocksOf(kept.sight)
  ]
  const nowMs = Date.parse(kept.now)
  const { at, wokenBy } = look
  const seen = { sight: kept.sight, nowMs, integrity, at, wokenBy }
  const back = graduationLook({ definition, graduation, phase, current, ...seen })
  const consequences = back.obstacles.length === 0 ? [{ kind: 'graduated' as const }] : []
  return { ...back, nowMs, consequences }
}

function notLive({ phase }: LookEvent): NotReplayable {
  return new NotReplayable(`by the events before it, ${phase} was not what was to be looked at`)
}

function seenAt(
  { at, wokenBy }: LookEvent,
  { now, sight }: KeptLook,
  integrity: readonly IntegrityFinding[]
): Seen {
  // The database's clock decided, wherever it answered.
  const instant = sight.kind === 'seen' ? sight.reading.databaseNow : now
  return { sight, nowMs: Date.parse(instant), integrity, at, wokenBy }
}

/** What was found at the provider: an observation, and nothing to compute it from is kept. */
function observed({ integrity }: LookEvent): readonly IntegrityFinding[] {
  return integrity.filter(({ code }) => !COMPUTED.has(code))
}

const COMPUTED: ReadonlySet<string> = new Set(['definition_changed', 'clocks', 'clock_skew'])
