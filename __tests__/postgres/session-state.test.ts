import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { withConnection } from '../../src/postgres/connection.ts'
import { inSavepoint, inSnapshot, readRows } from '../../src/postgres/guard.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/postgres/limits.ts'
import { parseTarget } from '../../src/postgres/target.ts'
import type {
  ApplicationDatabase,
  DatabaseRole
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  bundledMetrics,
  catalogueOf,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SINCE,
  START,
  startTestServer
} from './embedded.ts'
import { type Pooler, startPgbouncer } from './pgbouncer.ts'
import { findProgram } from './psql.ts'

const PGBOUNCER = findProgram('pgbouncer', [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin'
])

/** All that a session can hold beside its transaction, but for the settings that come with a library. */
const STATE = `
  select json_build_object(
    'backend', pg_backend_pid(),
    'settings', (select json_object_agg(name, setting order by name) from pg_settings where name not like 'plpgsql.%'),
    'prepared', (select count(*) from pg_prepared_statements),
    'cursors', (select count(*) from pg_cursors where name <> ''),
    'channels', (select count(*) from pg_listening_channels()),
    'temporary', (select count(*) from pg_class where relpersistence = 't'),
    'locks', (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory')
  ) as state`

let server: PostgresServer
let database: ApplicationDatabase

const [A, B] = [randomUUID(), randomUUID()]

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [
    coordinatorEvent('start', 1, { bookingId: A }),
    coordinatorEvent('confirmed', 2, { bookingId: A }),
    coordinatorEvent('error', 64, { bookingId: B, context: { environment: 'production' } }),
    coordinatorEvent('x', 65, { source: 'auto_assign' })
  ])
  await database.query(
    `create function public.litter() returns float8 language plpgsql as $body$ begin
       perform pg_advisory_lock(1), pg_advisory_lock_shared(2), pg_notify('x', 'y');
       perform set_config('statement_timeout', '1h', false), set_config('search_path', 'mine', false);
       return 1;
     end $body$`
  )
})
afterAll(() => server?.stop())

const LITTER = "select :'since'::timestamptz as bucket, public.litter() as hits"

test('a transaction leaves its session as it found it', async () => {
  const target = parseTarget(database.connectionString('reader'))
  const statement = { file: 'x.sql', text: 'select public.litter()', values: [] }
  await withConnection(target, DEFAULT_LIMITS, async connection => {
    const state = async () => JSON.parse((await connection.query(STATE)).rows[0]?.[0] ?? '')
    const before = await state()
    await inSnapshot(connection, DEFAULT_LIMITS, () =>
      inSavepoint(connection, () => readRows(connection, statement, DEFAULT_LIMITS))
    )
    expect(await state()).toEqual(before)
  })
})

if (PGBOUNCER !== undefined) {
  describe('behind a pooler in transaction mode', () => {
    let pooler: Pooler

    beforeAll(async () => {
      pooler = await startPgbouncer(PGBOUNCER, server, ['postgres', 'rollgate_reader'])
    })
    afterAll(() => pooler?.stop())

    const pooled = (role: DatabaseRole = 'reader') => database.connectionString(role, pooler)

    /** Of the one connection that the pooler has with the server for this role. */
    async function stateOf(role: DatabaseRole = 'reader'): Promise<{ readonly backend: number }> {
      const client = new pg.Client({ connectionString: pooled(role) })
      await client.connect()
      try {
        return (await client.query(STATE)).rows[0].state
      } finally {
        await client.end()
      }
    }

    test('everything is answered as without one, and the session is as it was', async () => {
      const names = (await bundledMetrics()).headers.map(header => header.name)
      const window = { since: SINCE, until: new Date(START + 2 * HOUR).toISOString() }
      const parameters = { source: 'assignment.coordinator', environment: '' }
      const ask = async (connectionString: string) => {
        const {
          metrics,
          evidence,
          database: inspector
        } = await adapterFor(database, { connectionString })
        const { answers, digests, since, until } = await metrics.look(lookAt(names))
        const files = await evidence.collect({ checkpoint: 'T+2h', parameters, ...window })
        return {
          look: { answers, digests, since, until },
          evidence: files.filter(file => file.path !== 'manifest.json'),
          costs: await metrics.estimate(lookAt(names)),
          facts: await inspector.inspectDatabase(),
          now: await metrics.databaseNow()
        }
      }
      const before = await stateOf()
      const answers = await ask(pooled())
      expect(await stateOf()).toEqual(before)
      expect(answers).toEqual(await ask(database.connectionString('reader')))
      expect(answers.evidence).toHaveLength(10)
    })

    test.each<[string, string, Partial<Limits>, object]>([
      ['holds on to what it can', LITTER, {}, { kind: 'answered' }],
      ['fails', 'select 1 / 0', {}, { code: 'bad_data' }],
      ['is no SELECT', 'set statement_timeout = 0', {}, { code: 'not_a_select' }],
      ['has too many rows', 'select generate_series(1, 100000)', {}, { code: 'bad_shape' }],
      ['is too slow', 'select pg_sleep(1e6)', { statementMs: 100 }, { code: 'timed_out' }],
      ['fails while it holds on', `select public.litter() / 0`, {}, { code: 'bad_data' }]
    ])('a metric that %s leaves the session as it was', async (_, sql, limits, told) => {
      const before = await stateOf('owner')
      const catalogue = await catalogueOf('count', sql)
      const { metrics } = await adapterFor(database, {
        catalogue,
        connectionString: pooled('owner'),
        limits
      })
      expect((await metrics.look(lookAt(['probe']))).answers['probe']).toMatchObject(told)
      expect(await stateOf('owner')).toEqual(before)
    })

    test('a look that is given up takes its connection with it', async () => {
      const { backend } = await stateOf('owner')
      const catalogue = await catalogueOf(
        'count',
        "select now() as bucket, repeat('x', 30000000) as hits"
      )
      const { metrics } = await adapterFor(database, {
        catalogue,
        connectionString: pooled('owner')
      })
      expect((await metrics.look(lookAt(['probe']))).answers['probe']).toMatchObject({
        code: 'result_too_large'
      })
      expect((await stateOf('owner')).backend).not.toBe(backend)
    })
  })
}
