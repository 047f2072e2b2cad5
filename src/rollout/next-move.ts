import { type Definition, enabledPhases, type Phase } from './definition.ts'
import { rolloutId } from './rollout-id.ts'
import { currentPhase, isOver, type State } from './state.ts'

/** What may happen next with a definition, going forward. */
export type NextMove =
  /** There is no rollout under way: begin number `number` with its first phase. */
  | { readonly kind: 'start'; readonly number: number; readonly phase: Phase }
  | {
      readonly kind: 'apply'
      readonly phase: Phase
      /** An earlier attempt was cut off. */
      readonly resuming: boolean
      /** The phase is live and held, and somebody wants its soak to begin anew: the hold ends with it. */
      readonly restarting: boolean
    }
  /** The phase is live and soaking; only looks can move it. */
  | { readonly kind: 'soaking'; readonly phase: Phase }
  | { readonly kind: 'blocked'; readonly code: string; readonly why: string; readonly way: string }
  | { readonly kind: 'done' }

/**
 * The one thing that can be done next in that state. A held phase that soaks is begun anew when it is
 * `wanted` by its name.
 */
export function nextMove(definition: Definition, state: State, wanted?: string): NextMove {
  const phases = enabledPhases(definition)
  const [first] = phases
  if (first === undefined) {
    return {
      kind: 'blocked',
      code: 'no_phase',
      why: 'no phase of the definition is enabled',
      way: 'Set enabled: true on at least one phase.'
    }
  }
  if (state.status === 'not-started' || isOver(state)) {
    return { kind: 'start', number: state.number + 1, phase: first }
  }
  return restart(state, phases, wanted) ?? moveOn(definition, state, phases)
}

function restart(
  state: State,
  phases: readonly Phase[],
  wanted: string | undefined
): NextMove | undefined {
  const current = currentPhase(state)
  if (state.status !== 'held' || current?.status !== 'soaking') return undefined
  const phase = phases.find(({ name }) => name === current.name && name === wanted)
  return phase && { kind: 'apply', phase, resuming: false, restarting: true }
}

function moveOn(definition: Definition, state: State, phases: readonly Phase[]): NextMove {
  const stopped = blockage(state)
  if (stopped !== undefined) return stopped
  const current = currentPhase(state)
  const index = phases.findIndex(phase => phase.name === current?.name)
  const phase = phases[index]
  if (current === undefined) return applying(phases[0] as Phase)
  if (phase === undefined) return unknownPhase(definition, current.name)
  switch (current.status) {
    case 'soaking':
      return { kind: 'soaking', phase }
    case 'promoted':
      return follow(phases[index + 1])
    case 'applying':
      return { ...applying(phase), resuming: true }
    case 'pending':
    case 'planned':
    case 'failed':
    case 'rolled-back':
      return applying(phase)
  }
}

function follow(next: Phase | undefined): NextMove {
  return next === undefined ? { kind: 'done' } : applying(next)
}

function applying(phase: Phase): Extract<NextMove, { kind: 'apply' }> {
  return { kind: 'apply', phase, resuming: false, restarting: false }
}

/** A phase that is live can also be begun anew. */
function heldWay(state: State): string {
  const current = currentPhase(state)
  return current?.status === 'soaking'
    ? `Resume it with a reason, begin its soak anew by asking for ${current.name}, or roll it back.`
    : 'Resume it with a reason, or roll it back.'
}

function blockage(state: State): NextMove | undefined {
  const id = rolloutId(state.definition, state.number)
  switch (state.status) {
    case 'held':
      return {
        kind: 'blocked',
        code: 'held',
        why: `${id} is held: ${state.hold?.reason ?? 'no reason given'}`,
        way: heldWay(state)
      }
    case 'rolling-back':
      return {
        kind: 'blocked',
        code: 'rolling_back',
        why: `${id} is being rolled back`,
        way: 'Wait until the rollback is over, or run rollback again if it was cut off.'
      }
    case 'rollback-failed':
      return {
        kind: 'blocked',
        code: 'rollback_unfinished',
        why: `the rollback of ${id} could not be verified`,
        way: 'Run rollback again; nothing moves forward before it is verified.'
      }
    case 'promoted':
      return { kind: 'done' }
    case 'not-started':
    case 'running':
    case 'rolled-back':
    case 'graduated':
    case 'aborted':
      return undefined
  }
}

function unknownPhase(definition: Definition, name: string): NextMove {
  return {
    kind: 'blocked',
    code: 'phase_unknown',
    why: `the ledger is in phase ${name}, which ${definition.name} no longer has (or has disabled)`,
    way: 'Put the phase back into the definition, or roll back and start anew.'
  }
}
