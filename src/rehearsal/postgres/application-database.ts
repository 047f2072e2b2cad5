import pg from 'pg'
import { EVENT_TABLE, GRANTS, ROLES, TOLD_CLOCK } from './schema.ts'
import type { PostgresServer } from './server.ts'

/** One row of the application's table. */
export interface StoredEvent {
  readonly id?: string
  /** Milliseconds since the epoch; the database's now when absent. */
  readonly createdAtMs?: number
  readonly source: string
  readonly eventType: string
  readonly severity?: 'info' | 'warning' | 'error' | 'critical'
  /** Absent is SQL NULL; null is a JSON null, which is not the same. */
  readonly context?: unknown
  readonly restaurantId?: string
  readonly bookingId?: string
}

/** `owner` is the superuser, `application` may insert, `reader` may only select. */
export type DatabaseRole = 'owner' | 'application' | 'reader'

/** The application's database in the rehearsal world, on a clock that is told the time. */
export interface ApplicationDatabase {
  readonly name: string
  /** Through `at` when given, as a relay's address. */
  connectionString(
    role: DatabaseRole,
    at?: { readonly host: string; readonly port: number }
  ): string
  /** `now()` and `clock_timestamp()` answer this instant from here on; null: the real time again. */
  setClock(ms: number | null): Promise<void>
  insert(events: readonly StoredEvent[]): Promise<void>
  /** Any statement, as the owner. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>
}

const ACCOUNTS = {
  owner: 'postgres',
  application: 'application',
  reader: 'rollgate_reader'
} as const
const ROWS_PER_STATEMENT = 5000

const INSERT = `
  insert into public.observability_events
    (id, created_at, source, event_type, severity, context, restaurant_id, booking_id)
  select coalesce(id, gen_random_uuid()), coalesce(to_timestamp(created_ms / 1000), now()), source,
    event_type, coalesce(severity, 'info'), context::jsonb, restaurant_id, booking_id
  from json_to_recordset($1) as event (id uuid, created_ms float8, source text, event_type text,
    severity text, context text, restaurant_id uuid, booking_id uuid)`

const SET_CLOCK = `
  with gone as (delete from rehearsal.clock)
  insert into rehearsal.clock select to_timestamp($1::float8 / 1000) where $1 is not null`

/** Creates a database of that name with the application's table in it; quick enough for one per test. */
export async function createApplicationDatabase(
  server: PostgresServer,
  name = 'application'
): Promise<ApplicationDatabase> {
  await prepareServer(server, name)
  const pool = poolOf(server, name)
  for (const sql of [TOLD_CLOCK, EVENT_TABLE, GRANTS]) await pool.query(sql)
  return {
    name,
    connectionString: (role, at = server) =>
      `postgresql://${ACCOUNTS[role]}:${server.password}@${at.host}:${at.port}/${name}`,
    setClock: async ms => void (await pool.query(SET_CLOCK, [ms])),
    insert: events => insert(pool, events),
    query: async (sql, values = []) => (await pool.query(sql, [...values])).rows,
    drop: async () => {
      await pool.end()
      await asSuperuser(server, client => client.query(`drop database "${name}" with (force)`))
    }
  }
}

async function prepareServer(server: PostgresServer, name: string): Promise<void> {
  await asSuperuser(server, async client => {
    // Accounts belong to the server: two databases made at once would alter them at once.
    await client.query('select pg_advisory_lock(1)')
    await client.query(ROLES)
    for (const role of [ACCOUNTS.reader, ACCOUNTS.application]) {
      await client.query(`alter role ${role} password '${server.password}'`)
    }
    await client.query(`create database "${name}"`)
  })
}

function poolOf(server: PostgresServer, database: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.connectionString(database), max: 2 })
  // A server stopped first ends idle connections; nobody waits on those.
  pool.on('error', () => undefined)
  return pool
}

async function insert(pool: pg.Pool, events: readonly StoredEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += ROWS_PER_STATEMENT) {
    const rows = events.slice(start, start + ROWS_PER_STATEMENT).map(rowOf)
    await pool.query(INSERT, [JSON.stringify(rows)])
  }
}

function rowOf(event: StoredEvent) {
  return {
    id: event.id,
    created_ms: event.createdAtMs,
    source: event.source,
    event_type: event.eventType,
    severity: event.severity,
    // As text: a JSON null inside a record would arrive as SQL NULL.
    context: event.context === undefined ? undefined : JSON.stringify(event.context),
    restaurant_id: event.restaurantId,
    booking_id: event.bookingId
  }
}

async function asSuperuser(
  server: PostgresServer,
  work: (client: pg.Client) => Promise<unknown>
): Promise<void> {
  const client = new pg.Client({ connectionString: server.connectionString() })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
