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
    case 'resume':
      return { operation, reason, confirm }
    case 'flags':
      return { operation, target: given(inputs, 'target'), flags }
    case 'deploy':
      return { operation, target: given(inputs, 'target') }
    case 'verify':
      return { operation, phase, since: given(inputs, 'since') }
  }
}

/** `parseInputs` lets no operation pass without what it needs. */
function given(inputs: Inputs, name: 'target' | 'since'): string {
  const text = inputs[name]
  if (text === undefined) throw new Error(`${inputs.operation} came without ${name}`)
  return text
}
