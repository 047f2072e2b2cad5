import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type {
  ApplicationDatabase,
  StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import type { Answer } from '../../src/rollout/ports.ts'
import {
  adapterFor,
  bundledMetrics,
  freshDatabase,
  lookAt,
  MINUTE,
  SINCE,
  SQL,
  START,
  startTestServer
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server)
  // A table of ten million rows is shared among workers; these few rows shall be, too.
  for (const name of [
    'min_parallel_table_scan_size',
    'parallel_setup_cost',
    'parallel_tuple_cost'
  ]) {
    await database.query(`alter database ${database.name} set ${name} = 0`)
  }
})
afterAll(() => server?.stop())

const TABLE = 'public.observability_events'
const RECOMMENDED = `create index wanted on ${TABLE} (source, created_at)`

const BOOKINGS = [1, 2, 3, 4].map(digit => `00000000-0000-4000-8000-00000000000${digit}`)
const STATES = [
  'created',
  'assignment_pending',
  'assignment_in_progress',
  'confirmed',
  'x'.repeat(120)
]

const bookingId = fc.option(fc.constantFrom(...BOOKINGS), { nil: undefined })
const context = fc.constantFrom<unknown>(
  undefined,
  null,
  [],
  {},
  { environment: 'staging', reason: null, duration_ms: 40 },
  { environment: 'staging', reason: 'no_assignment', duration_ms: '9 ms' },
  { environment: 'production', duration_ms: 1e300 },
  { environment: null, reason: '', duration_ms: 250.5 }
)
/** Few instants, so that many events fall on the same one; some lie outside of the window. */
const createdAtMs = fc
  .constantFrom(-10, 0, 4, 5, 59, 60, 61, 125, 359, 360)
  .map(minute => START + minute * MINUTE)

const coordinator = fc.record({
  createdAtMs,
  bookingId,
  context,
  source: fc.constant('assignment.coordinator'),
  eventType: fc
    .constantFrom('start', 'confirmed', 'retry', 'error', 'manual_review', 'circuit_open', 'noop')
    .map(kind => `coordinator.${kind}`)
})
const state = fc.constantFrom<unknown>(...STATES, null, undefined)
const transition = fc.record({
  createdAtMs,
  bookingId,
  source: fc.constant('assignment.state_machine'),
  eventType: fc.constantFrom('booking.assignment_state_transition', 'booking.other'),
  context: fc.option(
    fc.record({
      from: state,
      to: state,
      version: fc.constantFrom<unknown>(1, 2, 10, '3', null, undefined),
      environment: fc.constantFrom('staging', undefined)
    }),
    { nil: undefined }
  )
})
const noise = fc.record({
  createdAtMs,
  bookingId,
  context,
  source: fc.constantFrom('auto_assign', 'capacity.rpc', 'a', 'zz'),
  eventType: fc.constantFrom('coordinator.confirmed', 'capacity.rpc.conflict')
})

const tableOf = fc.array(fc.oneof(coordinator, transition, noise), { maxLength: 60 }).map(events =>
  events.map(({ bookingId: id, context: details, ...rest }): StoredEvent => {
    const named = id === undefined ? {} : { bookingId: id }
    return { ...rest, ...named, ...(details === undefined ? {} : { context: details }) }
  })
)
const environment = fc.constantFrom('', '', 'staging')

type Answers = Readonly<Record<string, Answer>>

async function fill(events: readonly StoredEvent[]): Promise<void> {
  await database.query(`truncate ${TABLE}`)
  await database.insert(events)
}

async function answers(environmentFilter = ''): Promise<Answers> {
  const { metrics } = await adapterFor(database)
  const { headers } = await bundledMetrics()
  const parameters = {
    source: 'assignment.coordinator',
    environment: environmentFilter,
    mode: 'active'
  }
  const names = headers.map(header => header.name)
  return (await metrics.look(lookAt(names, { parameters }))).answers
}

async function withIndex<Result>(sql: string, work: () => Promise<Result>): Promise<Result> {
  await database.query(sql)
  try {
    return await work()
  } finally {
    await database.query('drop index if exists public.wanted')
  }
}

