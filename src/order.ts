import type { Inputs } from './inputs.ts'
import type { Order } from './operations/perform.ts'

/** What is done without the world of one rollout. */
export interface Errand {
  readonly operation: 'due' | 'wake'
}

/** The operation that these inputs ask for. */
export function toOrder(inputs: Inputs): Order | Errand {
  const { operation, phase, reason, confirm, digest, keys, flags, freeze: frozen } = inputs
  const wokenBy = inputs['woken-by']
  switch (operation) {
    case 'status':
    case 'due':
    case 'wake':
      return { operation }
    case 'preflight':
      return { operation, keys }
    case 'next':
    case 'plan':
      return { operation, phase, confirm, frozen }
    case 'apply':
      return { operation, phase, confirm, digest, wokenBy, frozen }
    case 'check':
      return { operation, wokenBy, frozen }
    case 'graduate':
      return { operation, wokenBy, confirm }
    case 'rollback':
    case 'hold':
      return { operation, reason, confirm }
    case 'resume':
      return { operation, reason, confirm, accept: inputs.accept }
    case 'flags':
      return { operation, target: given(inputs, 'target'), flags }
    case 'deploy':
      return { operation, target: given(inputs, 'target') }
    case 'verify':
      return { operation, phase, since: given(inputs, 'since') }
    case 'backtest': {
      const { until } = inputs
      const named = phase === NEXT ? undefined : phase
      return { operation, phase: named, since: given(inputs, 'since'), until }
    }
  }
}

/** `parseInputs` lets no operation pass without what it needs. */
function given<Name extends 'target' | 'since'>(
  inputs: Inputs,
  name: Name
): NonNullable<Inputs[Name]> {
  const value = inputs[name]
  if (value === undefined) throw new Error(`${inputs.operation} came without ${name}`)
  return value
}

/** What the input `phase` says when nobody names one; there is no next phase of the past. */
const NEXT = 'next'
