import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadCatalogue, loadEvidenceFiles } from '../../src/postgres/catalogue.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/postgres/limits.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import type { Answer } from '../../src/rollout/ports.ts'
import {
  adapterFor,
  bundledMetrics,
  freshDatabase,
  lookAt,
  startTestServer,
  withFiles
} from '../postgres/embedded.ts'
import { SMALL, SMALL_METRICS } from '../rollout/small-definition.ts'
import { blocksIn, readPage, rowsUnder } from './page.ts'

const PAGE = readPage('metrics.md')
const SQL = blocksIn(PAGE, 'sql')
const [TABLE = ''] = SQL.filter(block => block.startsWith('create table'))
const EXAMPLES = SQL.filter(block => block.startsWith('--! metric'))
const FOLDER = 'rollgate/metrics'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server)
  await database.query(TABLE)
  await database.query('grant select on public.order_events to public')
  await database.query(ORDERS)
})
afterAll(() => server?.stop())

/** Order 1 is paid at the second attempt, 2 is paid twice over, 3 fails, 4 has not ended. */
const ORDERS = `insert into public.order_events values
  ('2026-03-01T10:05Z', 1, 'failed', null),
  ('2026-03-01T10:06Z', 1, 'paid', '{"duration_ms": 1000}'),
  ('2026-03-01T10:07Z', 2, 'paid', '{"duration_ms": 2000}'),
  ('2026-03-01T10:07Z', 2, 'paid', '{"duration_ms": "?"}'),
  ('2026-03-01T11:30Z', 3, 'failed', null),
  ('2026-03-01T11:31Z', 3, 'gateway_error', null),
  ('2026-03-01T11:33Z', 4, 'gateway_error', null),
  ('2026-03-01T10:01Z', 1, 'moved', '{"from": "cart", "to": "paying"}'),
  ('2026-03-01T10:06Z', 1, 'moved', '{"from": "paying", "to": "paid"}'),
  ('2026-03-01T10:02Z', 4, 'moved', '{"from": "cart", "to": "paying"}'),
  ('2026-03-01T10:03Z', 5, 'moved', '{"from": "cart", "to": "cancelled"}')`

describe('the examples', () => {
  test('are one of every kind, and answered by a real server', async () => {
    const files = Object.fromEntries(EXAMPLES.map((text, index) => [`${index}.sql`, text]))
    const catalogue = await withFiles(files, folder => loadCatalogue([folder]))
    const kinds = catalogue.headers.map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(['proportion', 'count', 'value', 'transitions']))

    const { metrics } = await adapterFor(database, { catalogue })
    const { answers } = await metrics.look(lookAt(catalogue.headers.map(({ name }) => name)))
    expect(answers).toEqual({
      'paid-orders': answered([10, { hits: 2, total: 2 }], [11, { hits: 0, total: 1 }]),
      'gateway-errors': {
        kind: 'answered',
        rows: [{ bucket: '2026-03-01T11:30:00.000Z', hits: 2, latest: '2026-03-01T11:33:00.000Z' }]
      },
      'payment-p95': {
        ...answered([10, { hits: 1950, total: 2 }]),
        whole: { hits: 1950, total: 2 }
      },
      'order-states': answered(
        [10, { hits: 1, from: 'cart', to: 'cancelled', waiting: 1, oldest: at('10:03') }],
        [10, { hits: 2, from: 'cart', to: 'paying', waiting: 1, oldest: at('10:02') }],
        [10, { hits: 1, from: 'paying', to: 'paid', waiting: 1, oldest: at('10:06') }]
      ),
      'orders-started': answered([10, { hits: 3 }]),
      'cancelled-orders': answered([10, { hits: 1, total: 3 }])
    })
  })

  test('of evidence can be loaded, and their query is answered', async () => {
    const [evidence = ''] = SQL.filter(block => block.startsWith('--! evidence'))
    const evidenceFiles = await withFiles({ 'one.sql': evidence }, folder =>
      loadEvidenceFiles([folder])
    )
    const exporter = (await adapterFor(database, { evidenceFiles })).evidence
    const { metrics: _, ...request } = lookAt([])
    const files = await exporter.collect({
      ...request,
      checkpoint: 'T+6h',
      until: at('16:00')
    })
    expect(files.find(({ path }) => path === 'one.csv')?.content).toMatch(/^hour,errors\n.*,2\n$/u)
  })

  test('of criteria are what a definition may say about these metrics', async () => {
    const files = Object.fromEntries(EXAMPLES.map((text, index) => [`${index}.sql`, text]))
    const { headers } = await withFiles(files, folder => loadCatalogue([folder]))
    const kinds = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
    const criteria = blocksIn(PAGE, 'yaml').join('').replaceAll(/^/gmu, '    ')
    const text = SMALL.replace('criteria:\n  full:\n', start => `${start}${criteria}\n`)
    const metrics = { ...SMALL_METRICS, ...kinds }
    const { criteria: found } = parseDefinition({ file: 'small.yml', text, digest: 'd', metrics })
    expect(new Set(found['full']?.map(({ kind }) => kind))).toEqual(
      new Set(['proportion', 'value', 'sustained', 'state-machine', 'zero-tolerance'])
    )
  })

  test('of an index can be made', async () => {
    const [index = ''] = SQL.filter(block => block.startsWith('create index'))
    await database.query(index)
  })
})

