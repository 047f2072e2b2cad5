import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type {
  ApplicationDatabase,
  StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import type { SeriesRow } from '../../src/rollout/ports.ts'
import {
  adapterFor,
  bundledMetrics,
  coordinatorEvent,
  freshDatabase,
  lookAt,
  START,
  startTestServer
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server)
})
afterAll(() => server?.stop())

const [A, B, C] = [randomUUID(), randomUUID(), randomUUID()]
const of = (bookingId: string, kind: string, minutes: number, rest: Partial<StoredEvent> = {}) =>
  coordinatorEvent(kind, minutes, { bookingId, ...rest })

/** Rows as `hour+minute hits/total`, which is all that the tables below compare. */
async function read(
  metric: string,
  events: readonly StoredEvent[],
  environment = ''
): Promise<readonly string[]> {
  await database.query('truncate public.observability_events')
  await database.insert(events)
  const { metrics } = await adapterFor(database)
  const parameters = { source: 'assignment.coordinator', environment, mode: 'shadow' }
  const { answers } = await metrics.look(lookAt([metric], { parameters }))
  const answer = answers[metric]
  if (answer?.kind !== 'answered') throw new Error(JSON.stringify(answer))
  return answer.rows.map(shown)
}

function shown({ bucket, hits, total }: SeriesRow): string {
  const minutes = (Date.parse(bucket) - START) / 60_000
  return `+${minutes} ${total === undefined ? hits : `${hits}/${total}`}`
}

describe('outcomes counts bookings by how their processing ended', () => {
  test.each<[string, readonly StoredEvent[], readonly string[]]>([
    ['nothing happened', [], []],
    ['one confirmed', [of(A, 'start', 1), of(A, 'confirmed', 2)], ['+0 1/1']],
    ['still in progress', [of(A, 'start', 1), of(A, 'retry', 2)], []],
    [
      'retries, then confirmed',
      [of(A, 'retry', 1), of(A, 'retry', 2), of(A, 'confirmed', 3)],
      ['+0 1/1']
    ],
    ['an error, then confirmed', [of(A, 'error', 1), of(A, 'confirmed', 2)], ['+0 1/1']],
    ['confirmed, then an error', [of(A, 'confirmed', 1), of(A, 'error', 2)], ['+0 0/1']],
    ['nothing but an error', [of(A, 'error', 1)], ['+0 0/1']],
    ['given up to a person', [of(A, 'manual_review', 1)], ['+0 0/1']],
    [
      'the same ending twice',
      [of(A, 'confirmed', 1), of(A, 'confirmed', 1), of(A, 'confirmed', 2)],
      ['+0 1/1']
    ],
    [
      'two endings at one instant: the worse one',
      [of(A, 'confirmed', 1), of(A, 'error', 1)],
      ['+0 0/1']
    ],
    ['the same in the other order', [of(A, 'manual_review', 1), of(A, 'confirmed', 1)], ['+0 0/1']],
    ['an ending in the next hour', [of(A, 'start', 59), of(A, 'confirmed', 61)], ['+60 1/1']],
    [
      'an hour that ends exactly',
      [of(A, 'confirmed', 0), of(B, 'confirmed', 60)],
      ['+0 1/1', '+60 1/1']
    ],
    [
      'three bookings',
      [of(A, 'confirmed', 1), of(B, 'error', 2), of(C, 'manual_review', 3)],
      ['+0 1/3']
    ],
    [
      'events without a booking are units of their own',
      [coordinatorEvent('error', 1), coordinatorEvent('error', 2)],
      ['+0 0/2']
    ],
    [
      'before and after the window',
      [of(A, 'confirmed', -1), of(B, 'confirmed', 360), of(C, 'confirmed', 359)],
      ['+300 1/1']
    ],
    [
      'an ending after the window leaves the earlier one',
      [of(A, 'error', 10), of(A, 'confirmed', 360)],
      ['+0 0/1']
    ],
    ['another source', [of(A, 'confirmed', 1, { source: 'auto_assign' })], []],
    ['noop and circuit_open are no endings', [of(A, 'noop', 1), of(B, 'circuit_open', 2)], []]
  ])('%s', async (_, events, rows) => {
    expect(await read('outcomes', events)).toEqual(rows)
  })
})

describe('exposure counts bookings by the mode in which they were last begun', () => {
  const begun = (bookingId: string, minutes: number, mode?: string | null) =>
    of(bookingId, 'start', minutes, { context: { trigger: 'creation', mode } })

  test.each<[string, readonly StoredEvent[], readonly string[]]>([
    ['nothing was begun', [of(A, 'confirmed', 1)], []],
    ['one in that mode', [begun(A, 1, 'shadow')], ['+0 1/1']],
    ['one in another mode', [begun(A, 1, 'active'), begun(B, 2, 'shadow')], ['+0 1/2']],
    ['a mode that nobody told', [begun(A, 1), begun(B, 2, null), of(C, 'start', 3)], ['+0 0/3']],
    ['begun twice is one unit', [begun(A, 1, 'shadow'), begun(A, 2, 'shadow')], ['+0 1/1']],
    [
      'what an earlier deployment began counts as it is taken up',
      [begun(A, 1, 'active'), begun(A, 61, 'shadow')],
      ['+60 1/1']
    ],
    [
      'both modes at one instant: not exposed',
      [begun(A, 1, 'shadow'), begun(A, 1, 'x')],
      ['+0 0/1']
    ],
    [
      'without a booking every event is a unit',
      [1, 2].map(at => coordinatorEvent('start', at, { context: { mode: 'shadow' } })),
      ['+0 2/2']
    ],
    ['before and after the window', [begun(A, -1, 'shadow'), begun(B, 360, 'shadow')], []],
    [
      'another source',
      [of(A, 'start', 1, { source: 'auto_assign', context: { mode: 'shadow' } })],
      []
    ]
  ])('%s', async (_, events, rows) => {
    expect(await read('exposure', events)).toEqual(rows)
  })
})

