import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answersOf } from '../../src/postgres/series.ts'
import { parametersUsed } from '../../src/postgres/statement.ts'
import type {
  ApplicationDatabase,
  StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { parametersOf } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import {
  adapterFor,
  bundledEvidence,
  bundledMetrics,
  coordinatorEvent,
  freshDatabase,
  HOUR,
  lookAt,
  SINCE,
  SQL,
  START,
  startTestServer
} from './embedded.ts'
import { findPsql, runPsql } from './psql.ts'

let server: PostgresServer
let database: ApplicationDatabase

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, EVENTS)
})
afterAll(() => server?.stop())

/** Everything that a context may be for one key: there, JSON null, absent, and no object at all. */
const CONTEXTS = [
  { reason: 'no_assignment', duration_ms: 120.5, attempts: 2, delay_ms: 500 },
  { reason: null, duration_ms: null, environment: 'production' },
  { reason: 'größer, "quoted"; \\ and\ttab', environment: 'production', duration_ms: '9 ms' },
  {},
  [],
  null,
  undefined
]
const KINDS = ['start', 'confirmed', 'retry', 'error', 'manual_review', 'circuit_open', 'noop']
const STATES = ['created', 'capacity_verified', 'assignment_pending', 'confirmed']
const BOOKINGS = Array.from({ length: 9 }, () => randomUUID())

const STARTS = ['active', 'shadow', undefined].map((mode, index) =>
  coordinatorEvent('start', 20 * index, { context: { mode, environment: 'production' } })
)

const OTHERS: readonly StoredEvent[] = Array.from({ length: 210 }, (_, index) => {
  const [bookingId, from, to] = [BOOKINGS[index % 10], STATES[index % 4], STATES[(index * 7) % 3]]
  const context = CONTEXTS[(index * 3) % CONTEXTS.length]
  const event = {
    ...coordinatorEvent(KINDS[index % KINDS.length] ?? '', (index * 13) % 330),
    ...(bookingId === undefined ? {} : { bookingId }),
    ...(context === undefined ? {} : { context })
  }
  if (index % 5 === 0) return { ...event, source: 'auto_assign', eventType: 'auto_assign.failed' }
  if (index % 6 === 0) {
    const moved = {
      source: 'assignment.state_machine',
      eventType: 'booking.assignment_state_transition'
    }
    return { ...event, ...moved, context: { from, to, environment: 'production' } }
  }
  return event
})

const EVENTS = [...STARTS, ...OTHERS]

const UNTIL = new Date(START + 6 * HOUR).toISOString()

async function parametersFor(target: string): Promise<Readonly<Record<string, string>>> {
  const file = 'rollouts/assignment-pipeline-v3.yml'
  const definition = parseDefinition({ file, text: await readFile(file, 'utf8'), digest: '' })
  return parametersOf(definition, target)
}

/** What the effect of a phase binds beside them. */
const OF_AN_EFFECT = { mode: 'active' }

test('the bundled files want no variable but the window, the parameters of the definition and those of an effect', async () => {
  const bound = { ...(await parametersFor('production')), ...OF_AN_EFFECT }
  const known = ['since', 'until', ...Object.keys(bound)]
  const files = [...(await bundledMetrics()).files, ...(await bundledEvidence())]
  for (const { statement } of files)
    expect(known).toEqual(expect.arrayContaining([...parametersUsed(statement)]))
})

const PSQL = findPsql()

if (PSQL !== undefined) {
  const print = (
    file: string,
    variables: Readonly<Record<string, string>>,
    options: readonly string[]
  ) =>
    runPsql(
      PSQL,
      database.connectionString('reader'),
      path.join(SQL, file.slice('sql/'.length)),
      { ...variables, since: SINCE, until: UNTIL },
      options
    )

  describe.each([
    ['preview', {}],
    ['production', { environment: 'production' }]
  ])('psql -f prints for %s what Rollgate reads', (target, rest) => {
    test('of every metric', async () => {
      const parameters = { ...(await parametersFor(target)), ...OF_AN_EFFECT, ...rest }
      const { files, headers } = await bundledMetrics()
      const names = headers.map(header => header.name)
      const { metrics } = await adapterFor(database)
      const { answers } = await metrics.look(lookAt(names, { parameters, until: UNTIL }))
      for (const { statement, metrics } of files) {
        const printed = tableOf(await print(statement.file, parameters, UNALIGNED))
        expect(printed.rows.length).toBeGreaterThan(0)
        const window = { since: SINCE, until: UNTIL }
        const read = Object.fromEntries(metrics.map(({ name }) => [name, answers[name]]))
        expect(answersOf({ file: statement.file, metrics, window }, printed)).toEqual(read)
      }
      expect(Object.values(answers).map(answer => answer.kind)).toEqual(names.map(() => 'answered'))
    })

    test('of every evidence query', async () => {
      const parameters = { ...(await parametersFor(target)), ...rest }
      const { evidence } = await adapterFor(database)
      const window = { since: SINCE, until: UNTIL }
      const files = await evidence.collect({ checkpoint: 'T+6h', parameters, ...window })
      for (const { statement, stem } of await bundledEvidence()) {
        const csv = files.find(file => file.path === `${stem}.csv`)?.content
        expect(await print(statement.file, parameters, ['--csv'])).toBe(csv)
      }
    })
  })
}

const [CELL, ROW, NULL] = ['\u001f', '\u001e', '\\N']
const UNALIGNED = ['-A', '-F', CELL, '-R', ROW, '-P', 'footer=off', '-P', `null=${NULL}`]

const TYPES: Readonly<Record<string, number>> = {
  series: 25,
  bucket: 1184,
  hits: 701,
  total: 701,
  latest: 1184,
  from_state: 25,
  to_state: 25,
  waiting: 701,
  oldest: 1184
}

/** What psql printed, as the server would have sent it. */
function tableOf(printed: string) {
  const [names = [], ...rows] = printed
    .trimEnd()
    .split(ROW)
    .map(line => line.split(CELL))
  return {
    columns: names.map(name => ({ name, type: TYPES[name] ?? 0 })),
    rows: rows.map(row => row.map(cell => (cell === NULL ? null : cell))),
    truncated: false
  }
}