const MINE = header('count')

function header(kind: string, name = 'mine'): string {
  return `--! metric: ${name}\n--! kind: ${kind}\n--! asks: What?\n--! unit: thing\n`
}

describe('a file that cannot be loaded is refused in the words of the page', () => {
  test.each<[string, string]>([
    ['the header has no `--! metric: …` line', 'select 1'],
    ['not `--! key: value`', `--! metric mine\n${MINE}select 1`],
    ['unknown key `owner`', `${MINE}--! owner: me\nselect 1`],
    ['`--! unit: …` is missing for mine', MINE.replace(/--! unit.*\n/u, 'select 1')],
    ['`kind` is given twice', `${MINE}--! kind: count\nselect 1`],
    ['`kind` stands before `--! metric`', `--! kind: count\n${MINE}select 1`],
    ['a header line stands inside the statement', `${MINE}select 1\n--! unit: x`],
    [
      'the kind of mine is `ratio`, not one of proportion, count, value, transitions',
      `${header('ratio')}select 1`
    ],
    ['`My_metric` is no metric name (a-b-1)', `${header('count', 'My_metric')}select 1`],
    ['a second statement begins', `${MINE}select 1; select 2`],
    ['there is no statement', `${MINE}-- nothing`],
    [':since would become SQL text', `${MINE}select :since`],
    [':" would become an identifier', `${MINE}select :"since"`],
    [":'a-b' is not the name of a psql variable", `${MINE}select :'a-b'`],
    [':{ asks psql whether a variable exists', `${MINE}select :{?since}`],
    ['$1 is a placeholder of its own', `${MINE}select $1`],
    ['\\set is a command of psql, not SQL', `${MINE}\\set x 1`],
    ["' is never closed", `${MINE}select 'x`]
  ])('%s', async (sentence, text) => {
    expect(await loading({ 'mine.sql': text })).toMatchObject(onPage(sentence))
  })

  test('a name that is taken', async () => {
    const both = { 'a.sql': `${MINE}select 1`, 'b.sql': `${MINE}select 1` }
    const sentence = 'mine is already in rollgate/metrics/a.sql'
    expect(await loading(both)).toMatchObject(onPage(sentence))
  })

  test('a place that is not there, and a file that is named twice', async () => {
    const nowhere = loadCatalogue([{ path: '/nowhere', shownAs: FOLDER }])
    const missing = `The SQL files of ${FOLDER} cannot be read (ENOENT)`
    await expect(nowhere).rejects.toMatchObject(onPage(missing))
    await withFiles({ 'mine.sql': `${MINE}select 1` }, async ({ path }) => {
      const place = { path, shownAs: FOLDER }
      const twice = `${FOLDER}/mine.sql is given twice, or two files go by that name`
      await expect(loadCatalogue([place, place])).rejects.toMatchObject(onPage(twice))
    })
  })
})

