import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type EvidenceFile, loadEvidenceFiles } from '../../src/postgres/catalogue.ts'
import type { Limits } from '../../src/postgres/limits.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  SINCE,
  START,
  startTestServer,
  withFiles
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

const [A, B, C] = [randomUUID(), randomUUID(), randomUUID()]
const event = (kind: string, minutes: number, bookingId: string, context?: unknown) =>
  coordinatorEvent(kind, minutes, { bookingId, ...(context === undefined ? {} : { context }) })
const moved = (minutes: number, bookingId: string, from: string, to: string) => ({
  ...event('', minutes, bookingId, { from, to }),
  source: 'assignment.state_machine',
  eventType: 'booking.assignment_state_transition'
})

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [
    event('start', 0, A),
    event('retry', 1, A, { reason: 'no_assignment', attempts: 2, duration_ms: 10 }),
    event('confirmed', 2, A, { duration_ms: 100, attempts: 3 }),
    event('start', 3, B),
    event('lock_contention', 4, B),
    event('circuit_open', 5, B, { trigger: 'cron', delay_ms: 500 }),
    event('error', 6, B, { message: 'boom' }),
    event('start', 61, C),
    event('confirmed', 62, C, { duration_ms: 300 }),
    event('confirmed', 63, C, { duration_ms: '300 ms' }),
    event('confirmed', 63, C, { duration_ms: 1e300 }),
    event('confirmed', -5, C),
    event('confirmed', 120, A),
    moved(1, A, 'created', 'capacity_verified'),
    moved(2, A, 'created', 'confirmed'),
    { ...event('', 9, A), source: 'auto_assign', eventType: 'auto_assign.succeeded' }
  ])
})
afterAll(() => server?.stop())

const REQUEST = {
  checkpoint: 'T+2h',
  parameters: { source: 'assignment.coordinator', environment: '' },
  since: SINCE,
  until: new Date(START + 2 * HOUR).toISOString()
}

async function collect(evidenceFiles?: readonly EvidenceFile[], limits: Partial<Limits> = {}) {
  const settings = evidenceFiles === undefined ? { limits } : { evidenceFiles, limits }
  const { evidence } = await adapterFor(database, settings)
  const files = await evidence.collect(REQUEST)
  return new Map(files.map(file => [file.path, file.content]))
}

const probe = (sql: string) =>
  withFiles({ '01-x.sql': `--! evidence: x\n--! asks: What?\n${sql}` }, folder =>
    loadEvidenceFiles([folder])
  )

