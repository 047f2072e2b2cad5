import type { MetricHeader, MetricKind } from '../rollout/ports.ts'
import { BadShape } from './cells.ts'
import type { Column } from './connection.ts'

type Use = 'required' | 'optional'

/** The columns that a kind has beside `bucket` and `hits`. */
const USES: Readonly<Record<MetricKind, Readonly<Record<string, Use>>>> = {
  proportion: { total: 'required' },
  count: { latest: 'optional' },
  value: { total: 'required' },
  transitions: {
    from_state: 'required',
    to_state: 'required',
    waiting: 'required',
    oldest: 'required'
  }
}

/** In the order in which they stand. */
const BY_KIND = ['total', 'latest', 'from_state', 'to_state', 'waiting', 'oldest'] as const

/** OIDs of the types that say what the column is to say, and how people call them. */
const COUNTED = { types: new Set([20, 21, 23, 700, 701, 1700]), called: 'a number, best float8' }
const INSTANT = { types: new Set([1184]), called: 'timestamptz' }
const TEXT = { types: new Set([19, 25, 705, 1042, 1043]), called: 'text' }
const TYPES: Readonly<Record<string, typeof COUNTED>> = {
  series: TEXT,
  bucket: INSTANT,
  hits: COUNTED,
  total: COUNTED,
  latest: INSTANT,
  from_state: TEXT,
  to_state: TEXT,
  waiting: COUNTED,
  oldest: INSTANT
}

/**
 * Refuses columns that are not those of the file's kinds: a file has a column when one of its metrics
 * has a use for it.
 * @throws BadShape
 */
export function checkColumns(metrics: readonly MetricHeader[], columns: readonly Column[]): void {
  const uses: Readonly<Record<string, Use>> = Object.assign({}, ...metrics.map(m => USES[m.kind]))
  const always = metrics.length > 1 ? ['series', 'bucket', 'hits'] : ['bucket', 'hits']
  const known = [...always, ...BY_KIND.filter(name => name in uses)]
  const names = columns.map(column => column.name)
  const expected = known.filter(name => uses[name] !== 'optional' || names.includes(name))
  if (JSON.stringify(names) !== JSON.stringify(expected)) {
    const wanted = known.map(name => (uses[name] === 'optional' ? `${name} (optional)` : name))
    throw new BadShape(`the columns are ${list(names)}; they must be ${list(wanted)}`)
  }
  for (const column of columns) checkType(column)
}

/** The columns that a kind has no use for; in a file of several series they are NULL. */
export function columnsWithoutUse(kind: MetricKind): readonly string[] {
  return BY_KIND.filter(name => !(name in USES[kind]))
}

function checkType({ name, type }: Column): void {
  const wanted = TYPES[name]
  if (wanted?.types.has(type) === false) {
    throw new BadShape(`the column ${name} is not ${wanted.called}`)
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}
