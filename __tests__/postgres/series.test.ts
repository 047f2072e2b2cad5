import { describe, expect, test } from '@jest/globals'
import { answersOf } from '../../src/postgres/series.ts'
import type { MetricHeader, MetricKind } from '../../src/rollout/ports.ts'

const WINDOW = { since: '2026-03-01T10:00:00.000Z', until: '2026-03-01T12:00:00.000Z' }
const BUCKET = '2026-03-01 10:00:00+00'
const TYPES = {
  series: 25,
  bucket: 1184,
  hits: 701,
  total: 701,
  latest: 1184,
  from_state: 25,
  to_state: 25,
  waiting: 20,
  oldest: 1184,
  other: 25
} as const
type ColumnName = keyof typeof TYPES

const header = (name: string, kind: MetricKind): MetricHeader => ({
  name,
  kind,
  asks: 'What?',
  unit: 'thing',
  file: 'sql/x.sql'
})

function read(
  metrics: readonly MetricHeader[],
  columns: readonly ColumnName[],
  rows: readonly (readonly (string | null)[])[],
  types: Partial<Record<ColumnName, number>> = {}
) {
  const named = columns.map(name => ({ name, type: types[name] ?? TYPES[name] }))
  const result = { columns: named, rows, truncated: false }
  return answersOf({ file: 'sql/x.sql', metrics, window: WINDOW }, result)
}

const one = (kind: MetricKind, columns: readonly ColumnName[], ...cells: (string | null)[]) =>
  read([header('m', kind)], columns, [cells])['m']

const SHARE = ['bucket', 'hits', 'total'] as const
const COUNT = ['bucket', 'hits'] as const
const LATEST = ['bucket', 'hits', 'latest'] as const
const MOVES = ['bucket', 'hits', 'from_state', 'to_state', 'waiting', 'oldest'] as const
const OLDEST = '2026-03-01 10:30:00+00'

describe('a good row is taken as it is', () => {
  test.each<[MetricKind, readonly ColumnName[], (string | null)[], object]>([
    ['proportion', SHARE, [BUCKET, '3', '4'], { hits: 3, total: 4 }],
    ['proportion', SHARE, [BUCKET, '0', '0'], { hits: 0, total: 0 }],
    ['count', COUNT, [BUCKET, '9007199254740991'], { hits: Number.MAX_SAFE_INTEGER }],
    [
      'count',
      LATEST,
      [BUCKET, '1', '2026-03-01 11:59:59.999999+00'],
      { hits: 1, latest: '2026-03-01T11:59:59.999Z' }
    ],
    [
      'transitions',
      MOVES,
      [BUCKET, '3', 'created', 'failed', '0', null],
      { hits: 3, from: 'created', to: 'failed', waiting: 0 }
    ],
    [
      'transitions',
      MOVES,
      [BUCKET, '3', 'created', 'pending', '2', OLDEST],
      { hits: 3, from: 'created', to: 'pending', waiting: 2, oldest: '2026-03-01T10:30:00.000Z' }
    ]
  ])('%s %j', (kind, columns, cells, row) => {
    const bucket = '2026-03-01T10:00:00.000Z'
    expect(one(kind, columns, ...cells)).toEqual({ kind: 'answered', rows: [{ bucket, ...row }] })
  })
})

