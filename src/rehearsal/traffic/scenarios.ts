import type { TrafficProfile } from './profile.ts'

/** The seed with which every scenario below keeps its promise. */
export const DEFAULT_SEED = 16

const HOUR_MS = 60 * 60_000

/**
 * About 240 bookings a day, of which 0.3 % need a person. Those fall into the middle of a soak of
 * 48 hours: its end then stands on its own merits wherever in the day it began.
 */
const healthy: TrafficProfile = {
  bookingsPerDay: { preview: 240, production: 240 },
  noisePerDay: 2455,
  outcomes: [
    { afterMs: 7 * HOUR_MS, manualReview: 0.006, error: 0 },
    { afterMs: 36 * HOUR_MS, manualReview: 0, error: 0 }
  ],
  retryShare: 0.03,
  contentionShare: 0.01,
  sweepShare: 0.02
}

/** What the application goes through, by the name a person rehearses it by. */
export const TRAFFIC = {
  healthy,
  /** One booking in five blows up, which the runbook's own figure does not see. */
  'silent-errors': { ...healthy, outcomes: [{ afterMs: 0, manualReview: 0, error: 0.2 }] },
  /**
   * Production is fine for 40 hours; then two bookings in five blow up. It is a busy place: the soak
   * may end in the small hours, and eight of those must be enough to see it.
   */
  'late-outage': {
    ...healthy,
    bookingsPerDay: { preview: 240, production: 480 },
    outcomes: [
      ...healthy.outcomes,
      { target: 'production', afterMs: 40 * HOUR_MS, manualReview: 0, error: 0.4 }
    ]
  },
  /** The application works and nobody hears of it. */
  'dead-telemetry': { ...healthy, silentFromMs: 0 },
  /** The real day: 27 bookings, 2,631 events before the rollout. All of them end well. */
  'thin-traffic': {
    ...healthy,
    bookingsPerDay: { preview: 27, production: 27 },
    outcomes: []
  },
  /** Five hours into production a service behind the coordinator stops answering for a while. */
  'circuit-open': {
    ...healthy,
    circuitOpen: { target: 'production', afterMs: 5 * HOUR_MS, bookings: 3 }
  },
  /** The trouble is at the provider: somebody changes a flag by hand. */
  'flag-drift': healthy,
  /** The trouble is between us and the database. */
  'db-down': healthy
} as const satisfies Readonly<Record<string, TrafficProfile>>

export type TrafficName = keyof typeof TRAFFIC