test('manual-review counts the bookings given up to a person among all that ended', async () => {
  const events = [of(A, 'manual_review', 1), of(B, 'confirmed', 2), of(C, 'error', 3)]
  expect(await read('manual-review', events)).toEqual(['+0 1/3'])
})

test('errors come in five-minute buckets anchored at the start of the window', async () => {
  const events = [0, 4, 5, 14, 15, 15].map(minute => coordinatorEvent('error', minute))
  expect(await read('errors', events)).toEqual(['+0 2', '+5 1', '+10 1', '+15 2'])
})

test.each([
  ['circuit-open', ['+0 1', '+60 1']],
  ['coordinator-starts', ['+0 2']],
  ['coordinator-events', ['+0 4', '+60 1']]
])('%s counts events per hour', async (metric, rows) => {
  const kinds = ['circuit_open', 'start', 'start', 'noop']
  const events = kinds.map((kind, index) => coordinatorEvent(kind, index))
  expect(await read(metric, [...events, coordinatorEvent('circuit_open', 60)])).toEqual(rows)
})

test('the figure of the runbook takes an error for a success', async () => {
  const events = [
    of(A, 'start', 1, { context: { trigger: 'cron', mode: 'active' } }),
    of(A, 'error', 2, { context: { trigger: 'cron', message: 'boom' } }),
    of(B, 'retry', 3, { context: { trigger: 'cron', reason: 'no_assignment' } })
  ]
  expect(await read('runbook-figure', events)).toEqual(['+0 2/3'])
  expect(await read('outcomes', events)).toEqual(['+0 0/1'])
})

describe('a reason that is not there is none to the figure of the runbook', () => {
  test.each<[string, unknown, string]>([
    ['SQL NULL', undefined, '1/1'],
    ['JSON null', null, '1/1'],
    ['no such key', { trigger: 'cron' }, '1/1'],
    ['a JSON null in the key', { reason: null }, '1/1'],
    ['no object', ['no_assignment'], '1/1'],
    ['the empty text', { reason: '' }, '0/1'],
    ['the text null', { reason: 'null' }, '0/1'],
    ['an object', { reason: { code: null } }, '0/1']
  ])('%s', async (_, context, share) => {
    const event = of(A, 'retry', 1, context === undefined ? {} : { context })
    expect(await read('runbook-figure', [event])).toEqual([`+0 ${share}`])
  })
})

describe('the environment filter', () => {
  const staging = (kind: string, bookingId: string, context: unknown) =>
    of(bookingId, kind, 1, context === undefined ? {} : { context })

  test.each<[string, unknown, readonly string[]]>([
    ['the wanted value', { environment: 'staging' }, ['+0 1/1']],
    ['another value', { environment: 'production' }, []],
    ['SQL NULL', undefined, []],
    ['JSON null', null, []],
    ['a JSON null in the key', { environment: null }, []],
    ['no such key', { trigger: 'cron' }, []],
    ['the key in another case', { Environment: 'staging' }, []],
    ['a nested key', { vercel: { environment: 'staging' } }, []],
    ['no object', ['staging'], []]
  ])('takes or leaves a row whose context holds %s', async (_, context, rows) => {
    expect(await read('outcomes', [staging('confirmed', A, context)], 'staging')).toEqual(rows)
    expect(await read('outcomes', [staging('confirmed', A, context)])).toEqual(['+0 1/1'])
  })
})

test('telemetry says in which hours others wrote, legacy in which the old path did, both with the newest', async () => {
  await database.query('truncate public.observability_events')
  await database.insert([
    coordinatorEvent('start', 1),
    coordinatorEvent('x', 2, { source: 'auto_assign' }),
    coordinatorEvent('x', 3, { source: 'capacity.rpc' }),
    coordinatorEvent('x', 61, { source: 'auto_assign' })
  ])
  const { metrics } = await adapterFor(database)
  const { answers } = await metrics.look(lookAt(['telemetry', 'legacy']))
  const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString()
  expect(answers).toEqual({
    telemetry: {
      kind: 'answered',
      rows: [
        { bucket: at(0), hits: 1, latest: at(3) },
        { bucket: at(60), hits: 1, latest: at(61) }
      ]
    },
    legacy: {
      kind: 'answered',
      rows: [
        { bucket: at(0), hits: 1, latest: at(2) },
        { bucket: at(60), hits: 1, latest: at(61) }
      ]
    }
  })
})

test('a file of one metric carries its name', async () => {
  const { files } = await bundledMetrics()
  const single = files.filter(file => file.metrics.length === 1)
  expect(single.map(file => file.statement.file)).toEqual(
    single.map(file => `sql/metrics/${file.metrics[0]?.name}.sql`)
  )
})
