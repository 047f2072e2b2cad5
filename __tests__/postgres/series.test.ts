import { describe, expect, test } from '@jest/globals'
import { answersOf } from '../../src/postgres/series.ts'
import type { MetricHeader, MetricKind } from '../../src/rollout/ports.ts'

const WINDOW = { since: '2026-03-01T10:00:00.000Z', until: '2026-03-01T12:00:00.000Z' }
const BUCKET = '2026-03-01 10:00:00+00'
const TYPES = { series: 25, bucket: 1184, hits: 701, total: 701, latest: 1184, other: 25 } as const
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
    ['value', COUNT, [BUCKET, '-1.5'], { hits: -1.5 }],
    ['value', COUNT, [BUCKET, '1e-3'], { hits: 0.001 }]
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
    ['value', COUNT, [BUCKET, '-Infinity'], 'hits is -Infinity'],
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
    ['value', LATEST],
    ['value', []]
  ])('%s with %j', (kind, columns) => {
    expect(one(kind, columns)).toMatchObject({
      code: 'bad_shape',
      message: expect.stringContaining('the columns are')
    })
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
