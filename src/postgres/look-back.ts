import type { Answer, LookRequest, Reading } from '../rollout/ports.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import { type Catalogue, filesFor, type MetricFile } from './catalogue.ts'
import type { Window } from './cells.ts'
import type { Connection, Rows } from './connection.ts'
import { isConnectionLost, isServerError } from './failure.ts'
import { type GuardedRows, inSavepoint, readRows } from './guard.ts'
import type { Limits } from './limits.ts'
import { answersOf } from './series.ts'
import { readSnapshot } from './snapshot.ts'
import { type BoundStatement, bindStatement } from './statement.ts'
import { windowOf } from './window.ts'

interface Source {
  readonly catalogue: Catalogue
  readonly limits: Limits
}

type Answers = Readonly<Record<string, Answer>>

/**
 * Looks whose windows begin together, with one statement per file. Every window is really asked for,
 * inside that statement: what a file says of a bucket may depend on where the window ends, as the last
 * ending of a booking does. Undefined when anything at all is not answered.
 */
export async function lookBack(
  connection: Connection,
  { catalogue, limits }: Source,
  requests: readonly LookRequest[]
): Promise<readonly Reading[] | undefined> {
  const [request] = requests
  if (request === undefined) return []
  const snapshot = await readSnapshot(connection)
  const windows = requests.map(one => windowOf(snapshot.databaseNow, one))
  const files = filesFor(catalogue, request.metrics)
  const found: (readonly Answers[])[] = []
  for (const file of files) {
    const answers = await readWindows({ connection, limits, file, windows, request })
    if (answers === undefined) return undefined
    found.push(answers)
  }
  const digests = Object.fromEntries(files.map(file => [file.statement.file, file.digest]))
  const readings = windows.map((window, place) => {
    const all: Answers = Object.assign({}, ...found.map(answers => answers[place]))
    const wanted = Object.entries(all).filter(([name]) => request.metrics.includes(name))
    return { ...snapshot, ...window, answers: Object.fromEntries(wanted), digests }
  })
  return readings.every(({ answers }) => answersAll(answers, request)) ? readings : undefined
}

function answersAll(answers: Answers, { metrics }: LookRequest): boolean {
  return metrics.every(name => answers[name]?.kind === 'answered')
}

interface WindowsReading {
  readonly connection: Connection
  readonly limits: Limits
  readonly file: MetricFile
  readonly windows: readonly Window[]
  readonly request: LookRequest
}

async function readWindows(reading: WindowsReading): Promise<readonly Answers[] | undefined> {
  const { connection, limits, file, windows } = reading
  const { metrics, statement } = file
  const most = forWindows(limits, windows.length)
  try {
    const bound = bindWindows(reading)
    const result = await inSavepoint(connection, () => readRows(connection, bound, most))
    const apart = rowsByPlace(result)
    return windows.map((window, place) => {
      const rows = apart.get(String(place + 1)) ?? []
      const truncated = result.truncated || rows.length > limits.maxRows
      const columns = result.columns.slice(1)
      return answersOf({ file: statement.file, metrics, window }, { columns, rows, truncated })
    })
  } catch (error) {
    if (error instanceof RollgateError) return undefined
    if (isConnectionLost(error) || !isServerError(error)) throw error
    return undefined
  }
}

/** What so many looks may take together; the time is that of one. */
function forWindows(limits: Limits, count: number): Limits {
  const { maxRows, maxPlannedCost } = limits
  return { ...limits, maxRows: maxRows * count, maxPlannedCost: maxPlannedCost * count }
}

const PAST = '"rollgate past"'

function bindWindows({ file, windows, request }: WindowsReading): BoundStatement {
  const { statement } = file
  const parameters = { ...request.parameters, since: request.since }
  const inner = bindStatement(statement, parameters, { until: `${PAST}.until` })
  const text = `select ${PAST}.place, answer.*
from unnest(string_to_array($${inner.values.length + 1}::text, ' '))
  with ordinality as ${PAST} (until, place)
cross join lateral (
${inner.text}
) as answer`
  const untils = windows.map(({ until }) => until).join(' ')
  return { file: statement.file, text, values: [...inner.values, untils] }
}

/** The rows of every window as if it had been asked for alone, by its place, which is counted from one. */
function rowsByPlace({ rows }: GuardedRows): ReadonlyMap<string, Rows['rows']> {
  const apart = new Map<string, Rows['rows'][number][]>()
  for (const [place, ...row] of rows) {
    const known = apart.get(place ?? '')
    if (known === undefined) apart.set(place ?? '', [row])
    else known.push(row)
  }
  return apart
}
