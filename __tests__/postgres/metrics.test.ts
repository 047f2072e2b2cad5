import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { MetricFile } from '../../src/postgres/catalogue.ts'
import type {
  ApplicationDatabase,
  StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import type { Answer, MetricHeader, SeriesRow } from '../../src/rollout/ports.ts'
import {
  adapterFor,
  bundledMetrics,
  coordinatorEvent,
  freshDatabase,
  lookAt,
  SINCE,
  SQL,
  START,
  startTestServer
} from './embedded.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server)
})
afterAll(() => server?.stop())

const [A, B, C] = [randomUUID(), randomUUID(), randomUUID()]
const of = (bookingId: string, kind: string, minutes: number, rest: Partial<StoredEvent> = {}) =>
  coordinatorEvent(kind, minutes, { bookingId, ...rest })

/** Rows as `hour+minute hits/total`, which is all that the tables below compare. */
async function read(
  metric: string,
  events: readonly StoredEvent[],
  environment = ''
): Promise<readonly string[]> {
  await database.query('truncate public.observability_events')
  await database.insert(events)
  const { metrics } = await adapterFor(database)
  const parameters = { source: 'assignment.coordinator', environment }
  const { answers } = await metrics.look(lookAt([metric], { parameters }))
  const answer = answers[metric]
  if (answer?.kind !== 'answered') throw new Error(JSON.stringify(answer))
  return answer.rows.map(shown)
}

function shown({ bucket, hits, total }: SeriesRow): string {
  const minutes = (Date.parse(bucket) - START) / 60_000
  return `+${minutes} ${total === undefined ? hits : `${hits}/${total}`}`
}

describe('outcomes counts bookings by how their processing ended', () => {
  test.each<[string, readonly StoredEvent[], readonly string[]]>([
    ['nothing happened', [], []],
    ['one confirmed', [of(A, 'start', 1), of(A, 'confirmed', 2)], ['+0 1/1']],
    ['still in progress', [of(A, 'start', 1), of(A, 'retry', 2)], []],
    [
      'retries, then confirmed',
      [of(A, 'retry', 1), of(A, 'retry', 2), of(A, 'confirmed', 3)],
      ['+0 1/1']
    ],
    ['an error, then confirmed', [of(A, 'error', 1), of(A, 'confirmed', 2)], ['+0 1/1']],
    ['confirmed, then an error', [of(A, 'confirmed', 1), of(A, 'error', 2)], ['+0 0/1']],
    ['nothing but an error', [of(A, 'error', 1)], ['+0 0/1']],
    ['given up to a person', [of(A, 'manual_review', 1)], ['+0 0/1']],
    [
      'the same ending twice',
      [of(A, 'confirmed', 1), of(A, 'confirmed', 1), of(A, 'confirmed', 2)],
      ['+0 1/1']
    ],
    [
      'two endings at one instant: the worse one',
      [of(A, 'confirmed', 1), of(A, 'error', 1)],
      ['+0 0/1']
    ],
    ['the same in the other order', [of(A, 'manual_review', 1), of(A, 'confirmed', 1)], ['+0 0/1']],
    ['an ending in the next hour', [of(A, 'start', 59), of(A, 'confirmed', 61)], ['+60 1/1']],
    [
      'an hour that ends exactly',
      [of(A, 'confirmed', 0), of(B, 'confirmed', 60)],
      ['+0 1/1', '+60 1/1']
    ],
    [
      'three bookings',
      [of(A, 'confirmed', 1), of(B, 'error', 2), of(C, 'manual_review', 3)],
      ['+0 1/3']
    ],
    [
      'events without a booking are units of their own',
      [coordinatorEvent('error', 1), coordinatorEvent('error', 2)],
      ['+0 0/2']
    ],
    [
      'before and after the window',
      [of(A, 'confirmed', -1), of(B, 'confirmed', 360), of(C, 'confirmed', 359)],
      ['+300 1/1']
    ],
    [
      'an ending after the window leaves the earlier one',
      [of(A, 'error', 10), of(A, 'confirmed', 360)],
      ['+0 0/1']
    ],
    ['another source', [of(A, 'confirmed', 1, { source: 'auto_assign' })], []],
    ['noop and circuit_open are no endings', [of(A, 'noop', 1), of(B, 'circuit_open', 2)], []]
  ])('%s', async (_, events, rows) => {
    expect(await read('outcomes', events)).toEqual(rows)
  })
})

test('manual-review counts the bookings given up to a person among all that ended', async () => {
  const events = [of(A, 'manual_review', 1), of(B, 'confirmed', 2), of(C, 'error', 3)]
  expect(await read('manual-review', events)).toEqual(['+0 1/3'])
})

test('errors come in five-minute buckets anchored at the start of the window', async () => {
  const events = [0, 4, 5, 14, 15, 15].map(minute => coordinatorEvent('error', minute))
  expect(await read('errors', events)).toEqual(['+0 2', '+5 1', '+10 1', '+15 2'])
})

test.each([
  ['circuit-open', ['+0 1', '+60 1']],
  ['coordinator-starts', ['+0 2']],
  ['coordinator-events', ['+0 4', '+60 1']]
])('%s counts events per hour', async (metric, rows) => {
  const kinds = ['circuit_open', 'start', 'start', 'noop']
  const events = kinds.map((kind, index) => coordinatorEvent(kind, index))
  expect(await read(metric, [...events, coordinatorEvent('circuit_open', 60)])).toEqual(rows)
})

test('the figure of the runbook takes an error for a success', async () => {
  const events = [
    of(A, 'start', 1, { context: { trigger: 'cron', mode: 'active' } }),
    of(A, 'error', 2, { context: { trigger: 'cron', message: 'boom' } }),
    of(B, 'retry', 3, { context: { trigger: 'cron', reason: 'no_assignment' } })
  ]
  expect(await read('runbook-figure', events)).toEqual(['+0 2/3'])
  expect(await read('outcomes', events)).toEqual(['+0 0/1'])
})

