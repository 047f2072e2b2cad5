import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Catalogue } from '../../src/postgres/catalogue.ts'
import type { Limits } from '../../src/postgres/limits.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import type { Answer } from '../../src/rollout/ports.ts'
import {
  adapterFor,
  catalogueOf,
  coordinatorEvent,
  freshDatabase,
  lookAt,
  startTestServer
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [coordinatorEvent('start', 1)])
  await database.query('create role other nologin')
})
afterAll(() => server?.stop())

const STOLEN = '/tmp/rollgate-guard-test'
const TABLE = 'public.observability_events'

/** SQL that no file could bring past the lexer goes straight to the guard. */
function smuggled(sql: string): Catalogue {
  const header = {
    name: 'probe',
    kind: 'count',
    asks: 'What?',
    unit: 'thing',
    file: 'x.sql'
  } as const
  const statement = { file: 'x.sql', pieces: [{ kind: 'text', text: sql }] } as const
  return { headers: [header], files: [{ statement, digest: 'none', metrics: [header] }] }
}

/** As the superuser, whom read-only transactions do not confine: the guard stands alone. */
async function attack(sql: string, limits: Partial<Limits> = {}): Promise<Answer | undefined> {
  const connectionString = database.connectionString('owner')
  const { metrics } = await adapterFor(database, {
    catalogue: smuggled(sql),
    connectionString,
    limits
  })
  return (await metrics.look(lookAt(['probe']))).answers['probe']
}

const rowsLeft = async () => (await database.query(`select id from ${TABLE}`)).length

describe('a metric that is not one plain read is refused and changes nothing', () => {
  beforeEach(async () => expect(await rowsLeft()).toBe(1))

  test.each([
    [`commit; delete from ${TABLE}; begin`, 'not_a_select'],
    [`select 1; commit; delete from ${TABLE}`, 'not_a_select'],
    ['commit', 'not_a_select'],
    ['rollback', 'not_a_select'],
    ['commit and chain', 'not_a_select'],
    ['begin read write', 'not_a_select'],
    ['set transaction read write', 'not_a_select'],
    ['set transaction_read_only = off', 'not_a_select'],
    ['set role other', 'not_a_select'],
    ['reset all', 'not_a_select'],
    ['savepoint mine', 'not_a_select'],
    [`delete from ${TABLE}`, 'writes'],
    [`with gone as (delete from ${TABLE} returning 1) select * from gone`, 'writes'],
    [`select created_at as bucket, 1 as hits from ${TABLE} for update`, 'writes'],
    [`select id into stolen from ${TABLE}`, 'not_a_select'],
    ['create temp table stolen (id int)', 'not_a_select'],
    [`create table stolen as select * from ${TABLE}`, 'not_a_select'],
    [`do $$ begin delete from ${TABLE}; end $$`, 'not_a_select'],
    [`analyze delete from ${TABLE}`, 'not_a_select'],
    [`analyze verbose select 1`, 'not_a_select'],
    [`copy (select 1) to program 'touch ${STOLEN}'`, 'not_a_select'],
    [`copy ${TABLE} to '${STOLEN}'`, 'not_a_select'],
    [`lock table ${TABLE} in access exclusive mode`, 'not_a_select'],
    ['notify somebody', 'not_a_select'],
    [`prepare stolen as delete from ${TABLE}`, 'not_a_select'],
    [`declare mine cursor for select 1`, 'not_a_select'],
    [`select 1) to stdout; delete from ${TABLE}; copy (select 1`, 'not_a_select'],
    [`truncate ${TABLE}`, 'not_a_select'],
    ['', 'not_a_select']
  ])('%s', async (sql, code) => {
    expect(await attack(sql)).toMatchObject({ kind: 'unanswered', code })
    expect(existsSync(STOLEN)).toBe(false)
    expect(await rowsLeft()).toBe(1)
  })

  test('a function that writes, inside a SELECT', async () => {
    await database.query(
      `create or replace function public.wipe() returns int language sql as 'delete from ${TABLE}; select 1'`
    )
    expect(await attack('select public.wipe()')).toMatchObject({ code: 'writes' })
  })

  test('a function that turns the transaction into one that writes', async () => {
    const sql = "select set_config('transaction_read_only', 'off', true)"
    expect(await attack(sql)).toMatchObject({ kind: 'unanswered' })
  })
})

