import type { Answer, Reading, SeriesRow } from './ports.ts'

const MINUTE_MS = 60_000

/** The answer about a metric; a metric that the reader forgot is not answered. */
export function answerOf(reading: Reading, metric: string): Answer {
  return (
    reading.answers[metric] ?? {
      kind: 'unanswered',
      code: 'not_asked',
      message: 'was not answered',
      remedy: 'Look at the SQL file of the metric.'
    }
  )
}

/** Events, or units on the counted side, of the whole window. */
export function eventsIn(rows: readonly SeriesRow[]): number {
  return rows.reduce((sum, row) => sum + row.hits, 0)
}

/** Length of the window of a reading, in milliseconds. */
export function windowMs(reading: Reading): number {
  return Date.parse(reading.until) - Date.parse(reading.since)
}

/** Which slot of that length, counted from the window's start, the row's bucket begins in. */
export function slotOf(reading: Reading, row: SeriesRow, slotMs: number): number {
  return Math.floor((Date.parse(row.bucket) - Date.parse(reading.since)) / slotMs)
}

/** The slot of that length that the window ends in; one that ends with the window is the last. */
export function lastSlot(reading: Reading, slotMs: number): number {
  return Math.max(0, Math.ceil(windowMs(reading) / slotMs) - 1)
}

/** How old something was when the window ended, in minutes; nothing is younger than the end. */
export function ageMinutes(reading: Reading, instant: string): number {
  return Math.max(0, Date.parse(reading.until) - Date.parse(instant)) / MINUTE_MS
}
