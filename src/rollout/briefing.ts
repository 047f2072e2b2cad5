import type { Definition, Gate, Phase } from './definition.ts'
import { formatDuration } from './duration.ts'
import type { EventOf } from './events.ts'
import { isBot, same } from './initiators.ts'
import type { GateFacts, Gates, Review } from './ports.ts'
import { InputError } from './rollgate-error.ts'
import { currentPhase, isOver, type State } from './state.ts'

/** Everything that says whether a gated phase may begin, and nothing else. */
export interface ApprovalCase {
  readonly definition: Definition
  readonly phase: Phase
  /** With the phase's briefing in it. */
  readonly state: State
  /** Who carries the phase out, and in which run and attempt. */
  readonly actor: { readonly by: string; readonly run: string }
  /** Of what the phase would change now. */
  readonly digest: string
  /** Of the briefing that this run was started with; undefined where none was handed over. */
  readonly approvedDigest: string | undefined
  /** Of the definition as the default branch has it by now; undefined where that is not known. */
  readonly committedDigest?: string | undefined
  readonly nowMs: number
  readonly confirm: string | undefined
  readonly kind: Gates['kind']
  /** Of the gate's environment; undefined when there is none. */
  readonly facts: GateFacts | undefined
  /** Of this run for the gate's environment. */
  readonly reviews: readonly Review[]
}

export type Planned = EventOf<'phase-planned'>

/**
 * Whether the briefing in the ledger is still the one to be approved, so that none is recorded anew:
 * the same changes, not too old, and, where a run's own reviewers approve it, made in this run.
 */
export function briefingStands(
  given: Pick<ApprovalCase, 'phase' | 'state' | 'actor' | 'digest' | 'nowMs' | 'kind'>
): boolean {
  const { phase, state, actor, digest, nowMs, kind } = given
  const planned = openPlan(state, phase)
  if (planned?.digest !== digest) return false
  const { gate } = phase
  if (gate === undefined) return true
  if (ageOf(planned, nowMs) > gate.validForMs) return false
  if (kind === 'typed') return true
  return gate.mode === 'dispatch'
    ? !isTakenOver(state, planned, actor.by)
    : planned.run === actor.run
}

/**
 * Whoever started the rollout can never confirm a phase, nor can whoever planned it. With two people
 * nobody would be left, unless the first of them may plan it anew and leave it to the second.
 */
function isTakenOver({ startedBy }: State, planned: Planned, by: string): boolean {
  return (
    startedBy !== undefined &&
    same(by, startedBy) &&
    !same(planned.by, startedBy) &&
    !isBot(planned.by)
  )
}

/**
 * A phase without a gate that was planned by an earlier job: it is still planned, in this rollout, and
 * would still change the same. Nothing to compare with, nothing to refuse.
 * @throws InputError (`briefing_outdated`)
 */
export function requireAsPlanned(
  given: Pick<ApprovalCase, 'phase' | 'digest' | 'approvedDigest'> & {
    readonly planned: Planned | undefined
  }
): void {
  const { phase, digest, approvedDigest, planned } = given
  if (approvedDigest === undefined) return
  if (planned?.digest === approvedDigest && approvedDigest === digest) return
  throw new InputError(
    'briefing_outdated',
    planned === undefined
      ? `What this run planned for ${phase.name} is of the past: the rollout has moved on since.`
      : `What ${phase.name} would change is no longer what was planned (${approvedDigest} then, ${digest} now).`,
    `Look at the status; start ${phase.name} again if it is still wanted.`
  )
}

/**
 * The briefing: it is there, is about what would be changed now, and is not too old.
 * @throws InputError (`briefing_missing`, `briefing_outdated`, `briefing_expired`)
 */
export function requireBriefing(given: ApprovalCase, { validForMs }: Gate): Planned {
  const planned = requirePlanned(given)
  const { phase, digest, approvedDigest = planned.digest } = given
  const again = 'Plan the phase again and let the new briefing be approved.'
  if (planned.digest !== digest || approvedDigest !== digest) {
    const shown = approvedDigest === digest ? planned.digest : approvedDigest
    throw new InputError(
      'briefing_outdated',
      `What ${phase.name} would change is no longer what its briefing showed (${shown} then, ${digest} now).`,
      again
    )
  }
  const { definition, committedDigest = definition.digest } = given
  if (committedDigest !== definition.digest) {
    throw new InputError(
      'briefing_outdated',
      `The definition ${definition.name} was changed after the briefing of ${phase.name}.`,
      again
    )
  }
  const ageMs = ageOf(planned, given.nowMs)
  if (ageMs <= validForMs) return planned
  throw new InputError(
    'briefing_expired',
    `The briefing of ${phase.name} is ${formatDuration(ageMs)} old; it was good for ${formatDuration(validForMs)}.`,
    again
  )
}

/** @throws InputError (`briefing_missing`) */
export function requirePlanned({ state, phase }: ApprovalCase): Planned {
  const planned = openPlan(state, phase)
  if (planned !== undefined) return planned
  throw new InputError(
    'briefing_missing',
    `${phase.name} has a gate, and nobody was shown a briefing of it.`,
    'Plan the phase first, then let the briefing be approved.'
  )
}

/**
 * The plan that stands for a phase: what was planned before the phase was begun, or in a rollout that is
 * over, was for that time, and what was approved then is no approval of beginning anew.
 */
export function openPlan(state: State, { name }: Phase): Planned | undefined {
  const current = currentPhase(state)
  if (current?.name !== name || isOver(state)) return undefined
  const { planned, intent } = current
  return planned !== undefined && planned.seq > (intent?.seq ?? 0) ? planned : undefined
}

function ageOf({ at }: Planned, nowMs: number): number {
  return nowMs - Date.parse(at)
}