describe('a metric that takes too long', () => {
  test('is stopped by the server', async () => {
    const slow = await attack('select now() as bucket, pg_sleep(1e6) as hits', { statementMs: 100 })
    expect(slow).toMatchObject({ code: 'timed_out', message: expect.stringContaining('57014') })
  })

  test('cannot give itself more time', async () => {
    const sql = "select set_config('statement_timeout', '0', true), pg_sleep(1e6)"
    expect(await attack(sql, { statementMs: 100 })).toMatchObject({ code: 'timed_out' })
  })

  test('is stopped page by page when it drips', async () => {
    const sql = 'select now() as bucket, pg_sleep(0.0002) as hits from generate_series(1, 100000)'
    const dripping = await attack(sql, { fileMs: 400, statementMs: 5000, maxRows: 1e6 })
    expect(dripping).toMatchObject({ code: 'timed_out' })
  })

  test('is not begun when its plan is far too dear', async () => {
    const sql = 'select now(), count(*) from generate_series(1, 1e9) a, generate_series(1, 1e9) b'
    expect(await attack(sql, { maxPlannedCost: 1000 })).toMatchObject({ code: 'too_expensive' })
  })

  test('does not wait for somebody else’s lock', async () => {
    const { metrics } = await adapterFor(database, { limits: { lockMs: 50 } })
    const look = async () => (await metrics.look(lookAt(['legacy', 'outcomes']))).answers
    await database.query(
      `create or replace function public.look_locked() returns void language plpgsql as
       $$ begin lock table ${TABLE}; perform pg_sleep(0.4); end $$`
    )
    const locked = database.query('select public.look_locked()')
    await database.query('select pg_sleep(0.1)')
    expect(await look()).toMatchObject({ legacy: { code: 'locked' }, outcomes: { code: 'locked' } })
    await locked
    expect(await look()).toMatchObject({ legacy: { kind: 'answered' } })
  })
})

describe('a broken metric file says in one sentence what is wrong, and where', () => {
  const told = async (sql: string, role: 'reader' | 'owner' = 'reader') => {
    const catalogue = await catalogueOf('count', sql)
    const connectionString = database.connectionString(role)
    const { metrics } = await adapterFor(database, { catalogue, connectionString })
    return (await metrics.look(lookAt(['probe']))).answers['probe']
  }

  test.each([
    [
      `select contxt\nfrom ${TABLE}`,
      'missing_column',
      'sql/probe.sql:5: a column is not there (42703)'
    ],
    [
      'select 1\nfrom public.event',
      'missing_table',
      'sql/probe.sql:6: a table is not there (42P01)'
    ],
    ['select 1\nform x where', 'not_a_select', 'sql/probe.sql:6: this is not one SELECT (42601)'],
    [
      `select 1 from ${TABLE}\nwhere created_at > :'since'`,
      'wrong_type',
      'sql/probe.sql:6: an operator'
    ],
    ['select * from pg_catalog.pg_authid', 'no_privilege', 'may not read this (42501)'],
    ["select 'ana@example.org'::text::int", 'bad_data', 'sql/probe.sql: a value in the table'],
    [`select 1 / (count(*) - count(*)) from ${TABLE}`, 'bad_data', '(22012)']
  ])('%s', async (sql, code, message) => {
    expect(await told(sql)).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('without the value that offended', async () => {
    const answer = await told(`select (event_type || 'ana@example.org')::int from ${TABLE}`)
    expect(JSON.stringify(answer)).not.toContain('ana@')
  })
})

test('a judged metric may be read by parallel workers', async () => {
  const parallel = await freshDatabase(server, [coordinatorEvent('start', 1)])
  await parallel.query(`
    create function worker() returns int language plpgsql parallel safe
    as 'begin return pg_backend_pid(); end'`)
  for (const setting of [
    'min_parallel_table_scan_size = 0',
    'parallel_setup_cost = 0',
    'parallel_tuple_cost = 0',
    'parallel_leader_participation = off'
  ]) {
    await parallel.query(`alter database ${parallel.name} set ${setting}`)
  }
  const { metrics } = await adapterFor(parallel, {
    connectionString: parallel.connectionString('owner'),
    catalogue: smuggled(`
      select '2026-03-01 10:00+00'::timestamptz as bucket,
        count(*) filter (where worker() <> (select pg_backend_pid())) as hits
      from ${TABLE}`)
  })
  const { answers } = await metrics.look(lookAt(['probe']))
  expect(answers['probe']).toMatchObject({ kind: 'answered', rows: [{ hits: 1 }] })
})
