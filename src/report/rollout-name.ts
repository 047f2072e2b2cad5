import type { Definition } from '../rollout/definition.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'

/** `assignment-pipeline-v3#1`; without a number while there is no rollout yet. */
export function rolloutName(definition: Definition, state: State): string {
  return state.number === 0 ? definition.name : rolloutId(definition.name, state.number)
}