describe('a bad row leaves the metric unanswered, naming file, column and value', () => {
  test.each<[MetricKind, readonly ColumnName[], (string | null)[], string]>([
    ['proportion', SHARE, [BUCKET, null, '4'], 'hits is NULL'],
    ['proportion', SHARE, [BUCKET, '1', null], 'total is NULL'],
    ['proportion', SHARE, [null, '1', '1'], 'bucket is NULL'],
    ['proportion', SHARE, [BUCKET, '5', '4'], 'hits is 5, more than total, which is 4'],
    ['proportion', SHARE, [BUCKET, '-1', '4'], 'hits is -1, which is no count'],
    ['proportion', SHARE, [BUCKET, '0.5', '4'], 'hits is 0.5, which is no count'],
    ['proportion', SHARE, [BUCKET, 'NaN', '4'], 'hits is NaN, which is no finite number'],
    ['count', COUNT, [BUCKET, 'Infinity'], 'hits is Infinity, which is no finite number'],
    ['count', COUNT, [BUCKET, '9007199254740993'], 'which is no count'],
    ['count', COUNT, [BUCKET, '-1'], 'hits is -1'],
    ['count', LATEST, [BUCKET, '1', null], 'latest is NULL'],
    [
      'count',
      LATEST,
      [BUCKET, '1', '2026-03-01 12:00:00+00'],
      'latest is 2026-03-01T12:00:00.000Z, outside the window'
    ],
    ['value', SHARE, [BUCKET, '-Infinity', '1'], 'hits is -Infinity'],
    ['value', SHARE, [BUCKET, 'NaN', '1'], 'hits is NaN'],
    ['value', SHARE, [BUCKET, null, '1'], 'hits is NULL'],
    ['value', SHARE, [null, null, '1'], 'none of its buckets has any'],
    ['value', SHARE, [BUCKET, '1', null], 'total is NULL'],
    ['value', SHARE, [BUCKET, '1', '-1'], 'total is -1, which is no count'],
    ['value', SHARE, [BUCKET, '1', '1.5'], 'total is 1.5, which is no count'],
    ['value', SHARE, [BUCKET, '1', '5'], 'the row for the whole window (bucket NULL) is missing'],
    ['value', SHARE, [null, '1', '5'], 'the whole window has samples, and none of its buckets'],
    ['transitions', MOVES, [null, '1', 'a', 'b', '0', null], 'bucket is NULL'],
    ['transitions', MOVES, [BUCKET, null, 'a', 'b', '0', null], 'hits is NULL'],
    ['transitions', MOVES, [BUCKET, '1', null, 'b', '0', null], 'from_state is NULL'],
    ['transitions', MOVES, [BUCKET, '1', 'a', null, '0', null], 'to_state is NULL'],
    ['transitions', MOVES, [BUCKET, '1', 'a', 'b', null, null], 'waiting is NULL'],
    ['transitions', MOVES, [BUCKET, '1', 'a', 'b', '-1', null], 'waiting is -1'],
    ['transitions', MOVES, [BUCKET, '1', 'a', 'b', '2', OLDEST], 'waiting is 2, more than hits'],
    ['transitions', MOVES, [BUCKET, '1', 'a', 'b', '1', null], 'oldest is NULL'],
    ['transitions', MOVES, [BUCKET, '1', 'a', 'b', '0', OLDEST], 'where nobody is waiting'],
    [
      'transitions',
      MOVES,
      [BUCKET, '1', 'a', 'b', '1', '2026-03-01 09:00:00+00'],
      'oldest is 2026-03-01T09:00:00.000Z, outside the window'
    ],
    ['transitions', MOVES, [BUCKET, '1', 'x'.repeat(101), 'b', '0', null], '101 characters'],
    ['count', COUNT, ['infinity', '1'], 'bucket is infinity, which is no instant'],
    ['count', COUNT, ['0001-01-01 00:00:00+00 BC', '1'], 'which is no instant'],
    ['count', COUNT, ['2026-03-01 09:59:59.999+00', '1'], 'outside the window'],
    ['count', COUNT, ['2026-03-01 12:00:00+00', '1'], 'outside the window']
  ])('%s %j', (kind, columns, cells, problem) => {
    const answer = one(kind, columns, ...cells)
    expect(answer).toMatchObject({ kind: 'unanswered', code: 'bad_shape' })
    expect(answer).toMatchObject({ message: expect.stringContaining(problem) })
    expect(answer).toMatchObject({ message: expect.stringContaining('sql/x.sql') })
  })
})

