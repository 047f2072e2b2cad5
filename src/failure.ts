import type { FailureInput } from './report/failure.ts'
import { RollgateError } from './rollout/rollgate-error.ts'

/** What a composition root says of whatever ended an operation; never more than its four words. */
export function toFailure(operation: string, error: unknown): FailureInput {
  if (error instanceof RollgateError) {
    const { code, message, remedy } = error
    return { operation, code, message, remedy }
  }
  return {
    operation,
    code: 'unexpected',
    message: `Something Rollgate did not foresee: ${String((error as Error)?.name ?? 'failure')}.`,
    remedy: 'Run it again with debug logging and report what it prints.'
  }
}
