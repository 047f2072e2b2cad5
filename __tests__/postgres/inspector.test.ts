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
    hiddenRows: 'none',
    estimatedRows: 0,
    indexed: true,
    recommendedIndex: false
  })
})

test('a role that may change one column can write', async () => {
  await database.query('grant update (context) on public.observability_events to rollgate_reader')
  const facts = await inspect()
  await database.query('revoke update on public.observability_events from rollgate_reader')
  expect(facts).toMatchObject({ canWrite: true })
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

describe('row-level security', () => {
  const policy = (name: string, rest: string) =>
    `create policy ${name} on public.observability_events ${rest}`
  const OPEN = policy('open', 'for select to rollgate_reader using (true)')
  const OWN = policy('own', "for select using (source = 'auto_assign')")

  test.each<[string, readonly string[], 'none' | 'some' | 'all']>([
    ['without a policy', [], 'all'],
    [
      'with a policy for another role',
      [policy('x', 'for select to application using (true)')],
      'all'
    ],
    ['with a policy for writing', [policy('x', 'for insert with check (true)')], 'all'],
    ['with a restrictive policy alone', [policy('x', 'as restrictive using (true)')], 'all'],
    ['with the policy of sql/setup', [OPEN], 'none'],
    ['with a policy for everybody and everything', [policy('x', 'using (true)')], 'none'],
    ['with a condition', [OWN], 'some'],
    ['with a condition, and a policy without one', [OWN, OPEN], 'none'],
    ['with a restriction', [OPEN, policy('x', "as restrictive using (source = 'a')")], 'some'],
    [
      'with a restriction that restricts nothing',
      [OPEN, policy('x', 'as restrictive using (true)')],
      'none'
    ]
  ])('%s', async (_, policies, hiddenRows) => {
    await database.insert([coordinatorEvent('start', 1)])
    await database.query('alter table public.observability_events enable row level security')
    for (const sql of policies) await database.query(sql)
    expect(await inspect()).toMatchObject({ hiddenRows })
    const { metrics } = await adapterFor(database)
    const { answers } = await metrics.look(lookAt(['coordinator-starts']))
    const rows = hiddenRows === 'none' ? [{ hits: 1 }] : []
    expect(answers['coordinator-starts']).toMatchObject({ kind: 'answered', rows })
  })

  test('hides nothing from the owner, and nothing when it is off', async () => {
    await database.query(OWN)
    expect(await inspect()).toMatchObject({ hiddenRows: 'none' })
    await database.query('alter table public.observability_events enable row level security')
    expect(await inspect(database.connectionString('owner'))).toMatchObject({ hiddenRows: 'none' })
  })
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
    ['partial', [...none, make("(created_at) where source in ('a', 'b')")], false, false],
    [
      'with the creation time beside its key',
      [...none, make('(source) include (created_at)')],
      true,
      false
    ],
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

test('a database that cannot be asked is an EvidenceError', async () => {
  const elsewhere = database.connectionString('reader', { host: '127.0.0.1', port: 1 })
  await expect(inspect(elsewhere)).rejects.toBeInstanceOf(EvidenceError)
})
