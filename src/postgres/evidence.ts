import type { EvidenceExporter, EvidenceRequest, LedgerFile } from '../rollout/ports.ts'
import type { EvidenceFile } from './catalogue.ts'
import { type Connection, withConnection } from './connection.ts'
import { type CsvFile, createCsv } from './csv.ts'
import { AnswerTooLarge, describeFailure, isConnectionLost, type Problem } from './failure.ts'
import { inSavepoint, inSnapshot, streamRows } from './guard.ts'
import type { Limits } from './limits.ts'
import { type About, manifestOf, type Outcome, parametersOf } from './manifest.ts'
import { explainOf } from './plan.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'
import { type BoundStatement, bindStatement } from './statement.ts'
import type { DatabaseTarget } from './target.ts'

interface Source {
  readonly target: DatabaseTarget
  readonly files: readonly EvidenceFile[]
  readonly limits: Limits
}

type Outcomes = Map<EvidenceFile, Outcome>

/** Evidence from a PostgreSQL database; its transaction is not the one that verdicts come from. */
export function createEvidenceExporter(source: Source): EvidenceExporter {
  return {
    collect: async request => {
      const outcomes: Outcomes = new Map()
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

/**
 * When the answer of a query is so large that the line had to be cut, the queries after it are read on
 * another one, and say so. What had been read before a line broke is kept.
 */
async function collectInto(
  outcomes: Outcomes,
  source: Source,
  request: EvidenceRequest
): Promise<About> {
  const endsAt = performance.now() + source.limits.lookMs
  let first: Snapshot | undefined
  for (;;) {
    const known = outcomes.size
    const limits = { ...source.limits, lookMs: endsAt - performance.now() }
    try {
      await withConnection(source.target, limits, connection =>
        inSnapshot(connection, limits, async () => {
          const database = await readSnapshot(connection)
          first ??= database
          const session = { connection, limits, request, database, first }
          await collectRest(outcomes, source.files, session)
        })
      )
      return { database: first ?? null }
    } catch (error) {
      const goesOn = error instanceof AnswerTooLarge && outcomes.size > known
      if (!goesOn) return { database: first ?? null, error: problemOf(error) }
    }
  }
}

interface Session {
  readonly connection: Connection
  readonly limits: Limits
  readonly request: EvidenceRequest
  readonly database: Snapshot
  readonly first: Snapshot
}

async function collectRest(
  outcomes: Outcomes,
  files: readonly EvidenceFile[],
  session: Session
): Promise<void> {
  const { database, first } = session
  const elsewhere = database === first ? {} : { database }
  for (const file of files.filter(file => !outcomes.has(file))) {
    const csv = createCsv(session.limits)
    const failure = await read(file, session, csv)
    outcomes.set(file, { ...outcomeOf(file, csv, failure), ...elsewhere })
    if (failure instanceof AnswerTooLarge) throw failure
  }
}

/** Why the query failed, when it did. @throws what broke the line */
async function read(
  file: EvidenceFile,
  { connection, limits, request }: Session,
  csv: CsvFile
): Promise<Problem | undefined> {
  let bound: BoundStatement | undefined
  try {
    const statement = bindStatement(file.statement, parametersOf(request))
    bound = statement
    await inSavepoint(connection, () => streamRows(connection, statement, limits, csv.add))
    return undefined
  } catch (error) {
    if (error instanceof AnswerTooLarge) return error
    if (isConnectionLost(error)) throw error
    return describeFailure(error, file.statement.file, explainOf(bound?.text ?? ''))
  }
}

function outcomeOf(file: EvidenceFile, csv: CsvFile, failure: Problem | undefined): Outcome {
  const kept = { path: `${file.stem}.csv`, content: csv.content() }
  if (failure === undefined) return { rows: csv.rows(), truncated: csv.truncated(), csv: kept }
  const rows = csv.rows()
  const before = rows === 0 ? { truncated: false } : { truncated: true, csv: kept }
  return { rows, ...before, error: problemOf(failure) }
}

function csvFiles(outcomes: Outcomes): readonly LedgerFile[] {
  return [...outcomes.values()].flatMap(({ csv }) => (csv === undefined ? [] : [csv]))
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
  return typeof error === 'object' && error !== null && 'remedy' in error
}
