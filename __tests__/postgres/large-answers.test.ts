import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  type EvidenceFile,
  loadCatalogue,
  loadEvidenceFiles
} from '../../src/postgres/catalogue.ts'
import { DEFAULT_LIMITS } from '../../src/postgres/limits.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  adapterFor,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SINCE,
  START,
  startTestServer,
  withFiles
} from './embedded.ts'

const MB = 1_000_000
/** What a machine's sockets hold, on top of what was read. */
const IN_FLIGHT = 16 * MB

let server: PostgresServer
let database: ApplicationDatabase
let wire: CountingLine

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, [coordinatorEvent('start', 1)])
  wire = await startCountingLine(server)
})
afterAll(async () => {
  wire?.stop()
  await server?.stop()
})

/** A port in front of the server: nothing can be in memory that has not come over it. */
interface CountingLine {
  readonly host: string
  readonly port: number
  /** Bytes of answers since the last time this was asked. */
  taken(): number
  stop(): void
}

async function startCountingLine(target: PostgresServer): Promise<CountingLine> {
  let bytes = 0
  const relay = net.createServer(incoming => {
    const outgoing = net.connect(target.port, target.host)
    incoming.pipe(outgoing)
    outgoing.pipe(incoming)
    outgoing.on('data', chunk => {
      bytes += chunk.length
    })
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming]
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
  return {
    host: '127.0.0.1',
    port: (relay.address() as net.AddressInfo).port,
    taken: () => {
      const counted = bytes
      bytes = 0
      return counted
    },
    stop: () => relay.close()
  }
}

const probes = (queries: Readonly<Record<string, string>>): Promise<readonly EvidenceFile[]> =>
  withFiles(
    Object.fromEntries(
      Object.entries(queries).map(([name, sql]) => [
        `${name}.sql`,
        `--! evidence: ${name}\n--! asks: What?\n${sql}`
      ])
    ),
    folder => loadEvidenceFiles([folder])
  )

async function collect(queries: Readonly<Record<string, string>>) {
  const { evidence } = await adapterFor(database, {
    evidenceFiles: await probes(queries),
    connectionString: database.connectionString('reader', wire)
  })
  wire.taken()
  const files = await evidence.collect({
    checkpoint: 'T+1h',
    parameters: {},
    since: SINCE,
    until: new Date(START + HOUR).toISOString()
  })
  const contents = new Map(files.map(file => [file.path, file.content]))
  return {
    manifest: JSON.parse(contents.get('manifest.json') ?? '{}'),
    contents,
    taken: wire.taken()
  }
}

describe('a hundred megabytes of evidence', () => {
  test('in many rows are read no further than they are kept', async () => {
    const sql = "select n, repeat('x', 1000) as text from generate_series(1, 100000) as n"
    const { manifest, contents, taken } = await collect({ a: sql })
    const kept = contents.get('a.csv') ?? ''
    expect(kept.length).toBeLessThanOrEqual(DEFAULT_LIMITS.maxEvidenceBytes)
    expect(manifest.queries).toMatchObject([{ truncated: true, rows: kept.split('\n').length - 2 }])
    expect(manifest.queries[0].rows).toBeGreaterThan(900)
    expect(taken).toBeLessThan(2 * DEFAULT_LIMITS.maxEvidenceBytes + IN_FLIGHT)
  })

  test('in rows that become long are cut off, and what came before is kept', async () => {
    const sql =
      "select repeat('x', case when n < 500 then 1 else 1000000 end) as text from generate_series(1, 600) as n"
    const { manifest, contents, taken } = await collect({ a: sql })
    expect(manifest.queries).toMatchObject([
      { truncated: true, csv: 'a.csv', error: { code: 'result_too_large' } }
    ])
    expect(manifest.queries[0].rows).toBeGreaterThan(100)
    expect(contents.get('a.csv')?.split('\n').length).toBe(manifest.queries[0].rows + 2)
    expect(taken).toBeLessThan(DEFAULT_LIMITS.maxAnswerBytes + IN_FLIGHT)
  })

  test('in one value are cut off, and the queries after it are answered on another line', async () => {
    const { manifest, contents, taken } = await collect({
      a: 'select 1 as n',
      b: "select repeat('x', 100000000) as text",
      c: 'select 3 as n'
    })
    expect(manifest.queries).toMatchObject([
      { rows: 1, csv: 'a.csv' },
      {
        rows: 0,
        csv: null,
        error: {
          code: 'result_too_large',
          message: 'sql/b.sql: its rows are larger than the 16 MB that are read at once.'
        }
      },
      { rows: 1, csv: 'c.csv', database: { snapshot: expect.any(String) } }
    ])
    expect(contents.get('c.csv')).toBe('n\n3\n')
    expect(taken).toBeLessThan(DEFAULT_LIMITS.maxAnswerBytes + IN_FLIGHT)
  })
})

test('a metric of a hundred megabytes is no answer, and takes no other one with it', async () => {
  const header = (name: string) =>
    `--! metric: ${name}\n--! kind: count\n--! asks: What?\n--! unit: x\n`
  const files = {
    'a.sql': `${header('huge')}select now() as bucket, repeat('x', 100000000) as hits`,
    'b.sql': `${header('many')}select now() as bucket, repeat('x', 10000) as hits from generate_series(1, 10000)`,
    'c.sql': `${header('good')}select :'since'::timestamptz as bucket, 1 as hits`
  }
  const catalogue = await withFiles(files, folder => loadCatalogue([folder]))
  const connectionString = database.connectionString('reader', wire)
  const { metrics } = await adapterFor(database, { catalogue, connectionString })
  wire.taken()
  const { answers } = await metrics.look(lookAt(['huge', 'many', 'good']))
  expect(answers).toMatchObject({
    huge: { kind: 'unanswered', code: 'result_too_large' },
    many: { kind: 'unanswered', code: 'result_too_large' },
    good: { kind: 'answered', rows: [{ hits: 1 }] }
  })
  expect(wire.taken()).toBeLessThan(2 * (DEFAULT_LIMITS.maxAnswerBytes + IN_FLIGHT))
})
