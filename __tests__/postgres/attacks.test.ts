import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import type { Limits } from '../../src/postgres/limits.ts'
import type {
  ApplicationDatabase,
  DatabaseRole
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  catalogueOf,
  coordinatorEvent,
  freshDatabase,
  lookAt,
  startTestServer,
  withFiles
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

const TABLE = 'public.observability_events'
const STOLEN = '/tmp/rollgate-attack-test'

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [coordinatorEvent('start', 1)])
  await database.query('create sequence public.tickets')
})
afterAll(() => server?.stop())

/** What a file with this SQL comes to in the hands of a superuser, whom nothing but the guard confines. */
async function told(
  kind: string,
  sql: string,
  { role = 'owner', ...limits }: Partial<Limits> & { readonly role?: DatabaseRole } = {}
) {
  const catalogue = await catalogueOf(kind, sql)
  const connectionString = database.connectionString(role)
  const { metrics } = await adapterFor(database, { catalogue, connectionString, limits })
  return (await metrics.look(lookAt(['probe']))).answers['probe']
}

/** All that a query could have changed. */
async function state() {
  const [tickets] = await database.query('select last_value, is_called from public.tickets')
  const [rows] = await database.query(`select count(*) from ${TABLE}`)
  const locks = await database.query("select objid from pg_locks where locktype = 'advisory'")
  const relations = await database.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace order by 1"
  )
  const settings = await database.query(
    'select setdatabase, setrole, setconfig from pg_db_role_setting'
  )
  return { tickets, rows, locks, relations, settings, stolen: existsSync(STOLEN) }
}

describe('a file that is not one plain read is refused when it is loaded', () => {
  test.each([
    [`select 1; delete from ${TABLE}`, 'sql/probe.sql:5: a second statement begins.'],
    [`commit; delete from ${TABLE}`, 'sql/probe.sql:5: a second statement begins.'],
    [`select 1;\n\\! touch ${STOLEN}`, 'sql/probe.sql:6: \\! is a command of psql, not SQL.'],
    [`select :source`, 'sql/probe.sql:5: :source would become SQL text.'],
    [`select * from :"source"`, 'sql/probe.sql:5: :" would become an identifier.'],
    [`select $1`, 'sql/probe.sql:5: $1 is a placeholder of its own.'],
    [`select 'never closed`, "sql/probe.sql:5: ' is never closed."],
    ['-- nothing', 'sql/probe.sql:1: there is no statement.']
  ])('%j', async (sql, message) => {
    await expect(catalogueOf('count', sql)).rejects.toMatchObject({
      code: 'sql_file_invalid',
      message
    })
  })
})

describe('a function with side effects has none', () => {
  const define = (body: string) =>
    database.query(
      `create or replace function public.trap() returns float8 language plpgsql as $body$ begin ${body}; return 1; end $body$`
    )
  const spring = (role: DatabaseRole = 'owner') =>
    told('count', "select :'since'::timestamptz as bucket, public.trap() as hits", { role })

  test.each([
    [`delete from ${TABLE}`, 'writes'],
    [`execute 'create table public.stolen (id int)'`, 'writes'],
    [`perform nextval('public.tickets')`, 'writes'],
    [`perform setval('public.tickets', 1000)`, 'writes'],
    [`perform set_config('transaction_read_only', 'off', true)`, 'writes'],
    [`set transaction read write; delete from ${TABLE}`, 'writes'],
    [
      `begin delete from ${TABLE}; exception when others then insert into ${TABLE} default values; end`,
      'writes'
    ],
    [`alter role rollgate_reader set statement_timeout = 0`, 'writes'],
    [`perform lo_import('/etc/hostname')`, 'writes'],
    [`execute 'commit'`, 'query_failed'],
    [`commit`, 'query_failed'],
    [`perform query_to_xml('delete from ${TABLE}', true, false, '')`, 'query_failed']
  ])('%s is refused', async (body, code) => {
    await define(body)
    const before = await state()
    const answer = await spring()
    expect(answer).toMatchObject({ kind: 'unanswered', code })
    expect(answer).toMatchObject({ message: expect.stringMatching(/^sql\/probe\.sql: .*\.$/u) })
    expect(await state()).toEqual(before)
  })

  test.each([
    `perform pg_advisory_lock(42)`,
    `perform set_config('statement_timeout', '0', false)`,
    `set session characteristics as transaction read write`,
    `perform pg_notify('somebody', 'x')`
  ])('%s ends with the look', async body => {
    await define(body)
    const before = await state()
    expect(await spring()).toMatchObject({ kind: 'answered' })
    expect(await state()).toEqual(before)
  })

  /** What a read-only transaction lets a superuser do; preflight lets no superuser pass. */
  test.each([
    `copy ${TABLE} to program 'touch ${STOLEN}'`,
    `perform pg_read_file('/etc/hostname')`,
    `perform pg_reload_conf()`,
    `set role postgres`
  ])('%s is refused to the reader', async body => {
    await define(body)
    const before = await state()
    expect(await spring('reader')).toMatchObject({ kind: 'unanswered', code: 'no_privilege' })
    expect(await state()).toEqual(before)
  })

  test('ending the session unanswers everything, in one sentence', async () => {
    await define('perform pg_terminate_backend(pg_backend_pid())')
    await expect(spring()).rejects.toMatchObject({
      code: 'database_unreachable',
      message: 'The connection to the database broke while it was being read (57P01).'
    })
  })
})

