import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import pg from 'pg'
import {
  type ApplicationDatabase,
  createApplicationDatabase
} from '../../src/rehearsal/postgres/application-database.ts'
import { startRelay } from '../../src/rehearsal/postgres/relay.ts'
import { type PostgresServer, startPostgresServer } from '../../src/rehearsal/postgres/server.ts'

jest.setTimeout(60_000)

const INSTANT = '2026-03-01T10:00:00.000Z'
let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startPostgresServer()
  database = await createApplicationDatabase(server)
})
afterAll(() => server?.stop())

async function queryAs(connectionString: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

describe('the server', () => {
  test('listens on this machine only and keeps no password in a file', async () => {
    expect(server.host).toBe('127.0.0.1')
    expect(existsSync(path.join(server.dataFolder, '..', 'password'))).toBe(false)
    const { rows } = await queryAs(server.connectionString(), 'show listen_addresses')
    expect(rows).toEqual([{ listen_addresses: '127.0.0.1' }])
  })

  test('is gone with its folder once it was stopped, also twice', async () => {
    const other = await startPostgresServer({ settings: { work_mem: '5MB' } })
    const { rows } = await queryAs(other.connectionString(), 'show work_mem')
    expect(rows).toEqual([{ work_mem: '5MB' }])
    await Promise.all([other.stop(), other.stop()])
    expect(existsSync(other.dataFolder)).toBe(false)
    await expect(queryAs(other.connectionString(), 'select 1')).rejects.toMatchObject({
      code: 'ECONNREFUSED'
    })
  })

  test.each([
    ['binaries that are not there', { home: '/nowhere' }, 'could not make its data folder'],
    ['a setting that does not exist', { settings: { nonsense: '1' } }, 'nonsense']
  ])('says what is wrong with %s', async (_, options, problem) => {
    await expect(startPostgresServer(options)).rejects.toMatchObject({
      code: 'postgres_failed',
      message: expect.stringContaining(problem)
    })
  })
})

test('a port that somebody else has taken meanwhile is recognised as such', async () => {
  const settings = { port: String(server.port) }
  await expect(startPostgresServer({ settings })).rejects.toMatchObject({
    message: expect.stringContaining('Address already in use')
  })
})

describe('the clock inside the database', () => {
  const TIME = "select now(), clock_timestamp(), timezone('utc', now())::text as stamp"

  test('stands where it was told to, for everybody', async () => {
    await database.setClock(Date.parse(INSTANT))
    const now = { now: new Date(INSTANT), clock_timestamp: new Date(INSTANT) }
    const stamp = '2026-03-01 10:00:00'
    for (const role of ['owner', 'application', 'reader'] as const) {
      const { rows } = await queryAs(database.connectionString(role), TIME)
      expect(rows).toEqual([{ ...now, stamp }])
    }
  })

  test('dates the events that carry no date', async () => {
    await database.setClock(Date.parse(INSTANT) + 1)
    const sql = "insert into public.observability_events (source, event_type) values ('clock', 'x')"
    await queryAs(database.connectionString('application'), sql)
    await database.insert([{ source: 'clock', eventType: 'x' }])
    const rows = await database.query(
      "select created_at from public.observability_events where source = 'clock'"
    )
    const created_at = new Date(Date.parse(INSTANT) + 1)
    expect(rows).toEqual([{ created_at }, { created_at }])
  })

  test('can be set back, and be given up', async () => {
    await database.setClock(Date.parse(INSTANT) - 1000)
    expect((await database.query<{ now: Date }>('select now()'))[0]?.now).toEqual(
      new Date(Date.parse(INSTANT) - 1000)
    )
    await database.setClock(null)
    expect(await database.query('select now() = real_now() as real')).toEqual([{ real: true }])
  })

  test('is another one in another database', async () => {
    const [other, third] = await Promise.all(
      ['other', 'third'].map(name => createApplicationDatabase(server, name))
    )
    await other?.setClock(0)
    await database.setClock(Date.parse(INSTANT))
    expect(await other?.query('select now()')).toEqual([{ now: new Date(0) }])
    await Promise.all([other?.drop(), third?.drop()])
    expect(
      await database.query("select datname from pg_database where datname in ('other', 'third')")
    ).toEqual([])
  })
})

describe('the application’s table', () => {
  test('has the three indexes of production, and none on source and time', async () => {
    const rows = await database.query<{ indexdef: string }>(
      "select indexdef from pg_indexes where tablename = 'observability_events' order by indexdef"
    )
    const columns = rows.map(row => row.indexdef.replace(/^.*USING/u, ''))
    expect(columns).toEqual([
      ' btree (booking_id)',
      ' btree (created_at DESC)',
      ' btree (source)',
      ' btree (id)'
    ])
  })

  test('keeps SQL NULL, JSON null and an absent key apart', async () => {
    await database.insert([
      { source: 'null', eventType: '1 none' },
      { source: 'null', eventType: '2 null', context: null },
      { source: 'null', eventType: '3 key', context: { reason: null } },
      { source: 'null', eventType: '4 no key', context: {} }
    ])
    const rows = await database.query<{ shown: string | null }>(
      "select context::text as shown from public.observability_events where source = 'null' order by event_type"
    )
    expect(rows.map(row => row.shown)).toEqual([null, 'null', '{"reason": null}', '{}'])
  })

  test('takes ten thousand events at once', async () => {
    const events = Array.from({ length: 10_001 }, (_, n) => ({
      createdAtMs: Date.parse(INSTANT) + n,
      source: 'bulk',
      eventType: 'x',
      context: { n }
    }))
    await database.insert(events)
    const counted = `select count(*)::int, min(created_at), max((context ->> 'n')::int)
      from public.observability_events where source = 'bulk'`
    expect(await database.query(counted)).toEqual([
      { count: 10_001, min: new Date(INSTANT), max: 10_000 }
    ])
  })

  test.each([
    ['reader', 'insert', "insert into observability_events (source, event_type) values ('a', 'b')"],
    ['reader', 'delete', 'delete from observability_events'],
    ['reader', 'look at the clock’s table', 'select * from rehearsal.clock'],
    ['application', 'delete', 'delete from observability_events']
  ] as const)('does not let the %s %s', async (role, _, sql) => {
    const denied = queryAs(database.connectionString(role), sql)
    await expect(denied).rejects.toMatchObject({ code: '42501' })
  })
})

test('a relay passes on, is cut and mended', async () => {
  const relay = await startRelay(server)
  const through = () => queryAs(database.connectionString('reader', relay), 'select 1 as one')
  expect((await through()).rows).toEqual([{ one: 1 }])

  const cutOff = queryAs(database.connectionString('reader', relay), 'select pg_sleep(2)')
  const failure = cutOff.catch((error: Error) => error.message)
  await database.query('select pg_sleep(0.1)')
  await relay.cut()
  expect(await failure).toMatch(/terminated|ECONNRESET/u)
  await expect(through()).rejects.toMatchObject({ code: 'ECONNREFUSED' })

  await relay.cut()
  await relay.restore()
  expect((await through()).rows).toEqual([{ one: 1 }])
  await relay.stop()
})
