import type { Answer, MetricHeader, SeriesRow } from '../rollout/ports.ts'
import type { Column, TextRow } from './connection.ts'
import type { Problem } from './failure.ts'
import type { GuardedRows } from './guard.ts'
import { redact } from './redaction.ts'

/** The bounds every bucket lies in: `since` included, `until` not. ISO 8601. */
export interface Window {
  readonly since: string
  readonly until: string
}

interface Reading {
  readonly file: string
  readonly metrics: readonly MetricHeader[]
  readonly window: Window
}

/** Thrown between the functions of this file only. */
class BadShape extends Error {}

const NUMBER_TYPES = new Set([20, 21, 23, 700, 701, 1700])
const INSTANT_TYPES = new Set([1184])
const TEXT_TYPES = new Set([19, 25, 705, 1042, 1043])

/**
 * The answers a file's rows give to its metrics, one each. A metric without rows is answered with
 * none; a row that is not exactly what its kind prescribes unanswers its metric, a wrong column or
 * an unknown series all of them.
 */
export function answersOf(reading: Reading, result: GuardedRows): Readonly<Record<string, Answer>> {
  return unlessBad(
    () => {
      checkColumns(reading, result.columns)
      if (result.truncated) throw new BadShape(`more than ${result.rows.length} rows`)
      const rows = result.rows.map(row => cellsOf(result.columns, row))
      checkSeries(reading.metrics, rows)
      return Object.fromEntries(
        reading.metrics.map(metric => [metric.name, answerOf(reading, metric, rows)])
      )
    },
    problem => unanswered(reading.metrics, badShape(reading.file, problem))
  )
}

/** The same problem for each of the metrics. */
export function unanswered(
  metrics: readonly Pick<MetricHeader, 'name'>[],
  { code, message, remedy }: Problem
): Readonly<Record<string, Answer>> {
  const answer: Answer = { kind: 'unanswered', code, message, remedy }
  return Object.fromEntries(metrics.map(metric => [metric.name, answer]))
}

type Cells = Readonly<Record<string, string | null>>

function answerOf(reading: Reading, metric: MetricHeader, rows: readonly Cells[]): Answer {
  const own = rows.filter(row => reading.metrics.length === 1 || row['series'] === metric.name)
  return unlessBad<Answer>(
    () => {
      const series = own.map(row => seriesRow(reading, metric, row))
      series.sort((a, b) => (a.bucket < b.bucket ? -1 : 1))
      const twice = series.find((row, index) => row.bucket === series[index + 1]?.bucket)
      if (twice !== undefined) throw new BadShape(`two rows for the bucket ${twice.bucket}`)
      return { kind: 'answered', rows: series }
    },
    problem => ({ kind: 'unanswered', ...badShape(reading.file, `${metric.name}: ${problem}`) })
  )
}

function seriesRow(reading: Reading, metric: MetricHeader, row: Cells): SeriesRow {
  const bucket = instantIn(reading.window, 'bucket', row)
  const mixed = reading.metrics.length > 1
  switch (metric.kind) {
    case 'proportion':
      return { bucket, ...shareOf(row, mixed) }
    case 'count':
      refuseFilled(row, mixed ? ['total'] : [])
      return { bucket, hits: countIn('hits', row), ...latestOf(reading.window, row, mixed) }
    case 'value':
      refuseFilled(row, mixed ? ['total', 'latest'] : [])
      return { bucket, hits: numberIn('hits', row) }
  }
}

function shareOf(row: Cells, mixed: boolean): { readonly hits: number; readonly total: number } {
  refuseFilled(row, mixed ? ['latest'] : [])
  const [hits, total] = [countIn('hits', row), countIn('total', row)]
  if (hits > total) throw new BadShape(`hits is ${hits}, more than total, which is ${total}`)
  return { hits, total }
}