describe('the ten queries of the runbook', () => {
  const at = (minutes: number) =>
    new Date(START + minutes * 60_000).toISOString().replace('T', ' ').replace('.000Z', '+00')

  test.each<[string, readonly string[]]>([
    [
      '01-success-rate',
      [
        'event_type,events,units,units_ended_so,percent_of_endings,events_without_reason,runbook_percent_blind_to_errors',
        'coordinator.circuit_open,1,1,0,,1,100.00',
        'coordinator.confirmed,4,2,2,66.67,4,100.00',
        'coordinator.error,1,1,1,33.33,1,100.00',
        'coordinator.lock_contention,1,1,0,,1,100.00',
        'coordinator.retry,1,1,0,,0,0.00',
        'coordinator.start,3,3,0,,3,100.00'
      ]
    ],
    [
      '02-manual-review-rate',
      [
        'units_in_review,units_ended,units_started,percent_of_ended,percent_of_started',
        '0,3,3,0.00,0.00'
      ]
    ],
    ['03-retries-by-reason', ['reason,events,units,most_attempts', 'no_assignment,1,1,2']],
    ['04-lock-contention', ['hour,events,units', `${at(0)},1,1`]],
    ['05-errors', ['bucket,events,units', `${at(5)},1,1`]],
    ['06-circuit-open', ['created_at,booking_id,trigger,delay_ms', `${at(5)},${B},cron,500`]],
    [
      '07-transitions',
      [
        'from_state,to_state,legal,events,units,latest',
        `created,capacity_verified,t,1,1,${at(1)}`,
        `created,confirmed,f,1,1,${at(2)}`
      ]
    ],
    [
      '08-duration',
      [
        'event_type,measured,unreadable,p50_ms,p95_ms,p99_ms',
        'coordinator.confirmed,2,2,200,290,298',
        'coordinator.retry,1,0,10,10,10'
      ]
    ],
    [
      '09-hourly-trend',
      [
        'hour,starts,confirmed,manual_review,errors,retries,lock_contention,circuit_open,events',
        `${at(0)},2,1,0,1,1,1,1,7`,
        `${at(60)},1,3,0,0,0,0,0,4`
      ]
    ],
    [
      '10-legacy-and-coordinator',
      [
        'source,events,units,succeeded,failed,earliest,latest',
        `assignment.coordinator,11,3,4,1,${at(0)},${at(63)}`,
        `auto_assign,1,1,1,0,${at(9)},${at(9)}`
      ]
    ]
  ])('%s', async (name, lines) => {
    expect((await collect()).get(`${name}.csv`)).toBe(`${lines.join('\n')}\n`)
  })

  test('take SQL NULL, JSON null, an absent key and a wrong type for nothing', async () => {
    const contexts = [
      undefined,
      null,
      {},
      { reason: null, attempts: null },
      ['x'],
      { attempts: '3' }
    ]
    const other = await freshDatabase(
      server,
      contexts.map((context, index) => event('retry', index, randomUUID(), context))
    )
    const { evidence } = await adapterFor(other)
    const files = new Map((await evidence.collect(REQUEST)).map(file => [file.path, file.content]))
    expect(files.get('manifest.json')).not.toContain('"error"')
    expect(files.get('03-retries-by-reason.csv')).toBe(
      'reason,events,units,most_attempts\n(none given),6,6,\n'
    )
    expect(files.get('08-duration.csv')?.trimEnd().split('\n')).toHaveLength(1)
  })

  test('an empty window has headers and no error', async () => {
    const { evidence } = await adapterFor(database)
    const files = await evidence.collect({ ...REQUEST, until: SINCE })
    expect(files).toHaveLength(11)
    expect(files[0]?.content).not.toContain('"error"')
  })
})

describe('a big answer is cut and says so', () => {
  const manifestOf = (files: ReadonlyMap<string, string>) =>
    JSON.parse(files.get('manifest.json') ?? '{}').queries[0]

  test('after so many rows', async () => {
    const files = await collect(await probe('select generate_series(1, 2500) as n'), {
      maxRows: 1500
    })
    expect(manifestOf(files)).toMatchObject({ rows: 1500, truncated: true })
    expect(files.get('01-x.csv')?.trimEnd().split('\n')).toHaveLength(1501)
  })

  test('after so many bytes, at the end of a row', async () => {
    const sql = "select repeat('x', 100) as n from generate_series(1, 100)"
    const files = await collect(await probe(sql), { maxEvidenceBytes: 1000 })
    expect(manifestOf(files)).toMatchObject({ rows: 9, truncated: true })
    expect(files.get('01-x.csv')?.endsWith('x\n')).toBe(true)
  })

  test('and one that fits is whole', async () => {
    const files = await collect(await probe('select generate_series(1, 1500) as n'), {
      maxRows: 1500
    })
    expect(manifestOf(files)).toMatchObject({ rows: 1500, truncated: false })
  })
})

test('a query that writes is told in the manifest and changes nothing', async () => {
  const sql =
    'with gone as (delete from public.observability_events returning 1) select * from gone'
  const { evidence } = await adapterFor(database, {
    evidenceFiles: await probe(sql),
    connectionString: database.connectionString('owner')
  })
  const files = await evidence.collect(REQUEST)
  expect(files.map(file => file.path)).toEqual(['manifest.json'])
  expect(files[0]?.content).toContain('"code": "writes"')
})

test('a query whose parameter has no value is told in the manifest', async () => {
  const files = await collect(await probe("select :'sorce'"))
  expect(files.get('manifest.json')).toContain('"code": "unknown_parameter"')
  expect(files.get('manifest.json')).toContain(
    "sql/01-x.sql:3: the parameter :'sorce' has no value."
  )
})
