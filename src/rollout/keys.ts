import { type Definition, enabledPhases, type Phase } from './definition.ts'
import { nextMove } from './next-move.ts'
import { phaseInForce, type State } from './state.ts'

/**
 * The environment that holds the secrets for what is done to a rollout now: of the target that it
 * changed last, which also after its end can be rolled back, and, where nothing is in force, of the
 * phase that comes next. Empty when there is none.
 */
export function keysOf(definition: Definition, state: State): string {
  const target = state.status === 'rolled-back' ? undefined : inForce(state)
  return definition.targets[target ?? comingTarget(definition, state) ?? '']?.keys ?? ''
}

/** The environment with the secrets of a phase. */
export function keysOfPhase(definition: Definition, { target }: Phase): string {
  return definition.targets[target]?.keys ?? ''
}

/** Every environment that the definition's phases need secrets from, each once. */
export function allKeys(definition: Definition): readonly string[] {
  return [...new Set(enabledPhases(definition).map(phase => keysOfPhase(definition, phase)))]
}

function inForce(state: State): string | undefined {
  return state.rollback?.intent.target ?? phaseInForce(state)?.intent?.target
}

function comingTarget(definition: Definition, state: State): string | undefined {
  const move = nextMove(definition, state)
  return 'phase' in move ? move.phase.target : undefined
}
