import type { Inputs } from './inputs.ts'
import type { Order } from './operations/perform.ts'

/** The operation that these inputs ask for. */
export function toOrder(inputs: Inputs): Order {
  const { operation, phase, reason, flags, freeze: frozen } = inputs
  const wokenBy = inputs['woken-by']
  switch (operation) {
    case 'preflight':
    case 'status':
      return { operation }
    case 'plan':
      return { operation, phase }
    case 'apply':
      return { operation, phase, wokenBy, frozen }
    case 'check':
      return { operation, wokenBy, frozen }
    case 'rollback':
    case 'hold':
    case 'resume':
      return { operation, reason }
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
