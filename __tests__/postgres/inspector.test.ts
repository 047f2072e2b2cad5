import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'
import {
  adapterFor,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SQL,
  START,
  startTestServer
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  database = await freshDatabase(server)
})

async function inspect(connectionString = database.connectionString('reader')) {
  return (await adapterFor(database, { connectionString })).database.inspectDatabase()
}

test('the table as the application has it, read by the least role', async () => {
  expect(await inspect()).toEqual({
    version: expect.stringMatching(/^\d+\./u),
    role: 'rollgate_reader',
    superuser: false,
    canWrite: false,
    encrypted: false,
    local: true,
    databaseNow: new Date(START + 6 * HOUR).toISOString(),
    table: 'public.observability_events',
    tableExists: true,
    missingColumns: [],
    rowsFiltered: false,
    estimatedRows: 0,
    indexed: true,
    recommendedIndex: false
  })
})

test.each(['owner', 'application'] as const)('%s can write', async role => {
  const facts = await inspect(database.connectionString(role))
  expect(facts).toMatchObject({ canWrite: true, superuser: role === 'owner' })
})

test('a table that is not there', async () => {
  await database.query('drop table public.observability_events')
  expect(await inspect()).toMatchObject({
    tableExists: false,
    missingColumns: ['id', 'created_at', 'source', 'event_type', 'context', 'booking_id'],
    indexed: false
  })
})

test('columns that are gone or closed to the role', async () => {
  await database.query('alter table public.observability_events drop column booking_id')
  await database.query('revoke select on public.observability_events from rollgate_reader')
  await database.query(
    'grant select (id, created_at, source) on public.observability_events to rollgate_reader'
  )
  expect((await inspect()).missingColumns).toEqual(['event_type', 'context', 'booking_id'])
})

test('row-level security that hides rows', async () => {
  await database.query('alter table public.observability_events enable row level security')
  expect(await inspect()).toMatchObject({ rowsFiltered: true })
  expect(await inspect(database.connectionString('owner'))).toMatchObject({ rowsFiltered: false })
})

test('the estimate follows the statistics', async () => {
  await database.insert([coordinatorEvent('start', 1), coordinatorEvent('start', 2)])
  await database.query('analyze public.observability_events')
  expect(await inspect()).toMatchObject({ estimatedRows: 2 })
})

describe('indexes', () => {
  const none = [
    'drop index observability_events_created_at_idx',
    'drop index observability_events_source_idx'
  ]
  const make = (rest: string) => `create index on public.observability_events ${rest}`

  test.each<[string, readonly string[], boolean, boolean]>([
    ['none that helps', none, false, false],
    ['BRIN', [...none, make('using brin (created_at)')], false, false],
    ['on the creation time', [...none, make('(created_at)')], true, false],
    ['on source and creation time', [...none, make('(source, created_at)')], true, true],
    ['partial', [...none, make("(created_at) where source in ('a', 'b')")], false, true],
    ['on something else first', [...none, make('(booking_id, created_at)')], false, false],
    ['on an expression', [...none, make('(lower(source))')], false, false]
  ])('%s', async (_, statements, indexed, recommendedIndex) => {
    for (const sql of statements) await database.query(sql)
    expect(await inspect()).toMatchObject({ indexed, recommendedIndex })
  })

  test('the one of sql/setup is the recommended one', async () => {
    await database.query(await readFile(path.join(SQL, 'setup/index.sql'), 'utf8'))
    expect(await inspect()).toMatchObject({ recommendedIndex: true })
  })
})

test('the role of sql/setup reads everything that is asked and writes nothing', async () => {
  await database.insert([coordinatorEvent('confirmed', 1)])
  const setup = await readFile(path.join(SQL, 'setup/reader-role.sql'), 'utf8')
  const sql = setup
    .replaceAll('rollgate_reader', 'least_role')
    .replaceAll(":'password'", `'${server.password}'`)
    .replaceAll(':"database"', database.name)
  await database.query(sql)
  const url = new URL(database.connectionString('reader'))
  url.username = 'least_role'

  expect(await inspect(url.href)).toMatchObject({
    canWrite: false,
    superuser: false,
    missingColumns: []
  })
  const { metrics, evidence } = await adapterFor(database, { connectionString: url.href })
  const { answers } = await metrics.look(lookAt(['outcomes', 'telemetry', 'legacy']))
  expect(Object.values(answers).map(answer => answer.kind)).toEqual([
    'answered',
    'answered',
    'answered'
  ])
  const [manifest] = await evidence.collect({
    checkpoint: 'T+0',
    parameters: { source: 'assignment.coordinator', environment: '' },
    since: new Date(START).toISOString(),
    until: new Date(START + HOUR).toISOString()
  })
  expect(manifest?.content).not.toContain('"error"')
})

test('a database that cannot be asked is an EvidenceError', async () => {
  const elsewhere = database.connectionString('reader', { host: '127.0.0.1', port: 1 })
  await expect(inspect(elsewhere)).rejects.toBeInstanceOf(EvidenceError)
})
