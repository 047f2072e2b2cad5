import { stringify } from 'csv-stringify/sync'
import type { EvidenceExporter, EvidenceRequest, LedgerFile } from '../rollout/ports.ts'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import type { EvidenceFile } from './catalogue.ts'
import { type Connection, withConnection } from './connection.ts'
import { describeFailure, isConnectionLost, type Problem } from './failure.ts'
import { explainOf, type GuardedRows, inSavepoint, inSnapshot, readGuarded } from './guard.ts'
import type { Limits } from './limits.ts'
import { readSnapshot } from './reader.ts'
import { redact } from './redaction.ts'
import { type BoundStatement, bindStatement, parametersUsed } from './statement.ts'
import type { DatabaseTarget } from './target.ts'

interface Source {
  readonly target: DatabaseTarget
  readonly files: readonly EvidenceFile[]
  readonly limits: Limits
}

/** What became of one query. */
interface Outcome {
  readonly rows: number
  readonly truncated: boolean
  readonly error?: Problem
  readonly csv?: LedgerFile
}

/** Evidence from a PostgreSQL database; its transaction is not the one that verdicts come from. */
export function createEvidenceExporter(source: Source): EvidenceExporter {
  return {
    collect: async request => {
      const outcomes = new Map<EvidenceFile, Outcome>()
      const about = await collectInto(outcomes, source, request)
      return [manifestOf(source.files, request, outcomes, about), ...csvFiles(outcomes)]
    }
  }
}

/** Stands in when the queries themselves cannot be loaded: no look is stopped, the manifest says why. */
export function createUnreadableExporter(why: unknown): EvidenceExporter {
  const about = { database: null, error: problemOf(why) }
  return { collect: async request => [manifestOf([], request, new Map(), about)] }
}

/** What had been read before the connection broke is kept. */
async function collectInto(
  outcomes: Map<EvidenceFile, Outcome>,
  { target, files, limits }: Source,
  request: EvidenceRequest
): Promise<object> {
  let database: object | undefined
  try {
    await withConnection(target, limits, connection =>
      inSnapshot(connection, limits, async () => {
        database = await readSnapshot(connection)
        for (const file of files) {
          outcomes.set(file, await run(connection, file, { request, limits }))
        }
      })
    )
    return { database }
  } catch (error) {
    return { database: database ?? null, error: problemOf(error) }
  }
}

async function run(
  connection: Connection,
  file: EvidenceFile,
  { request, limits }: { readonly request: EvidenceRequest; readonly limits: Limits }
): Promise<Outcome> {
  let bound: BoundStatement | undefined
  try {
    const statement = bindStatement(file.statement, parametersOf(request))
    bound = statement
    const result = await inSavepoint(connection, () => readGuarded(connection, statement, limits))
    return written(file, result, limits.maxEvidenceBytes)
  } catch (error) {
    if (isConnectionLost(error)) throw error
    const failure = describeFailure(error, file.statement.file, explainOf(bound?.text ?? ''))
    return { rows: 0, truncated: false, error: problemOf(failure) }
  }
}

function written(file: EvidenceFile, result: GuardedRows, maxBytes: number): Outcome {
  const lines = [result.columns.map(column => column.name), ...result.rows].map(cells =>
    stringify([cells.map(cell => (cell === null ? null : redact(cell)))])
  )
  const fitting = lines.slice(0, countFitting(lines, maxBytes))
  const rows = Math.max(fitting.length - 1, 0)
  return {
    rows,
    truncated: result.truncated || rows < result.rows.length,
    csv: { path: `${file.stem}.csv`, content: fitting.join('') }
  }
}

function countFitting(lines: readonly string[], maxBytes: number): number {
  let bytes = 0
  const over = lines.findIndex(line => {
    bytes += Buffer.byteLength(line)
    return bytes > maxBytes
  })
  return over === -1 ? lines.length : over
}

function manifestOf(
  files: readonly EvidenceFile[],
  request: EvidenceRequest,
  outcomes: ReadonlyMap<EvidenceFile, Outcome>,
  about: object
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
    ...(outcome?.error === undefined ? {} : { error: outcome.error }),
    ...(outcome === undefined ? { error: NOT_RUN } : {})
  }
}

const NOT_RUN: Problem = {
  code: 'not_run',
  message: 'The database could not be asked.',
  remedy: 'See the error above; the next checkpoint collects again.'
}

function csvFiles(outcomes: ReadonlyMap<EvidenceFile, Outcome>): readonly LedgerFile[] {
  return [...outcomes.values()].flatMap(({ csv }) => (csv === undefined ? [] : [csv]))
}

function parametersOf(request: EvidenceRequest): Readonly<Record<string, string>> {
  return { ...request.parameters, since: request.since, until: request.until }
}

function problemOf(error: unknown): Problem {
  const known = isProblem(error)
    ? error
    : {
        code: 'evidence_failed',
        message: 'The evidence could not be collected.',
        remedy: 'Report this as a bug.'
      }
  return { code: known.code, message: known.message, remedy: known.remedy }
}

function isProblem(error: unknown): error is Problem {
  return (
    error instanceof EvidenceError ||
    (typeof error === 'object' && error !== null && 'remedy' in error)
  )
}
