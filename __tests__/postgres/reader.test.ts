import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  catalogueOf,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SINCE,
  START,
  startTestServer,
  withFiles
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [
    coordinatorEvent('start', 1),
    coordinatorEvent('start', 61),
    coordinatorEvent('start', 121)
  ])
})
afterAll(() => server?.stop())

const at = (hours: number) => new Date(START + hours * HOUR).toISOString()
const header = (name: string, kind: string) =>
  `--! metric: ${name}\n--! kind: ${kind}\n--! asks: What?\n--! unit: thing\n`

test('one file answers metrics of every kind, each with the columns it has a use for', async () => {
  const kinds = ['proportion', 'count', 'value', 'transitions'] as const
  const text = `${kinds.map(kind => header(kind, kind)).join('')}
    with b (bucket) as (values (:'since'::timestamptz))
    select 'proportion' as series, bucket, 1::float8 as hits, 2::float8 as total, null::timestamptz as latest,
      null as from_state, null as to_state, null::int as waiting, null::timestamptz as oldest from b
    union all select 'count', bucket, 3, null, bucket, null, null, null, null from b
    union all select 'value', bucket, 4.5, 2, null, null, null, null, null from b
    union all select 'value', null, 4.25, 2, null, null, null, null, null from b
    union all select 'transitions', bucket, 2, null, null, 'created', 'failed', 1, bucket from b`
  const catalogue = await withFiles({ 'all.sql': text }, folder => loadCatalogue([folder]))
  const { metrics } = await adapterFor(database, { catalogue })
  const bucket = SINCE
  expect((await metrics.look(lookAt([...kinds]))).answers).toEqual({
    proportion: { kind: 'answered', rows: [{ bucket, hits: 1, total: 2 }] },
    count: { kind: 'answered', rows: [{ bucket, hits: 3, latest: bucket }] },
    value: {
      kind: 'answered',
      rows: [{ bucket, hits: 4.5, total: 2 }],
      whole: { hits: 4.25, total: 2 }
    },
    transitions: {
      kind: 'answered',
      rows: [{ bucket, hits: 2, from: 'created', to: 'failed', waiting: 1, oldest: bucket }]
    }
  })
})

describe('the window of a look', () => {
  const look = async (request: Parameters<typeof lookAt>[1]) => {
    const { metrics } = await adapterFor(database)
    const { since, until, answers } = await metrics.look(lookAt(['coordinator-starts'], request))
    const answer = answers['coordinator-starts']
    return { since, until, buckets: answer?.kind === 'answered' ? answer.rows.length : answer }
  }

  test('ends the grace before the database’s now', async () => {
    expect(await look({ graceMs: HOUR })).toEqual({ since: SINCE, until: at(5), buckets: 3 })
  })

  test('ends where it is told to, when that is past', async () => {
    expect(await look({ until: at(2) })).toMatchObject({ until: at(2), buckets: 2 })
    expect(await look({ until: '2026-03-01T12:00:00+01:00' })).toMatchObject({
      until: at(1),
      buckets: 1
    })
  })

  test('never ends later than the grace before now', async () => {
    expect(await look({ until: at(7), graceMs: HOUR })).toMatchObject({ until: at(5) })
  })

  test('is empty when it would end before it begins', async () => {
    const empty = { since: SINCE, until: SINCE, buckets: 0 }
    expect(await look({ until: at(-1) })).toEqual(empty)
    expect(await look({ graceMs: 10 * HOUR })).toEqual(empty)
  })

  test.each([
    ['since', { since: 'yesterday' }],
    ['until', { until: 'noon' }]
  ])('has a %s that is an instant', async (name, request) => {
    await expect(look(request)).rejects.toMatchObject({ code: `${name}_invalid` })
  })
})

test('all files of a look see one state of the table, whatever is written meanwhile', async () => {
  const counting = (wait: string) =>
    `select :'since'::timestamptz as bucket, count(*) as hits from public.observability_events ${wait}`
  // The first file holds until a row has been written that its own snapshot does not show.
  const waiting = `cross join (select pg_advisory_lock_shared(7)) as gate`
  const files = {
    'a.sql': header('first', 'count') + counting(waiting),
    'b.sql': header('second', 'count') + counting('')
  }
  const catalogue = await withFiles(files, folder => loadCatalogue([folder]))
  const { metrics } = await adapterFor(database, { catalogue, limits: { lockMs: 30_000 } })
  const [{ count } = { count: 0 }] = await database.query<{ count: number }>(
    'select count(*)::int as count from public.observability_events'
  )
  const writing = database.query(
    `do $$ begin
       perform pg_advisory_xact_lock(7);
       while not exists (select from pg_locks where locktype = 'advisory' and not granted) loop
         perform pg_stat_clear_snapshot(), pg_sleep(0.01);
       end loop;
       insert into public.observability_events (source, event_type) values ('late', 'late');
     end $$`
  )
  const { answers } = await metrics.look(lookAt(['first', 'second']))
  await writing
  expect(answers).toMatchObject({
    first: { rows: [{ hits: count }] },
    second: { rows: [{ hits: count }] }
  })
})

test('a metric that no file answers is told by its name, with those there are', async () => {
  const catalogue = await catalogueOf('count', "select :'since'::timestamptz as bucket, 1 as hits")
  const { metrics } = await adapterFor(database, { catalogue })
  expect((await metrics.look(lookAt(['probe', 'prob']))).answers).toMatchObject({
    probe: { kind: 'answered' },
    prob: {
      code: 'unknown_metric',
      message: 'No SQL file answers the metric prob.',
      remedy: 'Write one, or use one of: probe.'
    }
  })
})
