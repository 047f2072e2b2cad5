import type { EvidenceRequest, LedgerFile } from '../rollout/ports.ts'
import type { EvidenceFile } from './catalogue.ts'
import type { Problem } from './failure.ts'
import type { Snapshot } from './snapshot.ts'
import { parametersUsed } from './statement.ts'

/** What became of one query. */
export interface Outcome {
  /** Rows kept. */
  readonly rows: number
  readonly truncated: boolean
  /** What was read before it is kept all the same. */
  readonly error?: Problem
  readonly csv?: LedgerFile
  /** Where the rows come from, when it is not the snapshot of the others. */
  readonly database?: Snapshot
}

/** What is said of the collection as a whole. */
export interface About {
  /** The snapshot of every query that has none of its own; null when the database could not be asked. */
  readonly database: Snapshot | null
  readonly error?: Problem
}

/** `manifest.json`: enough to run every query again, and whether its CSV is all that there was. */
export function manifestOf(
  files: readonly EvidenceFile[],
  request: EvidenceRequest,
  outcomes: ReadonlyMap<EvidenceFile, Outcome>,
  about: About
): LedgerFile {
  const manifest = {
    checkpoint: request.checkpoint,
    window: { since: request.since, until: request.until },
    ...about,
    queries: files.map(file => entryOf(file, request, outcomes.get(file)))
  }
  return { path: 'manifest.json', content: `${JSON.stringify(manifest, null, 2)}\n` }
}

/** Enough to run the query again: `psql -v name=value … -f file`, with the text proven by its digest. */
function entryOf(file: EvidenceFile, request: EvidenceRequest, outcome: Outcome | undefined) {
  const parameters = parametersOf(request)
  const used = parametersUsed(file.statement).flatMap(name =>
    parameters[name] === undefined ? [] : [[name, parameters[name]] as const]
  )
  return {
    evidence: file.name,
    asks: file.asks,
    file: file.statement.file,
    sha256: file.digest,
    parameters: Object.fromEntries(used),
    csv: outcome?.csv?.path ?? null,
    rows: outcome?.rows ?? 0,
    truncated: outcome?.truncated ?? false,
    ...(outcome?.database === undefined ? {} : { database: outcome.database }),
    ...(outcome?.error === undefined ? {} : { error: outcome.error }),
    ...(outcome === undefined ? { error: NOT_RUN } : {})
  }
}

const NOT_RUN: Problem = {
  code: 'not_run',
  message: 'The database could not be asked.',
  remedy: 'See the error above; the next checkpoint collects again.'
}

/** What is bound into the queries of a checkpoint. */
export function parametersOf(request: EvidenceRequest): Readonly<Record<string, string>> {
  return { ...request.parameters, since: request.since, until: request.until }
}
