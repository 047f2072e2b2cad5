import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Catalogue } from '../../src/postgres/catalogue.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { judgeCost } from '../../src/rollout/query-cost.ts'
import { adapterFor, catalogueOf, freshDatabase, lookAt, startTestServer } from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  database = await freshDatabase(server)
})

async function estimate(metrics: readonly string[], catalogue?: Catalogue) {
  const parts = await adapterFor(database, catalogue === undefined ? {} : { catalogue })
  return parts.metrics.estimate(lookAt(metrics))
}

describe('what a look would cost, as the planner sees it', () => {
  test('is told by the file, and nothing of it is run', async () => {
    const sleepy = await catalogueOf(
      'count',
      `select :'since'::timestamptz as bucket, 0::float8 as hits from pg_sleep(1000)`
    )
    expect(await estimate(['probe'], sleepy)).toEqual([
      { file: 'sql/probe.sql', metrics: ['probe'], plannedCost: expect.any(Number), fullScans: [] }
    ])
  })

  test('is not told of a file that cannot be planned, and the others are', async () => {
    const wrong = await catalogueOf('count', 'select 1 from nowhere')
    expect(await estimate(['probe'], wrong)).toEqual([])
  })
})

describe('a table that would be read from end to end', () => {
  const ORDERS = `
    select date_bin('1 hour', "placedAt", :'since'::timestamptz) as bucket, count(*)::float8 as hits
    from "Shop".orders
    where state = 'lost' and "placedAt" >= :'since'::timestamptz and "placedAt" < :'until'::timestamptz
    group by 1`
  const COLUMNS = 'id serial primary key, state varchar(20), "placedAt" timestamptz'

  async function scans() {
    const [expected] = await estimate(['probe'], await catalogueOf('count', ORDERS))
    return expected?.fullScans
  }

  async function makeOrders(how: string): Promise<void> {
    await database.query('create schema "Shop"')
    await database.query(how)
    await database.query('grant usage on schema "Shop" to rollgate_reader')
    await database.query('grant select on all tables in schema "Shop" to rollgate_reader')
  }

  test('comes with its size and with what an index on it would begin with', async () => {
    await makeOrders(`create table "Shop".orders (${COLUMNS})`)
    expect(await scans()).toEqual([
      {
        table: '"Shop".orders',
        bytes: 0,
        rows: undefined,
        pickedBy: ['state', '"placedAt"'],
        indexes: [['id']],
        partitioned: false
      }
    ])
  })

  test('is mended by the very statement that is advised', async () => {
    await makeOrders(`create table "Shop".orders (${COLUMNS})`)
    await database.query(`
      insert into "Shop".orders (state, "placedAt")
      select 'fine', '2026-01-01'::timestamptz + n * interval '1 minute' from generate_series(1, 20000) n`)
    await database.query('analyze "Shop".orders')
    const large = (await scans())?.map(scan => ({ ...scan, bytes: 2 ** 40 })) ?? []
    const [item] = judgeCost(
      'cost',
      [{ file: 'a', metrics: [], plannedCost: 1, fullScans: large }],
      9
    )
    const statement = /: (create .*;)$/u.exec(item?.remedy ?? '')?.[1] ?? 'none'
    expect(statement).toBe('create index concurrently on "Shop".orders (state, "placedAt");')
    await database.query(statement)
    expect(await scans()).toEqual([])
  })

  test('is the table and not its partitions, with all their bytes', async () => {
    await makeOrders(`
      create table "Shop".orders (state text, "placedAt" timestamptz) partition by range ("placedAt");
      create table "Shop".first partition of "Shop".orders default;`)
    await database.query(`insert into "Shop".orders values ('lost', '2026-03-01T12:00:00Z')`)
    expect(await scans()).toMatchObject([
      {
        table: '"Shop".orders',
        bytes: 8192,
        pickedBy: ['state', '"placedAt"'],
        indexes: [],
        partitioned: true
      }
    ])
  })

  test('is not said of indexes that are for some of the rows only, or are no tree', async () => {
    await makeOrders(`create table "Shop".orders (${COLUMNS})`)
    await database.query(`create index on "Shop".orders ("placedAt") where state = 'new'`)
    await database.query('create index on "Shop".orders using brin ("placedAt")')
    await database.query('create index on "Shop".orders (lower(state))')
    await database.query('create index on "Shop".orders (id desc) include (state, "placedAt")')
    expect((await scans())?.[0]?.indexes).toEqual([['id'], ['id']])
  })
})
