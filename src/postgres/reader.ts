import type { Answer, LookRequest, MetricReader, Reading } from '../rollout/ports.ts'
import { InputError, RollgateError } from '../rollout/rollgate-error.ts'
import type { Catalogue, MetricFile } from './catalogue.ts'
import { type Connection, withConnection } from './connection.ts'
import { describeFailure, isConnectionLost } from './failure.ts'
import { explainOf, inSavepoint, inSnapshot, readGuarded } from './guard.ts'
import type { Limits } from './limits.ts'
import { answersOf, unanswered, type Window } from './series.ts'
import { bindStatement } from './statement.ts'
import type { DatabaseTarget } from './target.ts'

interface Source {
  readonly target: DatabaseTarget
  readonly catalogue: Catalogue
  readonly limits: Limits
}

/** Metrics from a PostgreSQL database: one connection, one read-only snapshot, and nothing kept, per look. */
export function createMetricReader(source: Source): MetricReader {
  const { target, limits } = source
  return {
    look: async request => {
      const since = parseSince(request.since)
      return withConnection(target, limits, connection =>
        inSnapshot(connection, limits, () => look(connection, source, { ...request, since }))
      )
    },
    databaseNow: () =>
      withConnection(target, limits, connection =>
        inSnapshot(connection, limits, async () => (await readSnapshot(connection)).databaseNow)
      )
  }
}

type Answers = Readonly<Record<string, Answer>>

async function look(
  connection: Connection,
  { catalogue, limits }: Source,
  request: LookRequest
): Promise<Reading> {
  const snapshot = await readSnapshot(connection)
  const window = { since: request.since, until: endOf(snapshot.databaseNow, request) }
  const files = filesFor(catalogue, request.metrics)
  const answers: Answers[] = [unknownMetrics(catalogue, request.metrics)]
  for (const file of files) {
    answers.push(await readMetricFile({ connection, limits, file, window, request }))
  }
  const all: Answers = Object.assign({}, ...answers)
  return {
    ...snapshot,
    ...window,
    answers: Object.fromEntries(request.metrics.flatMap(name => entryOf(all, name))),
    digests: Object.fromEntries(files.map(file => [file.statement.file, file.digest]))
  }
}

function entryOf(answers: Answers, name: string): readonly (readonly [string, Answer])[] {
  const answer = answers[name]
  return answer === undefined ? [] : [[name, answer]]
}

/** What an answer is worth later: which clock, which server, which state of the table. */
export async function readSnapshot(
  connection: Connection
): Promise<Pick<Reading, 'databaseNow' | 'version' | 'snapshot'>> {
  const { rows } = await connection.query(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       current_setting('server_version'), pg_current_snapshot()::text`
  )
  const [databaseNow, version, snapshot] = rows[0] ?? []
  return { databaseNow: databaseNow ?? '', version: version ?? '', snapshot: snapshot ?? '' }
}

/** Late rows get time to arrive; a window that would end before it began is empty. */
function endOf(databaseNow: string, { since, graceMs }: LookRequest): string {
  const end = new Date(Date.parse(databaseNow) - graceMs).toISOString()
  return end > since ? end : since
}

function filesFor(catalogue: Catalogue, metrics: readonly string[]): readonly MetricFile[] {
  return catalogue.files.filter(file => file.metrics.some(({ name }) => metrics.includes(name)))
}

function unknownMetrics(catalogue: Catalogue, metrics: readonly string[]): Answers {
  const unknown = metrics.filter(name => !catalogue.headers.some(header => header.name === name))
  return Object.assign(
    {},
    ...unknown.map(name =>
      unanswered([{ name }], {
        code: 'unknown_metric',
        message: `No SQL file answers the metric ${name}.`,
        remedy: `Write one, or use one of: ${catalogue.headers.map(h => h.name).join(', ')}.`
      })
    )
  )
}

interface FileReading {
  readonly connection: Connection
  readonly limits: Limits
  readonly file: MetricFile
  readonly window: Window
  readonly request: LookRequest
}

/** Whatever is wrong with one file stays with its own metrics. */
async function readMetricFile(reading: FileReading): Promise<Answers> {
  const { connection, limits, file, window, request } = reading
  const { metrics, statement } = file
  let sent = ''
  try {
    const bound = bindStatement(statement, { ...request.parameters, ...window })
    sent = explainOf(bound.text)
    const rows = await inSavepoint(connection, () => readGuarded(connection, bound, limits))
    return answersOf({ file: statement.file, metrics, window }, rows)
  } catch (error) {
    if (error instanceof RollgateError) return unanswered(metrics, error)
    if (isConnectionLost(error)) throw error
    return unanswered(metrics, describeFailure(error, statement.file, sent))
  }
}

function parseSince(text: string): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) {
    throw new InputError(
      'since_invalid',
      `The window cannot start at \`${text}\`.`,
      'Write an instant as 2026-03-01T10:00:00Z.'
    )
  }
  return new Date(ms).toISOString()
}
