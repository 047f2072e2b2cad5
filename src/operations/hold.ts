import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

/**
 * Stops the rollout from moving forward until a person resumes it. Looks go on, and so does the
 * automatic rollback. Holding a held rollout records the new reason.
 * @throws InputError when no rollout is under way
 */
export async function hold(world: World, reason: string): Promise<State> {
  const { state } = await record(world, current => {
    if (current.status !== 'running' && current.status !== 'held') throw notUnderWay(current)
    return {
      message: `${rolloutId(current.definition, current.number)}: hold`,
      events: [{ kind: 'held', cause: 'person', reason }]
    }
  })
  return state
}

function notUnderWay(state: State): InputError {
  return new InputError(
    'not_under_way',
    `Only a rollout that is running can be held; this one is ${state.status}.`,
    'Look at its status.'
  )
}