describe('whatever the table holds', () => {
  test('the metrics are the same with the recommended index and without it', async () => {
    await fc.assert(
      fc.asyncProperty(tableOf, environment, async (events, filter) => {
        await fill(events)
        const without = await answers(filter)
        expect(Object.values(without).map(({ kind }) => kind)).not.toContain('unanswered')
        expect(await withIndex(RECOMMENDED, () => answers(filter))).toEqual(without)
      }),
      { numRuns: 40 }
    )
  }, 120_000)

  test('an event that arrived twice changes nothing that is judged', async () => {
    await fc.assert(
      fc.asyncProperty(tableOf, async events => {
        await fill(events)
        const once = await answers()
        await fill([...events.filter(event => event.bookingId !== undefined), ...events].reverse())
        const twice = await answers()
        for (const name of UNITS) expect([name, twice[name]]).toEqual([name, once[name]])
        expect(waiting(twice)).toEqual(waiting(once))
      }),
      { numRuns: 20 }
    )
  }, 120_000)

  test('each booking counts once, by how it ended', async () => {
    await fc.assert(
      fc.asyncProperty(tableOf, async events => {
        await fill(events)
        const { outcomes } = await answers()
        const rows = outcomes?.kind === 'answered' ? outcomes.rows : []
        expect(rows.reduce((sum, row) => sum + row.hits, 0)).toBe(endingsOf(events).good)
        expect(rows.reduce((sum, row) => sum + (row.total ?? 0), 0)).toBe(endingsOf(events).all)
      }),
      { numRuns: 20 }
    )
  }, 120_000)
})

/** All but those that count events as they come. */
const UNITS = [
  'outcomes',
  'manual-review',
  'errors',
  'circuit-open',
  'duration-p95',
  'legacy',
  'telemetry'
]

function waiting({ transitions }: Answers): unknown {
  if (transitions?.kind !== 'answered') return transitions
  return transitions.rows.map(({ hits: _, ...row }) => row)
}

const RANKS = ['coordinator.confirmed', 'coordinator.manual_review', 'coordinator.error']

/** The endings counted a second way: the last one of each unit, the worst of those at one instant. */
function endingsOf(events: readonly StoredEvent[]): {
  readonly good: number
  readonly all: number
} {
  const last = new Map<string, number>()
  for (const [index, event] of events.entries()) {
    const { createdAtMs: at = 0, eventType, source, bookingId: unit = `event ${index}` } = event
    const inside = at >= START && at < START + 360 * MINUTE
    const rank = RANKS.indexOf(eventType)
    if (source !== 'assignment.coordinator' || rank < 0 || !inside) continue
    last.set(unit, Math.max(last.get(unit) ?? 0, at * RANKS.length + rank))
  }
  const ranks = [...last.values()].map(place => place % RANKS.length)
  return { good: ranks.filter(rank => rank === 0).length, all: ranks.length }
}

/** How many nodes of the plan read the table, and which. */
async function readsOf(): Promise<readonly string[]> {
  const text = await readFile(path.join(SQL, 'metrics', 'coordinator.sql'), 'utf8')
  const until = new Date(START + 360 * MINUTE).toISOString()
  const values: Readonly<Record<string, string>> = {
    since: SINCE,
    until,
    source: 'assignment.coordinator',
    environment: ''
  }
  const sql = text.replace(/:'(\w+)'/gu, (_, name: string) => `'${values[name]}'`)
  const rows = await database.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, timing off) ${sql}`
  )
  return rows
    .map(row => row['QUERY PLAN'].trim())
    .filter(line => line.includes('observability_events') && / on /u.test(line))
    .filter(line => !line.includes('never executed') && !line.includes('Bitmap Index Scan'))
}

describe('the table', () => {
  const events: readonly StoredEvent[] = Array.from({ length: 300 }, (_, index) => ({
    createdAtMs: START + index * MINUTE,
    source: ['assignment.coordinator', 'assignment.state_machine', 'auto_assign'][index % 3] ?? '',
    eventType: index % 2 === 0 ? 'coordinator.confirmed' : 'booking.assignment_state_transition'
  }))

  test.each([
    ['without an index of that kind', 'select 1'],
    ['with a partial one', `${RECOMMENDED} where source = 'auto_assign'`],
    [
      'with the columns the other way round',
      `create index wanted on ${TABLE} (created_at, source)`
    ],
    [
      'with the time beside the key',
      `create index wanted on ${TABLE} (source) include (created_at)`
    ],
    ['with one of another kind', `create index wanted on ${TABLE} using brin (source, created_at)`]
  ])('is read once %s', async (_, index) => {
    await fill(events)
    const reads = await withIndex(index, readsOf)
    expect(reads).toHaveLength(1)
  })

  test('is not read as a whole with the recommended one', async () => {
    await fill(events)
    await database.query(`analyze ${TABLE}`)
    const reads = await withIndex(RECOMMENDED, readsOf)
    expect(reads.filter(line => line.includes('observability_events_1 '))).toEqual([])
    expect(reads.length).toBeGreaterThan(1)
  })
})
