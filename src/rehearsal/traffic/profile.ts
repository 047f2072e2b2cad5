/** What the application goes through in a scenario. Shares run from 0 to 1. */
export interface TrafficProfile {
  /** Bookings a day by target; a target that is not named here gets none. */
  readonly bookingsPerDay: Readonly<Record<string, number>>
  /** Events a day that have nothing to do with how tables are assigned, at all hours alike. */
  readonly noisePerDay: number
  /** How bookings end where the coordinator works; of the rules that apply the last one counts. */
  readonly outcomes: readonly OutcomeRule[]
  /** Bookings that are tried more than once and then confirmed. */
  readonly retryShare: number
  /** Bookings that two workers reach for at once. */
  readonly contentionShare: number
  /** Ended bookings that the coordinator is later called for again, for nothing. */
  readonly sweepShare: number
  readonly circuitOpen?: CircuitOpen
  /** Nothing is written from this long after the start of the traffic on; 0: nothing ever. */
  readonly silentFromMs?: number
}

export interface OutcomeRule {
  /** Every target when absent. */
  readonly target?: string
  /** Applies from this long after the coordinator became active on the target. */
  readonly afterMs: number
  readonly manualReview: number
  readonly error: number
}

/** The first so many bookings that arrive later than that find the breaker open. */
export interface CircuitOpen {
  readonly target: string
  readonly afterMs: number
  readonly bookings: number
}

export type Ending = 'confirmed' | 'manual_review' | 'error'

/** The rule for a booking that arrives this long after its target became active. */
export function outcomeRule(profile: TrafficProfile, target: string, ageMs: number): OutcomeRule {
  const applying = profile.outcomes.filter(
    rule => (rule.target ?? target) === target && rule.afterMs <= ageMs
  )
  return applying.at(-1) ?? { afterMs: 0, manualReview: 0, error: 0 }
}
