import { type AcceptanceKind, acceptancesFor, findingText } from '../rollout/acceptance.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

/**
 * Ends a hold; the next look decides afresh, and may hold again for the same cause. With `accept` the
 * person takes upon themselves the findings of these kinds that the last look on record had: each of
 * them, for this soak, and as long as its criterion says just this.
 * @throws InputError when the rollout is not held, or there is nothing to accept; nothing is recorded
 */
export async function resume(
  world: World,
  reason: string,
  accept: readonly AcceptanceKind[] = []
): Promise<State> {
  const { state } = await record(world, current => {
    if (current.status !== 'held') throw notHeld(current)
    const accepted = acceptancesFor(current, accept, world.actor.by)
    const id = rolloutId(current.definition, current.number)
    return accepted.length === 0
      ? { message: `${id}: resume`, events: [{ kind: 'resumed', reason }] }
      : {
          message: `${id}: resume, accepting that ${accepted.map(findingText).join(', ')}`,
          events: [{ kind: 'resumed', reason, accepted: [...accepted] }]
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