describe('wrong columns leave the metric unanswered', () => {
  test.each<[MetricKind, readonly ColumnName[]]>([
    ['proportion', COUNT],
    ['proportion', ['bucket', 'total', 'hits']],
    ['proportion', ['bucket', 'hits', 'total', 'latest']],
    ['count', SHARE],
    ['count', ['hits', 'bucket']],
    ['count', ['bucket', 'hits', 'other']],
    ['count', ['series', 'bucket', 'hits']],
    ['count', ['bucket', 'hits', 'hits']],
    ['value', COUNT],
    ['value', LATEST],
    ['value', ['bucket', 'hits', 'total', 'latest']],
    ['value', []],
    ['count', MOVES],
    ['transitions', COUNT],
    ['transitions', ['bucket', 'hits', 'from_state', 'to_state', 'waiting']],
    ['transitions', ['bucket', 'hits', 'to_state', 'from_state', 'waiting', 'oldest']]
  ])('%s with %j', (kind, columns) => {
    expect(one(kind, columns)).toMatchObject({
      code: 'bad_shape',
      message: expect.stringContaining('the columns are')
    })
  })

  test('the columns that there must be are named, with those that there may be', () => {
    expect(one('count', SHARE)).toMatchObject({
      message: expect.stringContaining(
        'the columns are bucket, hits, total; they must be bucket, hits, latest (optional)'
      )
    })
  })

  test.each([
    ['from_state', 20, 'the column from_state is not text'],
    ['waiting', 25, 'the column waiting is not a number'],
    ['oldest', 1114, 'the column oldest is not timestamptz']
  ])('%s of type %d', (name, type, problem) => {
    const answers = read([header('m', 'transitions')], MOVES, [], { [name]: type })
    expect(answers['m']).toMatchObject({ message: expect.stringContaining(problem) })
  })

  test.each([
    ['hits', 25, 'the column hits is not a number, best float8'],
    ['bucket', 1114, 'the column bucket is not timestamptz'],
    ['bucket', 25, 'the column bucket is not timestamptz']
  ])('%s of type %d', (name, type, problem) => {
    const answers = read([header('m', 'count')], COUNT, [], { [name]: type })
    expect(answers['m']).toMatchObject({ message: expect.stringContaining(problem) })
  })
})

test('two rows for one bucket are no series', () => {
  const rows = [
    [BUCKET, '1'],
    [BUCKET, '2']
  ]
  expect(read([header('m', 'count')], COUNT, rows)['m']).toMatchObject({
    message: expect.stringContaining('two rows for the bucket 2026-03-01T10:00:00.000Z')
  })
})

test('two rows for one transition in one bucket are no series, two transitions are', () => {
  const move = (to: string) => [BUCKET, '1', 'a', to, '0', null]
  const metrics = [header('m', 'transitions')]
  expect(read(metrics, MOVES, [move('b'), move('c'), move('b')])['m']).toMatchObject({
    message: expect.stringContaining('two rows for the bucket 2026-03-01T10:00:00.000Z (a → b)')
  })
  expect(read(metrics, MOVES, [move('c'), move('b')])['m']).toMatchObject({
    rows: [{ to: 'b' }, { to: 'c' }]
  })
})

test('the name of a state is kept without what it may give away', () => {
  const answer = one('transitions', MOVES, BUCKET, '1', 'ana@example.org', 'b', '0', null)
  expect(answer).toMatchObject({ rows: [{ from: '[email]' }] })
})

describe('the number of a value', () => {
  const metrics = [header('m', 'value')]
  const values = (...rows: (string | null)[][]) => read(metrics, SHARE, rows)['m']

  test('comes bucket by bucket, and once for the whole window', () => {
    expect(values([BUCKET, '-1.5', '2'], [null, '1e-3', '3'])).toEqual({
      kind: 'answered',
      rows: [{ bucket: '2026-03-01T10:00:00.000Z', hits: -1.5, total: 2 }],
      whole: { hits: 0.001, total: 3 }
    })
  })

  test('is none when it was made from no samples', () => {
    expect(values([null, null, '0'])).toEqual({ kind: 'answered', rows: [] })
    expect(values([BUCKET, null, '0'], [null, '0', '0'])).toEqual({ kind: 'answered', rows: [] })
    const mixed = values(
      [BUCKET, '1', '1'],
      ['2026-03-01 11:00:00+00', null, '0'],
      [null, '1', '1']
    )
    expect(mixed).toMatchObject({ rows: [{ total: 1 }], whole: { total: 1 } })
  })

  test('comes once for the whole window', () => {
    expect(values([BUCKET, '1', '1'], [null, '1', '1'], [null, '2', '1'])).toMatchObject({
      message: expect.stringContaining('two rows for the whole window (bucket NULL)')
    })
  })
})