describe('the environment filter', () => {
  const staging = (kind: string, bookingId: string, context: unknown) =>
    of(bookingId, kind, 1, context === undefined ? {} : { context })

  test.each<[string, unknown, readonly string[]]>([
    ['the wanted value', { environment: 'staging' }, ['+0 1/1']],
    ['another value', { environment: 'production' }, []],
    ['SQL NULL', undefined, []],
    ['JSON null', null, []],
    ['a JSON null in the key', { environment: null }, []],
    ['no such key', { trigger: 'cron' }, []],
    ['the key in another case', { Environment: 'staging' }, []],
    ['a nested key', { vercel: { environment: 'staging' } }, []],
    ['no object', ['staging'], []]
  ])('takes or leaves a row whose context holds %s', async (_, context, rows) => {
    expect(await read('outcomes', [staging('confirmed', A, context)], 'staging')).toEqual(rows)
    expect(await read('outcomes', [staging('confirmed', A, context)])).toEqual(['+0 1/1'])
  })
})

test('telemetry counts what others write, legacy what the old path writes, both with the newest', async () => {
  await database.query('truncate public.observability_events')
  await database.insert([
    coordinatorEvent('start', 1),
    coordinatorEvent('x', 2, { source: 'auto_assign' }),
    coordinatorEvent('x', 3, { source: 'capacity.rpc' }),
    coordinatorEvent('x', 61, { source: 'auto_assign' })
  ])
  const { metrics } = await adapterFor(database)
  const { answers } = await metrics.look(lookAt(['telemetry', 'legacy']))
  const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString()
  expect(answers).toEqual({
    telemetry: {
      kind: 'answered',
      rows: [
        { bucket: at(0), hits: 2, latest: at(3) },
        { bucket: at(60), hits: 1, latest: at(61) }
      ]
    },
    legacy: {
      kind: 'answered',
      rows: [
        { bucket: at(0), hits: 1, latest: at(2) },
        { bucket: at(60), hits: 1, latest: at(61) }
      ]
    }
  })
})

test('a file of one metric carries its name', async () => {
  const { files } = await bundledMetrics()
  const single = files.filter(file => file.metrics.length === 1)
  expect(single.map(file => file.statement.file)).toEqual(
    single.map(file => `sql/metrics/${file.metrics[0]?.name}.sql`)
  )
})

const PSQL = ['/usr/bin/psql', '/usr/local/bin/psql', '/opt/homebrew/bin/psql'].find(existsSync)

type Variables = Readonly<Record<string, string>>

async function runPsql(psql: string, file: string, variables: Variables): Promise<string[]> {
  const { hostname, port, username, password, pathname } = new URL(
    database.connectionString('reader')
  )
  const settings = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`])
  const options = ['-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', hostname, '-p', port]
  const { stdout } = await promisify(execFile)(
    psql,
    [...options, '-U', username, ...settings, '-f', file, pathname.slice(1)],
    { env: { PGPASSWORD: password, PGTZ: 'UTC' } }
  )
  return stdout.split('\n').filter(line => line !== '')
}

/** What psql does to a file before it sends it, for machines without psql. */
async function runSubstituted(file: string, variables: Variables): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  const sql = text
    .replace(/:'(\w+)'/gu, (_, name) => `'${variables[name]?.replaceAll("'", "''")}'`)
    .replace(/;\s*$/u, '')
  const rows = await database.query<{ line: string }>(`select r::text as line from (${sql}) r`)
  return rows.map(({ line }) => line.slice(1, -1).replaceAll('"', '').replaceAll(',', '|'))
}

type Runner = (file: string, variables: Variables) => Promise<string[]>

const RUNNERS: Readonly<Record<string, Runner>> = {
  'the text that psql would send': runSubstituted,
  ...(PSQL === undefined ? {} : { psql: (file, variables) => runPsql(PSQL, file, variables) })
}

describe('every bundled metric gives the rows that the plain file prints', () => {
  const until = '2026-03-01T16:00:00.000Z'
  const variables = { since: SINCE, until, source: 'assignment.coordinator', environment: '' }

  test.each(Object.entries(RUNNERS))('by %s', async (_, run) => {
    await database.query('truncate public.observability_events')
    await database.insert([
      of(A, 'start', 1),
      of(A, 'confirmed', 2),
      of(B, 'error', 63),
      of(C, 'manual_review', 64),
      coordinatorEvent('circuit_open', 90),
      coordinatorEvent('x', 65, { source: 'auto_assign' })
    ])
    const { metrics } = await adapterFor(database)
    const { files, headers } = await bundledMetrics()
    const { answers } = await metrics.look(lookAt(headers.map(header => header.name)))
    for (const file of files) {
      const name = path.basename(file.statement.file)
      const lines = await run(path.join(SQL, 'metrics', name), variables)
      const ours = file.metrics.flatMap(metric => linesOf(file, metric, answers[metric.name]))
      expect(lines.sort()).toEqual(ours.sort())
    }
  })
})

function linesOf(file: MetricFile, metric: MetricHeader, answer: Answer | undefined): string[] {
  if (answer?.kind !== 'answered') throw new Error(JSON.stringify(answer))
  const instant = (iso: string) => iso.replace('T', ' ').replace('.000Z', '+00')
  return answer.rows.map(({ bucket, hits, total, latest }) => {
    const counted = [instant(bucket), hits, ...(latest === undefined ? [] : [instant(latest)])]
    return file.metrics.length === 1
      ? counted.join('|')
      : [metric.name, ...counted, total ?? ''].join('|')
  })
}