describe('a query that cannot be asked is refused in the words of the page', () => {
  test.each<[string, string, Partial<Limits>?]>([
    ["the parameter :'nobody' has no value", "select :'nobody' as bucket"],
    ['this is not one SELECT (42601)', 'do $$ begin end $$'],
    ['this is not one SELECT (42601)', "copy (select 1) to program 'true'"],
    ['this is not one SELECT (42601)', 'set role postgres'],
    ['this is not one SELECT (42601)', 'commit'],
    [
      'the query writes or locks (ModifyTable)',
      'with gone as (delete from public.order_events returning 1) select * from gone'
    ],
    ['the query writes or locks (LockRows)', 'select * from public.order_events for update'],
    ['the query writes (25006)', 'select pg_catalog.lo_create(0)'],
    ['the query took longer than it may (57014)', 'select pg_sleep(1e6)', { statementMs: 100 }],
    [
      'more than the 1,000 of database.max_planned_cost',
      'select count(*) from generate_series(1, 1000) a, generate_series(1, 1000) b',
      { maxPlannedCost: 1000 }
    ],
    [
      'its rows are larger than the 16 MB that are read at once',
      "select now() as bucket, repeat('x', 20000000) as hits"
    ],
    [
      'a table is not there (42P01): relation "public.orders" does not exist',
      'select 1 from public.orders'
    ],
    [
      'a column is not there (42703): column "wen" does not exist',
      'select wen from public.order_events'
    ],
    [
      'the role may not read this (42501): permission denied for table pg_authid',
      'select * from pg_catalog.pg_authid'
    ],
    [
      'an operator or function does not take these types (42883)',
      "select 1 from public.order_events where at > :'since'"
    ],
    [
      'a value in the table is not what the query takes it for (22P02)',
      'select event::int from public.order_events'
    ]
  ])('%s: %s', async (sentence, sql, limits = {}) => {
    const role = sentence.includes('writes or locks') ? 'owner' : 'reader'
    expect(await asked(header('count') + sql, { limits, role })).toMatchObject(onPage(sentence))
  })
})

const BUCKET = "select :'since'::timestamptz as bucket,"
const STATES = `${BUCKET} 1 as hits, 'a' as from_state, 'b' as to_state,`

describe('rows of another shape are refused in the words of the page', () => {
  test.each<[string, string, string?]>([
    ['the columns are hits; they must be bucket, hits, latest (optional)', 'select 1 as hits'],
    ['the column bucket is not timestamptz', "select '2026' as bucket, 1 as hits"],
    ['the column hits is not a number, best float8', `${BUCKET} '1' as hits`],
    ['mine: hits is NULL', `${BUCKET} null::float8 as hits`],
    ['mine: hits is NaN, which is no finite number', `${BUCKET} 'NaN'::float8 as hits`],
    ['mine: hits is -1, which is no count', `${BUCKET} -1 as hits`],
    [
      'mine: hits is 2, more than total, which is 1',
      `${BUCKET} 2 as hits, 1 as total`,
      'proportion'
    ],
    [
      'mine: bucket is 2026-03-01T16:00:00.000Z, outside the window 2026-03-01T10:00:00.000Z … 2026-03-01T16:00:00.000Z',
      "select :'until'::timestamptz as bucket, 1 as hits"
    ],
    [
      'mine: two rows for the bucket 2026-03-01T10:00:00.000Z',
      `${BUCKET} 1 as hits union all ${BUCKET} 2`
    ],
    [
      'more than 10000 rows',
      "select :'since'::timestamptz + g * interval '1 second' as bucket, 1 as hits from generate_series(0, 10000) g"
    ],
    [
      'mine: the row for the whole window (bucket NULL) is missing',
      `${BUCKET} 2 as hits, 30 as total`,
      'value'
    ],
    [
      'mine: the whole window has samples, and none of its buckets has any',
      'select null::timestamptz as bucket, 2 as hits, 30 as total',
      'value'
    ],
    [
      'mine: waiting is 2, more than hits, which is 1',
      `${STATES} 2 as waiting, null::timestamptz as oldest`,
      'transitions'
    ],
    ['mine: oldest is NULL', `${STATES} 1 as waiting, null::timestamptz as oldest`, 'transitions'],
    [
      'mine: oldest is given where nobody is waiting',
      `${STATES} 0 as waiting, now() as oldest`,
      'transitions'
    ]
  ])('%s', async (sentence, sql, kind = 'count') => {
    const answer = await asked(header(kind) + sql)
    expect(answer).toMatchObject({ ...onPage(sentence), code: 'bad_shape' })
  })

  test.each<[string, string]>([
    [
      'series is strange, which the header does not name',
      `select 'strange' as series, :'since'::timestamptz as bucket, 1 as hits, 1 as total`
    ],
    [
      'mine: total is 5, where it has no meaning',
      `select 'mine' as series, :'since'::timestamptz as bucket, 1 as hits, 5 as total`
    ]
  ])('%s', async (sentence, sql) => {
    const answer = await asked(header('count') + header('proportion', 'other') + sql)
    expect(answer).toMatchObject({ ...onPage(sentence), code: 'bad_shape' })
  })
})

