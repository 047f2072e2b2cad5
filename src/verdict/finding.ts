import type { ProportionFinding } from './proportion.ts'
import type { StateMachineFinding } from './state-machine.ts'
import type { SustainedFinding } from './sustained.ts'
import type { ValueFinding } from './value.ts'
import type { ZeroToleranceFinding } from './zero-tolerance.ts'

/** A criterion whose query failed, timed out or answered in the wrong shape. */
export interface UnansweredFinding {
  readonly kind: 'unanswered'
  readonly verdict: 'error'
  readonly code: string
  readonly message: string
}

/** What one look found out about one criterion; every kind has `verdict`, `code` and `message`. */
export type Finding =
  | ProportionFinding
  | SustainedFinding
  | ZeroToleranceFinding
  | ValueFinding
  | StateMachineFinding
  | UnansweredFinding

/** The finding about a criterion that was not answered. There is no skipping: it is an error. */
export function unanswered(code: string, message: string): UnansweredFinding {
  return { kind: 'unanswered', verdict: 'error', code, message }
}
