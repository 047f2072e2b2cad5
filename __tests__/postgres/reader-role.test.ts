import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { parametersUsed } from '../../src/postgres/statement.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  bundledEvidence,
  bundledMetrics,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SINCE,
  SQL,
  START,
  startTestServer
} from './embedded.ts'
import { findPsql, runPsql } from './psql.ts'

const TABLE = 'public.observability_events'
const NEEDED = ['id', 'created_at', 'source', 'event_type', 'context', 'booking_id']
const SETUP = path.join(SQL, 'setup/reader-role.sql')
const PSQL = findPsql()

type SetUp = (database: ApplicationDatabase, password: string) => Promise<unknown>

/** With the two values written in place of the variables, as the file says for a web editor. */
const byEditor: SetUp = async (database, password) => {
  const text = await readFile(SETUP, 'utf8')
  const sql = text
    .replaceAll(":'password'", `'${password}'`)
    .replaceAll(':"database"', `"${database.name}"`)
  await database.query(sql)
}

const byPsql =
  (psql: string): SetUp =>
  (database, password) =>
    runPsql(psql, database.connectionString('owner'), SETUP, { password, database: database.name })

describe.each<[string, SetUp]>([
  ['a web editor', byEditor],
  ...(PSQL === undefined ? [] : [['psql', byPsql(PSQL)] as [string, SetUp]])
])('the role of sql/setup/reader-role.sql, made with %s', (_, setUp) => {
  let server: PostgresServer
  let database: ApplicationDatabase

  beforeAll(async () => {
    server = await startTestServer()
    database = await freshDatabase(server, [coordinatorEvent('confirmed', 1)])
    await database.query('create table public.customers (name text)')
    await database.query('drop owned by rollgate_reader')
    await database.query('drop role rollgate_reader')
    await setUp(database, server.password)
  })
  afterAll(() => server?.stop())

  /** What a statement of the role comes to: its rows, or the code of the refusal. */
  async function asReader(...statements: readonly string[]): Promise<unknown> {
    const client = new pg.Client({ connectionString: database.connectionString('reader') })
    await client.connect()
    try {
      let rows: unknown[] = []
      for (const sql of statements) rows = (await client.query(sql)).rows
      return rows
    } catch (error) {
      return (error as { code?: string }).code
    } finally {
      await client.end()
    }
  }

  test('answers every bundled metric and evidence query', async () => {
    const { metrics, evidence } = await adapterFor(database)
    const { files, headers } = await bundledMetrics()
    const used = [...files, ...(await bundledEvidence())].flatMap(f => parametersUsed(f.statement))
    const parameters = {
      ...Object.fromEntries(used.map(name => [name, ''])),
      source: 'assignment.coordinator'
    }
    const names = headers.map(header => header.name)
    const { answers } = await metrics.look(lookAt(names, { parameters }))
    expect(Object.values(answers).map(answer => answer.kind)).toEqual(names.map(() => 'answered'))
    const until = new Date(START + HOUR).toISOString()
    const request = { checkpoint: 'T+1h', parameters, since: SINCE, until }
    const [manifest] = await evidence.collect(request)
    expect(manifest?.content).not.toContain('"error"')
  })

  test('is what preflight wants', async () => {
    const { database: inspector } = await adapterFor(database)
    expect(await inspector.inspectDatabase()).toMatchObject({
      role: 'rollgate_reader',
      superuser: false,
      canWrite: false,
      missingColumns: [],
      hiddenRows: 'none'
    })
  })

  test('reads only, for so long, and looks first where nobody can put a function of his own', async () => {
    const settings = await asReader(
      `select name || ' ' || setting as line from pg_settings
       where name in ('default_transaction_read_only', 'statement_timeout', 'lock_timeout',
         'idle_in_transaction_session_timeout', 'search_path') order by 1`
    )
    expect(settings).toEqual(
      [
        'default_transaction_read_only on',
        'idle_in_transaction_session_timeout 60000',
        'lock_timeout 2000',
        'search_path pg_catalog, public',
        'statement_timeout 30000'
      ].map(line => ({ line }))
    )
    expect(await asReader(`insert into ${TABLE} (source, event_type) values ('a', 'b')`)).toBe(
      '25006'
    )
  })

  test('may read the columns that are needed and no other thing', async () => {
    const columns = await database.query<{ name: string }>(
      `select a.attname as name from pg_attribute a
       where a.attrelid = '${TABLE}'::regclass and a.attnum > 0
         and has_column_privilege('rollgate_reader', a.attrelid, a.attnum, 'select')`
    )
    expect(columns.map(({ name }) => name).sort()).toEqual([...NEEDED].sort())
    const others = await database.query(
      `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
         and c.relkind in ('r', 'v', 'm', 'p', 'f') and c.oid <> '${TABLE}'::regclass
         and has_schema_privilege('rollgate_reader', n.oid, 'usage')
         and has_any_column_privilege('rollgate_reader', c.oid, 'select')`
    )
    expect(others).toEqual([])
    expect(await asReader('select name from public.customers')).toBe('42501')
    expect(await asReader(`select restaurant_id from ${TABLE}`)).toBe('42501')
  })

  test.each([
    `insert into ${TABLE} (source, event_type) values ('a', 'b')`,
    `update ${TABLE} set source = 'a'`,
    `delete from ${TABLE}`,
    `truncate ${TABLE}`,
    'create table public.mine (id int)',
    'create schema mine',
    'set role postgres',
    'create role another',
    `copy (select 1) to program 'true'`
  ])('may not: %s, even when it has taken the default away', async sql => {
    expect(await asReader('set default_transaction_read_only = off', sql)).toBe('42501')
  })

  test('sees nothing behind row-level security until the policy of the file is there', async () => {
    const { database: inspector, metrics } = await adapterFor(database)
    const look = async () => (await metrics.look(lookAt(['outcomes']))).answers['outcomes']
    await database.query(`alter table ${TABLE} enable row level security`)
    expect(await inspector.inspectDatabase()).toMatchObject({ hiddenRows: 'all' })
    expect(await look()).toEqual({ kind: 'answered', rows: [] })

    await database.query(await policyOfTheFile())
    expect(await inspector.inspectDatabase()).toMatchObject({ hiddenRows: 'none' })
    expect(await look()).toMatchObject({ rows: [{ hits: 1, total: 1 }] })
  })
})

/** It stands in the file as a comment, for those who need it. */
async function policyOfTheFile(): Promise<string> {
  const text = (await readFile(SETUP, 'utf8')).replaceAll(/^--/gmu, '')
  return /create policy[^;]*;/u.exec(text)?.[0] ?? ''
}