describe('a query without an end is ended', () => {
  const ENDLESS = 'with recursive f (n) as (select 1 union all select n + 1 from f)'
  const bucket = ":'since'::timestamptz as bucket"

  test('that never finds its first row', async () => {
    const sql = `${ENDLESS} select ${bucket}, count(*) as hits from f`
    expect(await told('count', sql, { statementMs: 200 })).toMatchObject({
      code: 'timed_out',
      message: 'sql/probe.sql: the query took longer than it may (57014).'
    })
  })

  test('that gives row after row', async () => {
    expect(await told('count', `${ENDLESS} select ${bucket}, n as hits from f`)).toMatchObject({
      code: 'bad_shape',
      message: 'sql/probe.sql: more than 10000 rows.'
    })
  })
})

describe('a parameter that holds SQL is a value', () => {
  test.each([
    `x'; delete from ${TABLE}; --`,
    `assignment.coordinator' or true or 'a' = '`,
    "$1; commit; drop table public.observability_events; select '",
    "'; \\! touch /tmp/rollgate-attack-test"
  ])('%s', async source => {
    const connectionString = database.connectionString('owner')
    const { metrics, evidence } = await adapterFor(database, { connectionString })
    const parameters = { source, environment: '' }
    const before = await state()
    const { answers, since, until } = await metrics.look(
      lookAt(['coordinator-starts', 'telemetry'], { parameters })
    )
    expect(answers).toMatchObject({
      'coordinator-starts': { kind: 'answered', rows: [] },
      telemetry: { kind: 'answered', rows: [{ hits: 1 }] }
    })
    const [manifest] = await evidence.collect({ checkpoint: 'T+1h', parameters, since, until })
    expect(manifest?.content).not.toContain('"error"')
    expect(await state()).toEqual(before)
  })
})

describe('rows that are not what the kind prescribes are no answer', () => {
  const bucket = ":'since'::timestamptz as bucket"

  test.each([
    [
      'proportion',
      `${bucket}, 'NaN'::float8 as hits, 1 as total`,
      'hits is NaN, which is no finite number'
    ],
    [
      'proportion',
      `${bucket}, 'NaN'::numeric as hits, 1 as total`,
      'hits is NaN, which is no finite number'
    ],
    ['proportion', `${bucket}, 1 as hits, 'Infinity'::float8 as total`, 'total is Infinity'],
    ['proportion', `${bucket}, null::float8 as hits, 1 as total`, 'hits is NULL'],
    [
      'proportion',
      `${bucket}, 0 as hits, sum(id) as total from (select 1 as id where false) x`,
      'total is NULL'
    ],
    ['proportion', `${bucket}, 2 as hits, 1 as total`, 'hits is 2, more than total, which is 1'],
    ['count', `${bucket}, -1 as hits`, 'hits is -1, which is no count'],
    ['count', `${bucket}, 0.5 as hits`, 'hits is 0.5, which is no count'],
    ['count', `null::timestamptz as bucket, 1 as hits`, 'bucket is NULL'],
    ['count', `${bucket}, '1'::text as hits`, 'the column hits is not a number, best float8'],
    ['count', `${bucket}, 'null'::jsonb as hits`, 'the column hits is not a number, best float8'],
    ['count', `now()::timestamp as bucket, 1 as hits`, 'the column bucket is not timestamptz'],
    [
      'count',
      `1 as hits, ${bucket}`,
      'the columns are hits, bucket; they must be bucket, hits, latest (optional)'
    ],
    ['count', `${bucket}, 1 as good`, 'the columns are bucket, good; they must be'],
    ['proportion', `${bucket}, 1 as hits`, 'they must be bucket, hits, total'],
    ['count', `${bucket}, 1 as hits from generate_series(1, 2)`, 'two rows for the bucket'],
    ['count', `now() as bucket, 1 as hits`, 'outside the window'],
    [
      'value',
      `${bucket}, 'NaN'::float8 as hits, 3 as total`,
      'hits is NaN, which is no finite number'
    ],
    [
      'transitions',
      `${bucket}, 1 as hits, null::text as from_state, 'b' as to_state, 0 as waiting, null::timestamptz as oldest`,
      'from_state is NULL'
    ]
  ])('%s: %s', async (kind, select, problem) => {
    const answer = await told(kind, `select ${select}`)
    expect(answer).toMatchObject({ kind: 'unanswered', code: 'bad_shape' })
    expect(answer).toMatchObject({ message: expect.stringMatching(/^sql\/probe\.sql: [^\n]*\.$/u) })
    expect(answer).toMatchObject({ message: expect.stringContaining(problem) })
  })

  test('nor is a parameter without a value', async () => {
    expect(await told('count', `select ${bucket}, 1 as hits where :'nobody' = ''`)).toMatchObject({
      code: 'unknown_parameter',
      message: "sql/probe.sql:5: the parameter :'nobody' has no value."
    })
  })

  test('spoil nothing but the metric they belong to', async () => {
    const header = (name: string) =>
      `--! metric: ${name}\n--! kind: count\n--! asks: What?\n--! unit: x\n`
    const good = `${header('good')}select ${bucket}, 1 as hits`
    const bad = `${header('bad')}select ${bucket}, 1 / 0 as hits`
    await withFiles({ 'a.sql': bad, 'b.sql': good }, async folder => {
      const { metrics } = await adapterFor(database, { catalogue: await loadCatalogue([folder]) })
      const { answers } = await metrics.look(lookAt(['bad', 'good']))
      expect(answers).toMatchObject({ bad: { code: 'bad_data' }, good: { rows: [{ hits: 1 }] } })
    })
  })
})