/** In a file of several series the column exists for some of them only. */
function latestOf(window: Window, row: Cells, mixed: boolean): { readonly latest?: string } {
  const missing = row['latest'] === undefined || (mixed && row['latest'] === null)
  return missing ? {} : { latest: instantIn(window, 'latest', row) }
}

function refuseFilled(row: Cells, columns: readonly string[]): void {
  const filled = columns.find(column => (row[column] ?? null) !== null)
  if (filled !== undefined)
    throw new BadShape(`${filled} is ${row[filled]}, where it has no meaning`)
}

function instantIn(window: Window, column: string, row: Cells): string {
  const text = textIn(column, row)
  const instant = parseInstant(text)
  if (instant === undefined) throw new BadShape(`${column} is ${text}, which is no instant`)
  if (instant < window.since || instant >= window.until) {
    const bounds = `${window.since} … ${window.until}`
    throw new BadShape(`${column} is ${instant}, outside the window ${bounds}`)
  }
  return instant
}

/** The server writes `2026-03-01 10:00:00.123456+00`; microseconds are cut, never rounded up. */
function parseInstant(text: string): string | undefined {
  const [, day, time, fraction = ''] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/u.exec(text) ?? []
  return day === undefined ? undefined : `${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}

function countIn(column: string, row: Cells): number {
  const number = numberIn(column, row)
  if (number < 0 || !Number.isSafeInteger(number)) {
    throw new BadShape(`${column} is ${row[column]}, which is no count`)
  }
  return number
}

function numberIn(column: string, row: Cells): number {
  const text = textIn(column, row)
  const number = Number(text)
  if (!Number.isFinite(number))
    throw new BadShape(`${column} is ${text}, which is no finite number`)
  return number
}

function textIn(column: string, row: Cells): string {
  const text = row[column] ?? null
  if (text === null) throw new BadShape(`${column} is NULL`)
  return text
}

function checkSeries(metrics: readonly MetricHeader[], rows: readonly Cells[]): void {
  if (metrics.length === 1) return
  const names: readonly (string | null | undefined)[] = metrics.map(metric => metric.name)
  const stranger = rows.find(row => !names.includes(row['series']))
  if (stranger !== undefined) {
    const name = redact(stranger['series'] ?? 'NULL').slice(0, 80)
    throw new BadShape(`series is ${name}, which the header does not name`)
  }
}

function checkColumns({ metrics }: Reading, columns: readonly Column[]): void {
  const kinds = new Set(metrics.map(metric => metric.kind))
  const required = ['bucket', 'hits', ...(kinds.has('proportion') ? ['total'] : [])]
  const wanted = metrics.length > 1 ? ['series', ...required] : required
  const allowed = kinds.has('count') ? [...wanted, 'latest'] : wanted
  const names = columns.map(column => column.name)
  const fits =
    wanted.every((name, index) => names[index] === name) &&
    names.slice(wanted.length).every((name, index) => name === allowed[wanted.length + index])
  if (!fits) {
    throw new BadShape(`the columns are ${names.join(', ')}; they must be ${allowed.join(', ')}`)
  }
  for (const column of columns) checkType(column)
}

function checkType({ name, type }: Column): void {
  const [types, wanted] =
    name === 'series'
      ? [TEXT_TYPES, 'text']
      : name === 'bucket' || name === 'latest'
        ? [INSTANT_TYPES, 'timestamptz']
        : [NUMBER_TYPES, 'a number, best float8']
  if (!types.has(type)) throw new BadShape(`the column ${name} is not ${wanted}`)
}

function cellsOf(columns: readonly Column[], row: TextRow): Cells {
  return Object.fromEntries(columns.map((column, index) => [column.name, row[index] ?? null]))
}

function unlessBad<Result>(work: () => Result, otherwise: (problem: string) => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof BadShape) return otherwise(error.message)
    throw error
  }
}

function badShape(file: string, problem: string): Problem {
  return {
    code: 'bad_shape',
    message: `${file}: ${problem}.`,
    remedy: 'Make the rows what docs/metrics.md prescribes for the kind of the metric.'
  }
}
