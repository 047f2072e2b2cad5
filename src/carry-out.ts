import type { Inputs } from './inputs.ts'
import { type Performed, perform, performDue, performWake } from './operations/perform.ts'
import { toOrder } from './order.ts'
import {
  createProduction,
  createWatched,
  createWorkflows,
  type Surroundings
} from './production.ts'

/**
 * Carries out what the inputs ask for, in the real world. Opens no more of it than the operation needs:
 * a list of what is due has no secrets, and a timer has not even the repository's files.
 * @throws RollgateError when it was refused or failed
 */
export async function carryOut(inputs: Inputs, surroundings: Surroundings): Promise<Performed> {
  const order = toOrder(inputs)
  switch (order.operation) {
    case 'due':
      return performDue(createWatched(inputs, surroundings))
    case 'wake':
      return performWake(createWorkflows(inputs, surroundings))
    default: {
      const { world, catalogue } = await createProduction(inputs, surroundings)
      return perform(world, catalogue.headers, order)
    }
  }
}
