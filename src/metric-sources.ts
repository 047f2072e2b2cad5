import type {
  Answer,
  LookRequest,
  MetricReader,
  Reading,
  ReportReader,
  SeriesRow
} from './rollout/ports.ts'
import { reportedLabel } from './rollout/reported.ts'
import { RollgateError } from './rollout/rollgate-error.ts'

const HOUR_MS = 3_600_000

/**
 * The metrics of a look from where each comes from: `reported/<label>` from the issues of the
 * repository, everything else from the database, whose clock and window hold for all. The issues are
 * asked for beside the database, and only when a metric counts them. When they cannot be asked, their
 * metrics are unanswered and the others are not touched.
 */
export function createMetricSources(database: MetricReader, reports: ReportReader): MetricReader {
  return {
    databaseNow: () => database.databaseNow(),
    estimate: request => database.estimate(forDatabase(request)),
    // Issues are as they stand now: whoever looks back asks for them look by look.
    lookBack: async request =>
      labelledIn(request.metrics).length > 0 ? undefined : database.lookBack(request),
    look: async request => {
      const asked = labelledIn(request.metrics).map(
        async ({ metric, label }) =>
          [metric, await askReports(reports, label, request.since)] as const
      )
      const reading = await database.look(forDatabase(request))
      const counted = (await Promise.all(asked)).map(
        ([metric, reported]) => [metric, answerFrom(reading, reported)] as const
      )
      return { ...reading, answers: { ...reading.answers, ...Object.fromEntries(counted) } }
    }
  }
}

interface Labelled {
  readonly metric: string
  readonly label: string
}

function labelledIn(metrics: readonly string[]): readonly Labelled[] {
  return [...new Set(metrics)].flatMap(metric => {
    const label = reportedLabel(metric)
    return label === undefined ? [] : [{ metric, label }]
  })
}

function forDatabase(request: LookRequest): LookRequest {
  const metrics = request.metrics.filter(metric => reportedLabel(metric) === undefined)
  return { ...request, metrics }
}

/** What the issues said, before the database has told where the window ends. */
type Reported =
  | { readonly kind: 'opened'; readonly times: readonly string[] }
  | Extract<Answer, { kind: 'unanswered' }>
  | { readonly kind: 'defect'; readonly error: unknown }

/** Never rejects: what the database says about the look comes first. */
async function askReports(reports: ReportReader, label: string, since: string): Promise<Reported> {
  try {
    return { kind: 'opened', times: await reports.openedSince(label, since) }
  } catch (error) {
    if (!(error instanceof RollgateError)) return { kind: 'defect', error }
    const { code, message, remedy } = error
    return { kind: 'unanswered', code, message, remedy }
  }
}

function answerFrom(window: Pick<Reading, 'since' | 'until'>, reported: Reported): Answer {
  if (reported.kind === 'defect') throw reported.error
  if (reported.kind === 'unanswered') return reported
  return { kind: 'answered', rows: rowsOf(window, reported.times) }
}

/** One row per hour from the start of the window in which something was reported. */
function rowsOf(
  { since, until }: Pick<Reading, 'since' | 'until'>,
  times: readonly string[]
): readonly SeriesRow[] {
  const sinceMs = Date.parse(since)
  const hours = new Map<number, number[]>()
  for (const ms of times.map(Date.parse).filter(ms => ms < Date.parse(until))) {
    // Whole seconds: one of the window's first second may seem to be a fraction older than it.
    const hour = Math.max(0, Math.floor((ms - sinceMs) / HOUR_MS))
    hours.set(hour, [...(hours.get(hour) ?? []), ms])
  }
  return [...hours]
    .sort(([one], [other]) => one - other)
    .map(([hour, opened]) => ({
      bucket: new Date(sinceMs + hour * HOUR_MS).toISOString(),
      hits: opened.length,
      latest: new Date(Math.max(...opened)).toISOString()
    }))
}
