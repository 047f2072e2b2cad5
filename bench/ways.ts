import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Client } from 'pg'
import type { Postgres } from '../src/postgres/postgres.ts'
import type { PostgresServer } from '../src/rehearsal/postgres/server.ts'

/** What is measured: one way to read the window, from the first word to the database to the last row. */
export type Way = () => Promise<void>

export interface Place {
  readonly server: PostgresServer
  readonly database: string
  /** Folder of the runbook's queries. */
  readonly folder: string
  readonly psql: string
  /** Already connected: the floors pay for reading alone. */
  readonly client: Client
  readonly postgres: Postgres
  readonly window: { readonly since: string; readonly until: string }
}

/** What the criteria of a full phase of the worked example read, and what is shown beside them. */
const JUDGED = [
  'outcomes',
  'manual-review',
  'errors',
  'circuit-open',
  'transitions',
  'duration-p95',
  'telemetry',
  'runbook-figure'
]

const PARAMETERS = { source: 'assignment.coordinator', environment: '' }
const READ_SOURCES = ['assignment.coordinator', 'assignment.state_machine']

/** The ways, by the name they have in the table. */
export const WAY_NAMES = [
  "runbook's way",
  'judged look',
  'evidence',
  'floor',
  'floor, both sources'
] as const

export type WayName = (typeof WAY_NAMES)[number]

export function waysOf(place: Place): Readonly<Record<WayName, Way>> {
  return {
    "runbook's way": () => runbook(place),
    'judged look': () => look(place),
    evidence: () => evidence(place),
    floor: () => floor(place, READ_SOURCES.slice(0, 1)),
    'floor, both sources': () => floor(place, READ_SOURCES)
  }
}

async function runbook({ psql, server, database, folder, window }: Place): Promise<void> {
  const variables = Object.entries(window).flatMap(([name, value]) => ['-v', `${name}=${value}`])
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', ...variables]
  const where = ['-h', server.host, '-p', String(server.port), '-U', 'postgres', '-d', database]
  await promisify(execFile)(psql, [...options, ...where, '-f', path.join(folder, 'runbook.sql')], {
    env: { PGPASSWORD: server.password }
  })
}

async function look({ postgres, window }: Place): Promise<void> {
  const request = { metrics: JUDGED, parameters: PARAMETERS, graceMs: 0, ...window }
  const { answers } = await postgres.metrics.look(request)
  for (const name of JUDGED) {
    const answer = answers[name]
    if (answer?.kind !== 'answered') throw new Error(`${name}: ${JSON.stringify(answer)}`)
  }
}

async function evidence({ postgres, window }: Place): Promise<void> {
  const request = { checkpoint: 'bench', parameters: PARAMETERS, ...window }
  const files = await postgres.evidence.collect(request)
  const manifest = JSON.parse(files.find(file => file.path === 'manifest.json')?.content ?? '{}')
  const failed = manifest.queries.find((query: { error?: unknown }) => query.error !== undefined)
  if (failed !== undefined) throw new Error(JSON.stringify(failed.error))
}

async function floor({ client, window }: Place, sources: readonly string[]): Promise<void> {
  await client.query(
    `select count(context) from public.observability_events
     where source = any ($1) and created_at >= $2 and created_at < $3`,
    [sources, window.since, window.until]
  )
}
