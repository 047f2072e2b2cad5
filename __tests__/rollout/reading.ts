import type { Answer, Reading, SeriesRow } from '../../src/rollout/ports.ts'

/** What a database answers about the first hours of a phase. */

const SINCE = Date.parse('2026-06-01T08:00:00.000Z')
const MINUTE = 60_000

/** ISO 8601, so many minutes after the phase began. */
export function after(minutes: number): string {
  return new Date(SINCE + minutes * MINUTE).toISOString()
}

/** A reading whose window is so many minutes long. */
export function readingOf(minutes: number, answers: Readonly<Record<string, Answer>>): Reading {
  return {
    databaseNow: after(minutes),
    version: '17.2',
    snapshot: '771:771:',
    since: after(0),
    until: after(minutes),
    answers,
    digests: {}
  }
}

export function answered(...rows: readonly SeriesRow[]): Answer {
  return { kind: 'answered', rows }
}

export function unansweredBy(code: string, message: string): Answer {
  return { kind: 'unanswered', code, message, remedy: 'ask again' }
}

/** So many good units of so many in the bucket that begins at that minute. */
export function share(minute: number, hits: number, total: number): SeriesRow {
  return { bucket: after(minute), hits, total }
}

/** A number made from so many samples in the bucket that begins at that minute. */
export function measured(minute: number, value: number, samples: number): SeriesRow {
  return share(minute, value, samples)
}

/** Units that moved in the bucket that begins at that minute. */
export function moved(minute: number, from: string, to: string, hits = 1): SeriesRow {
  return { bucket: after(minute), hits, from, to, waiting: 0 }
}

export function count(minute: number, hits: number, latest?: number): SeriesRow {
  const row = { bucket: after(minute), hits }
  return latest === undefined ? row : { ...row, latest: after(latest) }
}

/** Telemetry in every hour up to that minute, the newest event one minute before it. */
export function humming(minutes: number): Answer {
  const hours = Array.from({ length: Math.ceil(minutes / 60) }, (_, hour) => hour)
  return answered(...hours.map(hour => count(hour * 60, 40, minutes - 1)))
}
