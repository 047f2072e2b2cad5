import type { PastLook } from '../../src/rollout/backtest.ts'
import type { Answer, SeriesRow } from '../../src/rollout/ports.ts'
import type { Sight } from '../../src/rollout/sight.ts'

export const HOUR_MS = 3_600_000
/** A whole hour, at which every imagined past begins. */
export const FROM = Date.parse('2026-03-01T00:00:00Z')

/** What was written in one hour; a whole number of each, at the hour's first instant. */
export interface PastHour {
  readonly good: number
  readonly bad: number
  readonly events: number
  readonly errors: number
  /** Whether the rest of the application was heard of. */
  readonly alive: boolean
  /** The database does not answer the look that is made within this hour. */
  readonly dark: boolean
}

export const QUIET: PastHour = {
  good: 0,
  bad: 0,
  events: 0,
  errors: 0,
  alive: true,
  dark: false
}

/** An hour of so many good units. */
export function good(units: number): PastHour {
  return { ...QUIET, good: units }
}

/** The same hour, so many times. */
export function hours(count: number, hour: PastHour): readonly PastHour[] {
  return Array.from({ length: count }, () => hour)
}

export function hourOf(ms: number): number {
  return Math.floor((ms - FROM) / HOUR_MS)
}

/** What a database with that past answers the question of a look, for the metrics of the small definition. */
export function sightOf(past: readonly PastHour[], { sinceMs, atMs }: PastLook): Sight {
  if (past[hourOf(atMs)]?.dark) {
    return { kind: 'blind', blindness: { code: 'database_unreachable', message: 'it is dark' } }
  }
  const within = past
    .map((hour, index) => ({ hour, ms: FROM + index * HOUR_MS }))
    .filter(({ ms }) => ms >= sinceMs && ms < atMs)
  const rows = (count: (hour: PastHour) => Partial<SeriesRow> | undefined): Answer => ({
    kind: 'answered',
    rows: within.flatMap(({ hour, ms }) => {
      const row = count(hour)
      const bucket = new Date(ms).toISOString()
      return row === undefined ? [] : [{ bucket, hits: 0, latest: bucket, ...row }]
    })
  })
  const counted = (hits: number) => (hits === 0 ? undefined : { hits })
  return {
    kind: 'seen',
    askedMs: 0,
    answeredMs: 0,
    reading: {
      databaseNow: '2030-01-01T00:00:00.000Z',
      version: '17.2',
      snapshot: '1:1:',
      since: new Date(sinceMs).toISOString(),
      until: new Date(atMs).toISOString(),
      digests: {},
      answers: {
        outcomes: rows(hour =>
          hour.good + hour.bad === 0 ? undefined : { hits: hour.good, total: hour.good + hour.bad }
        ),
        events: rows(hour => counted(hour.events)),
        errors: rows(hour => counted(hour.errors)),
        telemetry: rows(hour => (hour.alive ? { hits: 40 } : undefined))
      }
    }
  }
}
