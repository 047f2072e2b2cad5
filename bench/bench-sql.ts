import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { loadCatalogue, loadEvidenceFiles } from '../src/postgres/catalogue.ts'
import { createPostgres } from '../src/postgres/postgres.ts'
import { ROLES } from '../src/rehearsal/postgres/schema.ts'
import { type PostgresServer, startPostgresServer } from '../src/rehearsal/postgres/server.ts'
import { buildTable } from './build-table.ts'
import { type Medians, median, resultText } from './table.ts'
import { type Place, WAY_NAMES, type WayName, waysOf } from './ways.ts'

/** What to measure, and on what. */
export interface Bench {
  /** Of the table. */
  readonly rows: number
  /** Runs of each way, of which the middle one counts. */
  readonly rounds: number
  /** The root of the project, where sql/ and bench/ are. */
  readonly home: string
  /** Found on its own when absent. */
  readonly psql: string | undefined
  /** Folder with `bin/postgres`; the packaged server when absent. */
  readonly postgresHome: string | undefined
  readonly progress: (line: string) => void
}

const DAYS = 30
const WINDOW_MS = 48 * 3_600_000
const DATABASE = 'bench'
const INDEX = 'bench_index'

/** What a server of this size would have, so that the table is in memory for every way alike. */
const SETTINGS = {
  shared_buffers: '2GB',
  max_wal_size: '8GB',
  maintenance_work_mem: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off'
}

/** Indexes beside none, by the name they have in the table. */
const CASES: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  created_at: '(created_at desc)',
  '(source, created_at)': '(source, created_at)'
}

/**
 * Builds the table in a server of its own and measures every way of reading 48 hours of it, in one
 * run, round by round in turn. Returns what to print.
 */
export async function benchSql(bench: Bench): Promise<string> {
  const psql = findPsql(bench.psql)
  const home = bench.postgresHome
  const server = await startPostgresServer({
    settings: SETTINGS,
    ...(home === undefined ? {} : { home })
  })
  try {
    return await withClient(server, 'postgres', async admin => {
      await admin.query(ROLES)
      await admin.query(`alter role rollgate_reader password '${server.password}'`)
      await admin.query(`create database ${DATABASE}`)
      return withClient(server, DATABASE, client => measureOn(bench, { server, psql, client }))
    })
  } finally {
    await server.stop()
  }
}

type Found = Pick<Place, 'server' | 'psql' | 'client'>

async function measureOn(bench: Bench, found: Found): Promise<string> {
  const { client } = found
  bench.progress(`building ${bench.rows.toLocaleString('en')} rows`)
  await client.query('grant usage on schema public to rollgate_reader')
  const span = await buildTable(client, { rows: bench.rows, days: DAYS }, share =>
    bench.progress(`  ${Math.round(share * 100)} %`)
  )
  const since = new Date(Date.parse(span.until) - WINDOW_MS).toISOString()
  const window = { since, until: span.until }
  const place = await placeOf(bench, found, window)
  const medians: Record<string, Medians[string]> = {}
  for (const [name, columns] of Object.entries(CASES)) {
    const cost = await makeIndex(client, columns)
    bench.progress(`index ${name}: ${cost}`)
    medians[name] = await measure(bench, place)
  }
  return `${await describe(client)}\n\n${resultText(medians)}`
}

async function placeOf(bench: Bench, found: Found, window: Place['window']): Promise<Place> {
  const sql = (folder: string) => [
    { path: path.join(bench.home, 'sql', folder), shownAs: `sql/${folder}` }
  ]
  const { host, port, password } = found.server
  const postgres = createPostgres({
    connectionString: `postgresql://rollgate_reader:${password}@${host}:${port}/${DATABASE}`,
    catalogue: await loadCatalogue(sql('metrics')),
    evidenceFiles: await loadEvidenceFiles(sql('evidence')),
    // Slow is what is to be measured, not to be ended.
    limits: { statementMs: 300_000, fileMs: 300_000, lookMs: 3_000_000 }
  })
  return { ...found, database: DATABASE, folder: path.join(bench.home, 'bench'), postgres, window }
}

/** What the index costs: how large it is and how long it takes to make. */
async function makeIndex(client: pg.Client, columns: string | undefined): Promise<string> {
  await client.query(`drop index if exists public.${INDEX}`)
  if (columns === undefined) return 'nothing to make'
  const started = performance.now()
  await client.query(`create index ${INDEX} on public.observability_events ${columns}`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const { rows } = await client.query<{ size: string }>(
    `select pg_size_pretty(pg_relation_size('public.${INDEX}')) as size`
  )
  return `${rows[0]?.size}, made in ${seconds} s`
}

async function measure(bench: Bench, place: Place): Promise<Readonly<Record<WayName, number>>> {
  const ways = waysOf(place)
  const taken: Record<WayName, number[]> = Object.fromEntries(
    WAY_NAMES.map(name => [name, [] as number[]])
  ) as Record<WayName, number[]>
  // The first round fills the caches and counts for nothing.
  for (let round = 0; round <= bench.rounds; round++) {
    for (const name of WAY_NAMES) {
      const started = performance.now()
      await ways[name]()
      if (round > 0) taken[name].push(performance.now() - started)
    }
    bench.progress(`  round ${round} of ${bench.rounds}`)
  }
  const medians = WAY_NAMES.map(name => [name, median(taken[name])])
  return Object.fromEntries(medians) as Record<WayName, number>
}

async function describe(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ line: string }>(`
    select format('PostgreSQL %s; %s rows in %s, %s of them of the coordinator; the last 48 of %s hours.',
      current_setting('server_version'), count(*), pg_size_pretty(pg_relation_size('public.observability_events')),
      round(100.0 * count(*) filter (where source = 'assignment.coordinator') / count(*), 1) || ' %', ${DAYS * 24}) as line
    from public.observability_events`)
  return rows[0]?.line ?? ''
}

async function withClient<Result>(
  server: PostgresServer,
  database: string,
  work: (client: pg.Client) => Promise<Result>
): Promise<Result> {
  const client = new pg.Client({ connectionString: server.connectionString(database) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const PSQL_PLACES = ['/usr/bin/psql', '/usr/local/bin/psql', '/opt/homebrew/bin/psql']

/** @throws Error that says what to do when there is none */
function findPsql(given: string | undefined): string {
  const found = given === undefined ? PSQL_PLACES.find(existsSync) : given
  if (found !== undefined && existsSync(found)) return found
  throw new Error(
    `psql is missing, which the runbook's way needs: looked for ${given ?? PSQL_PLACES.join(', ')}. Install the PostgreSQL client (postgresql-client), or name it with --psql.`
  )
}
