import type { Answer, LookRequest, MetricReader, QueryEstimate, Reading } from '../rollout/ports.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import { type Catalogue, filesFor, type MetricFile } from './catalogue.ts'
import type { Window } from './cells.ts'
import { type Connection, withConnection } from './connection.ts'
import { estimateOf } from './estimate.ts'
import { AnswerTooLarge, describeFailure, isConnectionLost, type Problem } from './failure.ts'
import { inSavepoint, inSnapshot, readRows } from './guard.ts'
import type { Limits } from './limits.ts'
import { lookBack } from './look-back.ts'
import { explainOf } from './plan.ts'
import { answersOf, unanswered } from './series.ts'
import { readSnapshot } from './snapshot.ts'
import { bindStatement } from './statement.ts'
import type { DatabaseTarget } from './target.ts'
import { normalised, windowOf } from './window.ts'

interface Source {
  readonly target: DatabaseTarget
  readonly catalogue: Catalogue
  readonly limits: Limits
}

/** Metrics from a PostgreSQL database: one connection, one read-only snapshot, and nothing kept, per look. */
export function createMetricReader(source: Source): MetricReader {
  const { target, limits } = source
  const inOneSnapshot = <Result>(work: (connection: Connection) => Promise<Result>) =>
    withConnection(target, limits, connection =>
      inSnapshot(connection, limits, () => work(connection))
    )
  return {
    look: async request => lookUntilWhole(source, normalised(request)),
    lookBack: async request => {
      const untils = request.untils.map(until => normalised({ ...request, until }))
      return inOneSnapshot(connection => lookBack(connection, source, untils))
    },
    estimate: async request => {
      const wanted = normalised(request)
      return inOneSnapshot(connection => estimate(connection, source, wanted))
    },
    databaseNow: () =>
      inOneSnapshot(async connection => (await readSnapshot(connection)).databaseNow)
  }
}

type Answers = Readonly<Record<string, Answer>>

/** Files whose rows were too large to be read, and what is told of them. */
type TooLarge = Map<MetricFile, Problem>

/**
 * All answers come from one snapshot. When a file's rows are so large that the line had to be cut, the
 * snapshot is gone with it: everything else is read once more, in a new one.
 */
async function lookUntilWhole(source: Source, request: LookRequest): Promise<Reading> {
  const endsAt = performance.now() + source.limits.lookMs
  const tooLarge: TooLarge = new Map()
  for (;;) {
    const known = tooLarge.size
    const limits = { ...source.limits, lookMs: endsAt - performance.now() }
    try {
      return await withConnection(source.target, limits, connection =>
        inSnapshot(connection, limits, () => look(connection, source, request, tooLarge))
      )
    } catch (error) {
      if (tooLarge.size === known) throw error
    }
  }
}

async function look(
  connection: Connection,
  { catalogue, limits }: Source,
  request: LookRequest,
  tooLarge: TooLarge
): Promise<Reading> {
  const snapshot = await readSnapshot(connection)
  const window = windowOf(snapshot.databaseNow, request)
  const files = filesFor(catalogue, request.metrics)
  const answers: Answers[] = [unknownMetrics(catalogue, request.metrics)]
  for (const file of files) {
    answers.push(await readMetricFile({ connection, limits, file, window, request, tooLarge }))
  }
  const all: Answers = Object.assign({}, ...answers)
  return {
    ...snapshot,
    ...window,
    answers: Object.fromEntries(request.metrics.flatMap(name => entryOf(all, name))),
    digests: Object.fromEntries(files.map(file => [file.statement.file, file.digest]))
  }
}

async function estimate(
  connection: Connection,
  { catalogue, limits }: Source,
  request: LookRequest
): Promise<readonly QueryEstimate[]> {
  const window = windowOf((await readSnapshot(connection)).databaseNow, request)
  const estimates: QueryEstimate[] = []
  for (const file of filesFor(catalogue, request.metrics)) {
    const expected = await estimateOf(connection, file, { limits, window, request })
    if (expected !== undefined) estimates.push(expected)
  }
  return estimates
}

function entryOf(answers: Answers, name: string): readonly (readonly [string, Answer])[] {
  const answer = answers[name]
  return answer === undefined ? [] : [[name, answer]]
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
  readonly tooLarge: TooLarge
}

/** Whatever is wrong with one file stays with its own metrics. */
async function readMetricFile(reading: FileReading): Promise<Answers> {
  const { connection, limits, file, window, request, tooLarge } = reading
  const { metrics, statement } = file
  const known = tooLarge.get(file)
  if (known !== undefined) return unanswered(metrics, known)
  let sent = ''
  try {
    const bound = bindStatement(statement, { ...request.parameters, ...window })
    sent = explainOf(bound.text)
    const rows = await inSavepoint(connection, () => readRows(connection, bound, limits))
    return answersOf({ file: statement.file, metrics, window }, rows)
  } catch (error) {
    if (error instanceof AnswerTooLarge) tooLarge.set(file, error)
    if (isConnectionLost(error)) throw error
    if (error instanceof RollgateError) return unanswered(metrics, error)
    return unanswered(metrics, describeFailure(error, statement.file, sent))
  }
}