test('the limits of the page are those of the code', () => {
  const { statementMs, fileMs, lookMs, connectMs, lockMs, maxAnswerBytes } = DEFAULT_LIMITS
  const [statement, file, look, connect, lock] = [
    statementMs,
    fileMs,
    lookMs,
    connectMs,
    lockMs
  ].map(ms => `${ms / 1000} s`)
  const sentence = `${statement} on the server, ${file} per file, ${look} per connection, ${connect} to connect, ${lock} for a lock`
  expect(PAGE.includes(sentence) ? sentence : 'not on the page').toBe(sentence)
  expect(PAGE).toContain(`${maxAnswerBytes / 1e6} MB for an answer`)
})

test('the bundled metrics are those of the page', async () => {
  const { headers } = await bundledMetrics()
  const told = headers.map(({ name, kind, asks }) => [`\`${name}\``, kind, asks])
  expect(rowsUnder(PAGE, 'Metric')).toEqual(told)
})

async function loading(files: Readonly<Record<string, string>>): Promise<unknown> {
  return withFiles(files, ({ path }) =>
    loadCatalogue([{ path, shownAs: FOLDER }]).catch((error: unknown) => error)
  )
}

interface Asking {
  readonly limits?: Partial<Limits>
  readonly role?: 'reader' | 'owner'
}

async function asked(
  text: string,
  { limits = {}, role = 'reader' }: Asking = {}
): Promise<Answer | undefined> {
  const catalogue = await withFiles({ 'mine.sql': text }, ({ path }) =>
    loadCatalogue([{ path, shownAs: FOLDER }])
  )
  const connectionString = database.connectionString(role)
  const { metrics } = await adapterFor(database, { catalogue, limits, connectionString })
  return (await metrics.look(lookAt(['mine']))).answers['mine']
}

/** The message and the code that a sentence has on the page; a page that does not have it fails. */
function onPage(sentence: string): { readonly message: unknown; readonly code?: unknown } {
  const bare = (text: string): string => text.replaceAll('`', '')
  const rows = ['What stands there', 'What comes back'].flatMap(tablesUnder)
  const codes = rows
    .filter(([, said = '']) => bare(said) === bare(sentence))
    .map(([, , code = '`bad_shape`']) => bare(code))
  return {
    message: expect.stringContaining(sentence),
    code: codes[0] ?? `on the page of: ${sentence}`
  }
}

/** Of both tables that begin with the column. */
function tablesUnder(column: string): readonly (readonly string[])[] {
  const parts = PAGE.split(`\n| ${column} |`).slice(1)
  return parts.flatMap(part => rowsUnder(`\n| ${column} |${part}`, column))
}

function answered(...rows: readonly (readonly [number, object])[]): object {
  return {
    kind: 'answered',
    rows: rows.map(([hour, row]) => ({ bucket: at(`${hour}:00`), ...row }))
  }
}

function at(time: string): string {
  return `2026-03-01T${time}:00.000Z`
}
