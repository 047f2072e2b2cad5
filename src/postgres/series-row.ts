import type { Answer, MetricKind, SeriesRow } from '../rollout/ports.ts'
import {
  BadShape,
  type Cells,
  countIn,
  instantIn,
  isNull,
  nameIn,
  numberIn,
  refuseFilled,
  type Window
} from './cells.ts'
import { columnsWithoutUse } from './columns.ts'

type Answered = Omit<Extract<Answer, { kind: 'answered' }>, 'kind'>

interface Series {
  readonly kind: MetricKind
  readonly window: Window
  /** Whether the file answers other metrics too, whose columns are NULL here. */
  readonly mixed: boolean
}

/**
 * What the rows of one metric say, in the order of time.
 * @throws BadShape at the first row that is not exactly what the kind prescribes
 */
export function seriesOf(series: Series, rows: readonly Cells[]): Answered {
  for (const row of rows) refuseFilled(row, columnsWithoutUse(series.kind))
  return series.kind === 'value' ? values(series, rows) : { rows: buckets(series, rows) }
}

function buckets(series: Series, rows: readonly Cells[]): readonly SeriesRow[] {
  const found = rows.map(row => bucketRow(series, row))
  found.sort((a, b) => (identity(a) < identity(b) ? -1 : 1))
  const twice = found.find((row, index) => {
    const next = found[index + 1]
    return next !== undefined && identity(row) === identity(next)
  })
  if (twice !== undefined) throw new BadShape(`two rows for the bucket ${shown(twice)}`)
  return found
}

function bucketRow({ kind, window, mixed }: Series, row: Cells): SeriesRow {
  const bucket = instantIn(window, 'bucket', row)
  switch (kind) {
    case 'proportion':
      return { bucket, ...shareOf(row) }
    case 'count':
      return { bucket, hits: countIn('hits', row), ...latestOf(window, row, mixed) }
    case 'value':
      return { bucket, hits: numberIn('hits', row), total: countIn('total', row) }
    case 'transitions':
      return { bucket, ...transitionOf(window, row) }
  }
}

/**
 * The row without a bucket is the whole window. A number that was made from no samples is none, so a
 * row that says so (as the percentile of nothing does, which is NULL) is as good as left out.
 */
function values(series: Series, rows: readonly Cells[]): Answered {
  const sampled = rows.filter(row => countIn('total', row) > 0)
  const [whole, another] = sampled.filter(row => isNull('bucket', row))
  const inBuckets = buckets(
    series,
    sampled.filter(row => !isNull('bucket', row))
  )
  if (another !== undefined) throw new BadShape('two rows for the whole window (bucket NULL)')
  if (whole === undefined && inBuckets.length > 0) {
    throw new BadShape('the row for the whole window (bucket NULL) is missing')
  }
  if (whole !== undefined && inBuckets.length === 0) {
    throw new BadShape('the whole window has samples, and none of its buckets has any')
  }
  return whole === undefined
    ? { rows: [] }
    : { rows: inBuckets, whole: { hits: numberIn('hits', whole), total: countIn('total', whole) } }
}

function transitionOf(window: Window, row: Cells): Omit<SeriesRow, 'bucket'> {
  const [from, to] = [nameIn('from_state', row), nameIn('to_state', row)]
  const [hits, waiting] = [countIn('hits', row), countIn('waiting', row)]
  if (waiting > hits) throw tooMany('waiting', waiting, 'hits', hits)
  if (waiting === 0) {
    if (!isNull('oldest', row)) throw new BadShape('oldest is given where nobody is waiting')
    return { hits, from, to, waiting }
  }
  return { hits, from, to, waiting, oldest: instantIn(window, 'oldest', row) }
}

function shareOf(row: Cells): { readonly hits: number; readonly total: number } {
  const [hits, total] = [countIn('hits', row), countIn('total', row)]
  if (hits > total) throw tooMany('hits', hits, 'total', total)
  return { hits, total }
}

/** In a file of several series the column exists for some of them only. */
function latestOf(window: Window, row: Cells, mixed: boolean): { readonly latest?: string } {
  const missing = row['latest'] === undefined || (mixed && row['latest'] === null)
  return missing ? {} : { latest: instantIn(window, 'latest', row) }
}

function tooMany(part: string, hits: number, all: string, total: number): BadShape {
  return new BadShape(`${part} is ${hits}, more than ${all}, which is ${total}`)
}

/** What there is one row of; a state ends where no name can go on. */
function identity({ bucket, from = '', to = '' }: SeriesRow): string {
  return `${bucket}\n${from}\n${to}`
}

function shown({ bucket, from, to }: SeriesRow): string {
  return from === undefined ? bucket : `${bucket} (${from} → ${to})`
}
