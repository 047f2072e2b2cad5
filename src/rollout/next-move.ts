import { type Definition, enabledPhases, type Phase } from './definition.ts'
import { rolloutId } from './rollout-id.ts'
import { currentPhase, isOver, type State } from './state.ts'

/** What may happen next with a definition, going forward. */
export type NextMove =
  /** There is no rollout under way: begin number `number` with its first phase. */
  | { readonly kind: 'start'; readonly number: number; readonly phase: Phase }
  /** Carry out this phase; `resuming` when an earlier attempt was cut off. */
  | { readonly kind: 'apply'; readonly phase: Phase; readonly resuming: boolean }
  /** The phase is live and soaking; only looks can move it. */
  | { readonly kind: 'soaking'; readonly phase: Phase }
  | { readonly kind: 'blocked'; readonly code: string; readonly why: string; readonly way: string }
  | { readonly kind: 'done' }

/** The one thing that can be done next in that state. */
export function nextMove(definition: Definition, state: State): NextMove {
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
  return moveOn(definition, state, phases)
}

function moveOn(definition: Definition, state: State, phases: readonly Phase[]): NextMove {
  const stopped = blockage(state)
  if (stopped !== undefined) return stopped
  const current = currentPhase(state)
  const index = phases.findIndex(phase => phase.name === current?.name)
  const phase = phases[index]
  if (current === undefined) return { kind: 'apply', phase: phases[0] as Phase, resuming: false }
  if (phase === undefined) return unknownPhase(definition, current.name)
  switch (current.status) {
    case 'soaking':
      return { kind: 'soaking', phase }
    case 'promoted':
      return follow(phases[index + 1])
    case 'applying':
      return { kind: 'apply', phase, resuming: true }
    case 'pending':
    case 'planned':
    case 'failed':
    case 'rolled-back':
      return { kind: 'apply', phase, resuming: false }
  }
}

function follow(next: Phase | undefined): NextMove {
  return next === undefined ? { kind: 'done' } : { kind: 'apply', phase: next, resuming: false }
}

function blockage(state: State): NextMove | undefined {
  const id = rolloutId(state.definition, state.number)
  switch (state.status) {
    case 'held':
      return {
        kind: 'blocked',
        code: 'held',
        why: `${id} is held: ${state.hold?.reason ?? 'no reason given'}`,
        way: 'Resume it with a reason, or roll it back.'
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
