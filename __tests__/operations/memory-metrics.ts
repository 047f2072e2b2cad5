import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type {
  Answer,
  LookRequest,
  MetricReader,
  Reading,
  SeriesRow
} from '../../src/rollout/ports.ts'

const HOUR_MS = 3_600_000

/** Which rows each metric of the two-phases definition counts, as its SQL file does. */
const COUNTED: Readonly<Record<string, (event: StoredEvent) => boolean>> = {
  'circuit-open': ({ eventType }) => eventType === 'coordinator.circuit_open',
  'coordinator-starts': ({ eventType }) => eventType === 'coordinator.start',
  telemetry: ({ source }) => source !== 'assignment.coordinator',
  legacy: ({ source }) => source === 'auto_assign'
}

/** Metrics counted in memory, for tests of what goes on around them; PostgreSQL is asked elsewhere. */
export function createMemoryMetrics(
  events: readonly StoredEvent[],
  now: () => number
): MetricReader {
  const databaseNow = () => new Date(now()).toISOString()
  const look = ({ metrics, parameters, since, graceMs, until }: LookRequest): Promise<Reading> => {
    const latestMs = Math.min(now() - graceMs, until === undefined ? Infinity : Date.parse(until))
    const untilMs = Math.max(Date.parse(since), latestMs)
    const window = { since, until: new Date(untilMs).toISOString() }
    const answers = metrics.map(name => {
      const mode = parameters['mode']
      const found =
        name === 'exposure' ? exposure(events, mode, window) : answer(events, name, window)
      return [name, found] as const
    })
    return Promise.resolve({
      databaseNow: databaseNow(),
      version: 'memory',
      snapshot: '1:1:',
      ...window,
      answers: Object.fromEntries(answers),
      digests: {}
    })
  }
  return {
    databaseNow: () => Promise.resolve(databaseNow()),
    estimate: () => Promise.resolve([]),
    look,
    lookBack: request => Promise.all(request.untils.map(until => look({ ...request, until })))
  }
}

/** The bookings that were begun in that mode, one event each, in one bucket. */
function exposure(
  events: readonly StoredEvent[],
  mode: string | undefined,
  { since, until }: Readonly<Record<'since' | 'until', string>>
): Answer {
  const begun = events.filter(
    ({ eventType, createdAtMs = 0 }) =>
      eventType === 'coordinator.start' &&
      createdAtMs >= Date.parse(since) &&
      createdAtMs < Date.parse(until)
  )
  const modeOf = ({ context }: StoredEvent) => (context as { mode?: string } | undefined)?.mode
  const hits = begun.filter(event => modeOf(event) === mode).length
  const rows = begun.length === 0 ? [] : [{ bucket: since, hits, total: begun.length }]
  return { kind: 'answered', rows }
}

function answer(
  events: readonly StoredEvent[],
  metric: string,
  window: { readonly since: string; readonly until: string }
): Answer {
  const counts = COUNTED[metric] ?? (() => false)
  const sinceMs = Date.parse(window.since)
  const buckets = new Map<number, number[]>()
  for (const event of events) {
    const { createdAtMs = 0 } = event
    if (!counts(event) || createdAtMs < sinceMs || createdAtMs >= Date.parse(window.until)) continue
    const bucket = Math.floor((createdAtMs - sinceMs) / HOUR_MS)
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), createdAtMs])
  }
  const rows = [...buckets].map(
    ([bucket, times]): SeriesRow => ({
      bucket: new Date(sinceMs + bucket * HOUR_MS).toISOString(),
      hits: times.length,
      latest: new Date(Math.max(...times)).toISOString()
    })
  )
  return { kind: 'answered', rows }
}