test('rows come out in the order of time', () => {
  const rows = [
    ['2026-03-01 11:00:00+00', '2'],
    [BUCKET, '1']
  ]
  const answer = read([header('m', 'count')], COUNT, rows)['m']
  expect(answer).toMatchObject({ rows: [{ hits: 1 }, { hits: 2 }] })
})

test('more rows than may be are no answer', () => {
  const columns = COUNT.map(name => ({ name, type: TYPES[name] }))
  const result = { columns, rows: [[BUCKET, '1']], truncated: true }
  const metrics = [header('m', 'count')]
  expect(answersOf({ file: 'x.sql', metrics, window: WINDOW }, result)['m']).toMatchObject({
    message: 'x.sql: more than 1 rows.'
  })
})

describe('in a file of several metrics', () => {
  const metrics = [header('share', 'proportion'), header('number', 'count')]
  const columns = ['series', 'bucket', 'hits', 'total'] as const

  test('each row goes to the series it names; without rows there is an empty answer', () => {
    expect(read(metrics, columns, [['share', BUCKET, '1', '2']])).toMatchObject({
      share: { rows: [{ hits: 1, total: 2 }] },
      number: { kind: 'answered', rows: [] }
    })
  })

  test('a bad row spoils its own series only', () => {
    const rows = [
      ['share', BUCKET, '3', '2'],
      ['number', BUCKET, '1', null]
    ]
    expect(read(metrics, columns, rows)).toMatchObject({
      share: { code: 'bad_shape' },
      number: { rows: [{ hits: 1 }] }
    })
  })

  test('a total where it has no meaning is bad', () => {
    expect(read(metrics, columns, [['number', BUCKET, '1', '2']])).toMatchObject({
      number: { message: expect.stringContaining('total is 2, where it has no meaning') }
    })
  })

  test.each(['stranger', null])('the series %s spoils the file', name => {
    const rows = [
      [name, BUCKET, '1', '2'],
      ['number', BUCKET, '1', null]
    ]
    const answers = read(metrics, columns, rows)
    expect(Object.values(answers).map(answer => answer.kind)).toEqual(['unanswered', 'unanswered'])
  })
})

describe('in a file of every kind', () => {
  const kinds = ['proportion', 'count', 'value', 'transitions'] as const
  const metrics = kinds.map(kind => header(kind, kind))
  const columns = [
    'series',
    'bucket',
    'hits',
    'total',
    'latest',
    'from_state',
    'to_state',
    'waiting',
    'oldest'
  ] as const
  const none = [null, null, null, null] as const

  test('each row has what its kind uses, and NULL elsewhere', () => {
    const rows = [
      ['proportion', BUCKET, '1', '2', null, ...none],
      ['count', BUCKET, '1', null, OLDEST, ...none],
      ['value', BUCKET, '1.5', '2', null, ...none],
      ['value', null, '1.5', '2', null, ...none],
      ['transitions', BUCKET, '1', null, null, 'a', 'b', '1', OLDEST]
    ]
    const answers = read(metrics, columns, rows)
    expect(Object.values(answers).map(answer => answer.kind)).toEqual(kinds.map(() => 'answered'))
    expect(answers).toMatchObject({ value: { whole: { hits: 1.5, total: 2 } } })
  })

  test.each<[string, number, string]>([
    ['proportion', 4, OLDEST],
    ['count', 3, '2'],
    ['value', 5, 'a'],
    ['transitions', 3, '2'],
    ['transitions', 4, OLDEST],
    ['count', 8, OLDEST]
  ])('%s refuses a cell in column %d', (kind, column, cell) => {
    const row = [kind, BUCKET, '1', null, null, ...none].map((empty, index) =>
      index === column ? cell : empty
    )
    expect(read(metrics, columns, [row])).toMatchObject({
      [kind]: { message: expect.stringContaining('where it has no meaning') }
    })
  })

  test('no column may be left out but the optional one', () => {
    const without = (name: string) => columns.filter(column => column !== name)
    expect(read(metrics, without('latest'), [])['count']).toMatchObject({ kind: 'answered' })
    expect(read(metrics, without('oldest'), [])['count']).toMatchObject({ code: 'bad_shape' })
    expect(read(metrics, without('total'), [])['count']).toMatchObject({ code: 'bad_shape' })
  })
})
