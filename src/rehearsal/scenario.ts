import type { TrafficProfile } from './traffic/profile.ts'
import { TRAFFIC } from './traffic/scenarios.ts'

/** Something that happens to the world while a phase is live. */
export interface Mishap {
  readonly kind: 'flag-changed-by-hand' | 'database-unreachable'
  readonly phase: string
  /** After the phase went live. */
  readonly afterMs: number
}

/** A world to rehearse in, and what it is there to show. */
export interface Scenario {
  readonly name: ScenarioName
  readonly shows: string
  readonly traffic: TrafficProfile
  readonly mishap?: Mishap
}

const HOUR_MS = 3_600_000

export const SCENARIO_NAMES = [
  'healthy',
  'silent-errors',
  'late-outage',
  'dead-telemetry',
  'thin-traffic',
  'circuit-open',
  'flag-drift',
  'db-down'
] as const

export type ScenarioName = (typeof SCENARIO_NAMES)[number]

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  healthy: {
    name: 'healthy',
    shows: 'a good feature: every phase is proven and promoted',
    traffic: TRAFFIC.healthy
  },
  'silent-errors': {
    name: 'silent-errors',
    shows: 'a fifth of the bookings end in an error that the runbook’s figure counts as a success',
    traffic: TRAFFIC['silent-errors']
  },
  'late-outage': {
    name: 'late-outage',
    shows: '40 good hours in production, then 40 % of the bookings fail',
    traffic: TRAFFIC['late-outage']
  },
  'dead-telemetry': {
    name: 'dead-telemetry',
    shows: 'no event arrives at all: silence is no proof',
    traffic: TRAFFIC['dead-telemetry']
  },
  'thin-traffic': {
    name: 'thin-traffic',
    shows: '27 bookings a day: as much time as the evidence needs, no more',
    traffic: TRAFFIC['thin-traffic']
  },
  'circuit-open': {
    name: 'circuit-open',
    shows: 'the circuit breaker opens in production',
    traffic: TRAFFIC['circuit-open']
  },
  'flag-drift': {
    name: 'flag-drift',
    shows: 'somebody changes a flag in the dashboard while the phase is live',
    traffic: TRAFFIC['flag-drift'],
    mishap: { kind: 'flag-changed-by-hand', phase: 'production-full', afterMs: 3 * HOUR_MS }
  },
  'db-down': {
    name: 'db-down',
    shows: 'the database cannot be reached any more',
    traffic: TRAFFIC['db-down'],
    mishap: { kind: 'database-unreachable', phase: 'production-full', afterMs: 5 * HOUR_MS }
  }
}
