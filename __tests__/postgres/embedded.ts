import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { jest } from '@jest/globals'
import {
  type Catalogue,
  type EvidenceFile,
  loadCatalogue,
  loadEvidenceFiles
} from '../../src/postgres/catalogue.ts'
import type { Limits } from '../../src/postgres/limits.ts'
import { createPostgres, type Postgres } from '../../src/postgres/postgres.ts'
import {
  type ApplicationDatabase,
  createApplicationDatabase,
  type StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import { type PostgresServer, startPostgresServer } from '../../src/rehearsal/postgres/server.ts'
import type { LookRequest } from '../../src/rollout/ports.ts'

// A server starts in a second, or in ten when every core is busy with another one.
jest.setTimeout(60_000)

/** The server of a test file: packaged, or the one of `POSTGRES_HOME` (as /usr/lib/postgresql/15). */
export function startTestServer(
  settings: Readonly<Record<string, string>> = {}
): Promise<PostgresServer> {
  const home = process.env['POSTGRES_HOME']
  return startPostgresServer({ settings, ...(home === undefined ? {} : { home }) })
}

export const SQL = fileURLToPath(new URL('../../sql/', import.meta.url))
export const SINCE = '2026-03-01T10:00:00.000Z'
export const START = Date.parse(SINCE)
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export const bundledMetrics = (): Promise<Catalogue> =>
  loadCatalogue([{ path: path.join(SQL, 'metrics'), shownAs: 'sql/metrics' }])

export const bundledEvidence = (): Promise<readonly EvidenceFile[]> =>
  loadEvidenceFiles([{ path: path.join(SQL, 'evidence'), shownAs: 'sql/evidence' }])

let created = 0

/** A database of its own, its clock six hours after `SINCE`. */
export async function freshDatabase(
  server: PostgresServer,
  events: readonly StoredEvent[] = []
): Promise<ApplicationDatabase> {
  created += 1
  const database = await createApplicationDatabase(server, `test_${created}`)
  await database.setClock(START + 6 * HOUR)
  await database.insert(events)
  return database
}

/** The adapter over the bundled SQL as the read-only role sees it. */
export async function adapterFor(
  database: ApplicationDatabase,
  settings: {
    readonly catalogue?: Catalogue
    readonly evidenceFiles?: readonly EvidenceFile[]
    readonly limits?: Partial<Limits>
    readonly connectionString?: string
  } = {}
): Promise<Postgres> {
  return createPostgres({
    connectionString: settings.connectionString ?? database.connectionString('reader'),
    catalogue: settings.catalogue ?? (await bundledMetrics()),
    evidenceFiles: settings.evidenceFiles ?? (await bundledEvidence()),
    limits: settings.limits ?? {}
  })
}

export function lookAt(
  metrics: readonly string[],
  request: Partial<LookRequest> = {}
): LookRequest {
  const parameters = { source: 'assignment.coordinator', environment: '', mode: 'active' }
  return { metrics, parameters, since: SINCE, graceMs: 0, ...request }
}

/** Calls back with a folder of the given files, and removes it. */
export async function withFiles<Result>(
  files: Readonly<Record<string, string>>,
  work: (folder: { readonly path: string; readonly shownAs: string }) => Promise<Result>
): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-sql-'))
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
    return await work({ path: folder, shownAs: 'sql' })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A catalogue of one metric file that holds this SQL. */
export function catalogueOf(kind: string, sql: string): Promise<Catalogue> {
  const header = `--! metric: probe\n--! kind: ${kind}\n--! asks: What?\n--! unit: thing\n`
  return withFiles({ 'probe.sql': header + sql }, folder => loadCatalogue([folder]))
}

/** One event of the coordinator, minutes after `SINCE`. */
export function coordinatorEvent(
  kind: string,
  minutes: number,
  rest: Partial<StoredEvent> = {}
): StoredEvent {
  return {
    createdAtMs: START + minutes * MINUTE,
    source: 'assignment.coordinator',
    eventType: `coordinator.${kind}`,
    ...rest
  }
}
