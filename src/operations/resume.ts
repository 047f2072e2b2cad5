import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

/**
 * Ends a hold; the next look decides afresh, and may hold again for the same cause.
 * @throws InputError when the rollout is not held
 */
export async function resume(world: World, reason: string): Promise<State> {
  const { state } = await record(world, current => {
    if (current.status !== 'held') throw notHeld(current)
    return {
      message: `${rolloutId(current.definition, current.number)}: resume`,
      events: [{ kind: 'resumed', reason }]
    }
  })
  return state
}

function notHeld(state: State): InputError {
  return new InputError(
    'not_held',
    `There is no hold to end; the rollout is ${state.status}.`,
    'Look at its status.'
  )
}
