import type { Answer, MetricHeader } from '../rollout/ports.ts'
import { redact } from '../rollout/redaction.ts'
import { BadShape, type Cells, type Window } from './cells.ts'
import { checkColumns } from './columns.ts'
import type { Column, TextRow } from './connection.ts'
import type { Problem } from './failure.ts'
import type { GuardedRows } from './guard.ts'
import { seriesOf } from './series-row.ts'

interface Reading {
  readonly file: string
  readonly metrics: readonly MetricHeader[]
  readonly window: Window
}

/**
 * The answers a file's rows give to its metrics, one each. A metric without rows is answered with
 * none; a row that is not exactly what its kind prescribes unanswers its metric, a wrong column or
 * an unknown series all of them.
 */
export function answersOf(reading: Reading, result: GuardedRows): Readonly<Record<string, Answer>> {
  return unlessBad(
    () => {
      checkColumns(reading.metrics, result.columns)
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

function answerOf(reading: Reading, metric: MetricHeader, rows: readonly Cells[]): Answer {
  const { window, metrics, file } = reading
  const mixed = metrics.length > 1
  const own = rows.filter(row => !mixed || row['series'] === metric.name)
  return unlessBad<Answer>(
    () => ({ kind: 'answered', ...seriesOf({ kind: metric.kind, window, mixed }, own) }),
    problem => ({ kind: 'unanswered', ...badShape(file, `${metric.name}: ${problem}`) })
  )
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
