import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { definitionFile } from '../../src/adoption/definition-text.ts'
import { metricFiles } from '../../src/adoption/metric-files.ts'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { parametersOf } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import {
  adapterFor,
  coordinatorEvent,
  freshDatabase,
  lookAt,
  startTestServer,
  withFiles
} from '../postgres/embedded.ts'
import { answersOf } from './example.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const ANSWERS = answersOf()
const [A, B] = [randomUUID(), randomUUID()]
const of = (bookingId: string, kind: string, minutes: number): StoredEvent =>
  coordinatorEvent(kind, minutes, { bookingId })

const EVENTS: readonly StoredEvent[] = [
  of(A, 'start', 1),
  of(A, 'error', 2),
  of(A, 'confirmed', 3),
  of(B, 'start', 61),
  of(B, 'confirmed', 62),
  of(B, 'manual_review', 62),
  { ...coordinatorEvent('x', 5), source: 'web', eventType: 'page.viewed' }
]

test('the metrics that are written count what the answers say, as the reader role', async () => {
  const { path: file, text } = definitionFile(ANSWERS, { envExample: false })
  const definition = parseDefinition({ file, text, digest: '' })
  const files = metricFiles(ANSWERS).map(({ path, text: sql }) => [path.split('/').at(-1), sql])
  const catalogue = await withFiles(Object.fromEntries(files), folder => loadCatalogue([folder]))
  const database = await freshDatabase(server, EVENTS)
  const { metrics } = await adapterFor(database, { catalogue })
  const names = ['endings', 'failures', 'starts', 'activity', 'heartbeat']
  const parameters = parametersOf(definition, 'preview')
  const { answers } = await metrics.look(lookAt(names, { parameters }))
  const counted = Object.entries(answers).map(([name, answer]) => [
    name,
    'rows' in answer ? answer.rows.map(({ hits, total }) => [hits, total]) : answer
  ])
  expect(Object.fromEntries(counted)).toMatchObject({
    endings: [
      [1, 1],
      [0, 1]
    ],
    failures: [[1, undefined]],
    starts: [
      [1, undefined],
      [1, undefined]
    ],
    activity: [
      [3, undefined],
      [3, undefined]
    ],
    heartbeat: [[1, undefined]]
  })
})
