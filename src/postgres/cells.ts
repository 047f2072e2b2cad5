import { redact } from '../rollout/redaction.ts'

/** The bounds every instant of a row lies in: `since` included, `until` not. ISO 8601. */
export interface Window {
  readonly since: string
  readonly until: string
}

/** One row by the names of its columns; a column that the file leaves out is absent. */
export type Cells = Readonly<Record<string, string | null>>

/** What is wrong with the rows of a metric, as the second half of a sentence. */
export class BadShape extends Error {}

/** @throws BadShape unless the cell is an instant inside the window */
export function instantIn(window: Window, column: string, row: Cells): string {
  const text = textIn(column, row)
  const instant = parseInstant(text)
  if (instant === undefined) throw new BadShape(`${column} is ${text}, which is no instant`)
  if (instant < window.since || instant >= window.until) {
    const bounds = `${window.since} … ${window.until}`
    throw new BadShape(`${column} is ${instant}, outside the window ${bounds}`)
  }
  return instant
}

/** @throws BadShape unless the cell is a whole number that is exact, and not below zero */
export function countIn(column: string, row: Cells): number {
  const number = numberIn(column, row)
  if (number < 0 || !Number.isSafeInteger(number)) {
    throw new BadShape(`${column} is ${row[column]}, which is no count`)
  }
  return number
}

/** @throws BadShape when the cell is NULL, NaN or infinite */
export function numberIn(column: string, row: Cells): number {
  const text = textIn(column, row)
  const number = Number(text)
  if (!Number.isFinite(number)) {
    throw new BadShape(`${column} is ${text}, which is no finite number`)
  }
  return number
}

const LONGEST_NAME = 100

/** @throws BadShape unless the cell is a short text: it is kept in the ledger and read by people */
export function nameIn(column: string, row: Cells): string {
  const text = textIn(column, row)
  if (text.length > LONGEST_NAME) {
    throw new BadShape(`${column} has ${text.length} characters, more than ${LONGEST_NAME}`)
  }
  return redact(text)
}

/** @throws BadShape when one of the columns says something where its kind has no use for it */
export function refuseFilled(row: Cells, columns: readonly string[]): void {
  const filled = columns.find(column => !isNull(column, row))
  if (filled !== undefined) {
    const said = redact(row[filled] ?? '').slice(0, LONGEST_NAME)
    throw new BadShape(`${filled} is ${said}, where it has no meaning`)
  }
}

/** NULL, or a column that the file leaves out. */
export function isNull(column: string, row: Cells): boolean {
  return (row[column] ?? null) === null
}

function textIn(column: string, row: Cells): string {
  const text = row[column] ?? null
  if (text === null) throw new BadShape(`${column} is NULL`)
  return text
}

/** The server writes `2026-03-01 10:00:00.123456+00`; microseconds are cut, never rounded up. */
function parseInstant(text: string): string | undefined {
  const [, day, time, fraction = ''] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/u.exec(text) ?? []
  return day === undefined ? undefined : `${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}
