import type { Approvals } from './ports.ts'
import { InputError } from './rollgate-error.ts'

/**
 * The gate where there are no GitHub environments: somebody types the rollout's name. It proves that
 * a person meant it, not that a second person agreed, and says so in the ledger.
 */
export function typedConfirmation(confirm: string | undefined, by: string): Approvals {
  return {
    prove: async request => {
      const name = request.rollout.split('#')[0] ?? ''
      if (confirm !== name) throw notConfirmed(request.phase, name)
      return {
        by,
        comment: `confirmed by typing ${name}`,
        how: 'typed confirmation, by the person who started it: weaker than a review'
      }
    }
  }
}

function notConfirmed(phase: string, name: string): InputError {
  return new InputError(
    'not_confirmed',
    `${phase} has a gate, and nobody has confirmed it.`,
    `Read the briefing (plan), then apply with the confirmation ${name}.`
  )
}
