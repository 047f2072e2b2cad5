import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Backtested, backtest } from '../../src/operations/backtest.ts'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { DEFAULT_SEED, TRAFFIC } from '../../src/rehearsal/traffic/scenarios.ts'
import { createTraffic } from '../../src/rehearsal/traffic/traffic.ts'
import { createVirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { toStored } from '../../src/rehearsal/world.ts'
import type { ImaginaryPhase } from '../../src/rollout/backtest.ts'
import { type Criterion, type Definition, parametersOf } from '../../src/rollout/definition.ts'
import { judge } from '../../src/rollout/judge.ts'
import type { MetricReader } from '../../src/rollout/ports.ts'
import { horizonMs } from '../../src/rollout/schedule.ts'
import {
  adapterFor,
  bundledMetrics,
  freshDatabase,
  startTestServer,
  withFiles
} from '../postgres/embedded.ts'
import { live } from '../rehearsal/traffic-days.ts'
import { example, phase } from '../rollout/worked-example.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 5, 8)
const DAYS = 3
/** In the second of the imaginary phases, for five hours. */
const OUTAGE = { fromHour: 52, toHour: 57 }

/** Three days of the new path on production, healthy but for the outage: two bookings in five blow up. */
function past() {
  const { fromHour, toHour } = OUTAGE
  const outcomes = [
    { afterMs: 0, manualReview: 0, error: 0 },
    { afterMs: fromHour * HOUR_MS, manualReview: 0, error: 0.4 },
    { afterMs: toHour * HOUR_MS, manualReview: 0, error: 0 }
  ]
  const scenario = { ...TRAFFIC.healthy, outcomes, bookingsPerDay: { production: 480 } }
  const traffic = createTraffic({ seed: DEFAULT_SEED, scenario, startMs: START_MS })
  return traffic.between(START_MS, START_MS + DAYS * 24 * HOUR_MS, [live.active]).map(toStored)
}

/** A percentile of the whole window, and units whose latest step counts: both depend on where it ends. */
const OWN_METRICS = {
  'pace.sql': `--! metric: pace
--! kind: value
--! asks: How long does the coordinator take?
--! unit: booking
with taken as (
  select date_bin('1 hour', created_at, :'since'::timestamptz) as bucket,
    (context ->> 'duration_ms')::float8 as ms
  from public.observability_events
  where source = :'source' and context ? 'duration_ms'
    and created_at >= :'since'::timestamptz and created_at < :'until'::timestamptz
)
select bucket, percentile_cont(0.95) within group (order by ms) as hits, count(*)::float8 as total
from taken group by grouping sets ((bucket), ())`,
  'steps.sql': `--! metric: steps
--! kind: transitions
--! asks: Which steps do bookings take?
--! unit: booking
with steps as (
  select date_bin('1 hour', created_at, :'since'::timestamptz) as bucket, created_at,
    coalesce(context ->> 'from', '') as from_state, coalesce(context ->> 'to', '') as to_state,
    row_number() over (partition by booking_id order by created_at desc, id desc) = 1 as latest
  from public.observability_events
  where source = 'assignment.state_machine'
    and created_at >= :'since'::timestamptz and created_at < :'until'::timestamptz
)
select bucket, count(*)::float8 as hits, from_state, to_state,
  (count(*) filter (where latest))::float8 as waiting,
  min(created_at) filter (where latest) as oldest
from steps group by bucket, from_state, to_state`
}

const OWN_CRITERIA: readonly Criterion[] = [
  {
    kind: 'value',
    name: 'pace',
    metric: 'pace',
    pass: { operator: '<=', value: 1900 },
    warn: { operator: '<=', value: 2200 },
    red: { operator: '>', value: 60_000 },
    minSamples: 20,
    sustained: undefined
  },
  {
    kind: 'state-machine',
    name: 'steps',
    metric: 'steps',
    legal: {
      created: ['capacity_verified', 'failed'],
      capacity_verified: ['assignment_pending', 'failed'],
      assignment_pending: ['assignment_in_progress', 'manual_review', 'failed'],
      assignment_in_progress: ['assigned', 'assignment_pending', 'failed', 'manual_review'],
      assigned: ['confirmed', 'assignment_pending', 'manual_review']
    },
    stuck: { state: 'assigned', warnMs: 1, redMs: 1000 * HOUR_MS },
    control: { metric: 'telemetry', slotMs: HOUR_MS }
  }
]

const definition: Definition = {
  ...example,
  criteria: { ...example.criteria, full: [...(example.criteria['full'] ?? []), ...OWN_CRITERIA] }
}
const walkedPhase = phase('production-full')
const END_MS = START_MS + DAYS * 24 * HOUR_MS

let server: PostgresServer
let database: ApplicationDatabase
let metrics: MetricReader
let phases: readonly ImaginaryPhase[]

beforeAll(async () => {
  server = await startTestServer()
  database = await freshDatabase(server, past())
  const [bundled, own] = await Promise.all([
    bundledMetrics(),
    withFiles(OWN_METRICS, folder => loadCatalogue([folder]))
  ])
  const catalogue = {
    headers: [...bundled.headers, ...own.headers],
    files: [...bundled.files, ...own.files]
  }
  metrics = (await adapterFor(database, { catalogue })).metrics
  await database.setClock(END_MS + definition.database.graceMs)
  phases = (await walk()).walks[0]?.phases ?? []
})
afterAll(() => server?.stop())

function walk(): Promise<Backtested> {
  const clock = createVirtualClock(START_MS)
  // Every window is asked for together with others: a walk that needs one by itself ends here.
  const reader = { ...metrics, look: () => Promise.reject(new TypeError('one look by itself')) }
  const log = { info: () => undefined, warning: () => undefined }
  return backtest(
    { definition, metrics: reader, clock, log },
    {
      phase: walkedPhase.name,
      since: { kind: 'instant', at: new Date(START_MS).toISOString() }
    }
  )
}

test('an outage of past days is found in the hour in which a rollout would have rolled back', () => {
  const red = phases.flatMap(({ turns }) => turns).filter(({ verdict }) => verdict === 'red')
  const hours = red.map(({ atMs }) => (atMs - START_MS) / HOUR_MS)
  expect(Math.min(...hours)).toBeGreaterThan(OUTAGE.fromHour)
  expect(Math.min(...hours)).toBeLessThanOrEqual(OUTAGE.fromHour + 3)
  expect(Math.max(...hours)).toBeLessThanOrEqual(OUTAGE.toHour + 1)
  expect(phases.find(({ outcome }) => outcome === 'rolled-back')?.decided).toMatchObject({
    rule: 'any-red',
    reason: expect.stringContaining('success-rate: ')
  })
  expect(phases.at(-1)).toMatchObject({ outcome: 'unfinished', unanswered: 0 })
})

test('every criterion said at every other hour, and at the end, what a look at that hour says', async () => {
  const criteria = (definition.criteria['full'] ?? []).filter(({ kind }) => kind !== 'reports')
  const spoken = new Set<string>()
  for (const imaginary of phases) {
    for (const atMs of everyOtherHour(imaginary)) {
      const found = await lookAt(criteria, imaginary.beganMs, atMs)
      expect([atMs, saidAt(imaginary, criteria, atMs)]).toEqual([atMs, found])
      for (const [name, verdict] of Object.entries(found)) spoken.add(`${name} ${verdict}`)
    }
  }
  // Otherwise the hours were all alike, and nothing was compared.
  expect([...spoken].sort()).toEqual(
    expect.arrayContaining([
      'errors pass',
      'errors red',
      'manual-review pass',
      'success-rate pass',
      'success-rate red'
    ])
  )
  for (const { name } of OWN_CRITERIA) {
    const verdicts = [...spoken].filter(one => one.startsWith(`${name} `))
    expect(verdicts.length).toBeGreaterThan(1)
    expect(verdicts).not.toContain(`${name} error`)
  }
}, 120_000)

function everyOtherHour({ beganMs, endedMs }: ImaginaryPhase): readonly number[] {
  const count = Math.ceil((endedMs - beganMs) / (2 * HOUR_MS))
  return [...Array.from({ length: count }, (_, i) => beganMs + i * 2 * HOUR_MS), endedMs]
}

/** The verdicts of a look that is made when the rows of that moment have arrived, by the database's clock. */
async function lookAt(criteria: readonly Criterion[], sinceMs: number, atMs: number) {
  const { graceMs } = definition.database
  await database.setClock(atMs + graceMs)
  const reading = await metrics.look({
    metrics: [...new Set(criteria.flatMap(one => [one.metric, 'telemetry']))],
    parameters: parametersOf(definition, walkedPhase.target),
    since: new Date(sinceMs).toISOString(),
    graceMs
  })
  const looked = walkedPhase.checkpointsMs.filter(ms => sinceMs + ms < atMs)
  const frame = { horizonMs: horizonMs(walkedPhase), checkpointMs: looked.at(-1) }
  const judged = judge(criteria, reading, frame)
  return Object.fromEntries(judged.map(({ criterion, verdict }) => [criterion, verdict]))
}

function saidAt({ turns }: ImaginaryPhase, criteria: readonly Criterion[], atMs: number) {
  const said = criteria.map(({ name }) => {
    const before = turns.filter(turn => turn.criterion === name && turn.atMs <= atMs)
    return [name, before.at(-1)?.verdict ?? 'insufficient']
  })
  return Object.fromEntries(said)
}
