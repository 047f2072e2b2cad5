import { describe, expect, test } from '@jest/globals'
import { createMetricSources } from '../src/metric-sources.ts'
import { createReportBox } from '../src/rehearsal/report-box.ts'
import { createVirtualClock } from '../src/rehearsal/virtual-clock.ts'
import type { LookRequest, MetricReader, ReportReader } from '../src/rollout/ports.ts'
import { EvidenceError, ProviderError } from '../src/rollout/rollgate-error.ts'
import { createMemoryMetrics } from './operations/memory-metrics.ts'

const START_MS = Date.parse('2026-03-02T09:00:00.250Z')
const MINUTE_MS = 60_000
const METRIC = 'reported/customer-report'
const at = (minutes: number) => new Date(START_MS + minutes * MINUTE_MS).toISOString()

/** A database and a repository with the same clock, and what each was asked. */
function open(failing?: Partial<ReportReader>) {
  const clock = createVirtualClock(START_MS)
  const { reports, hands } = createReportBox(clock.now, ['customer-report', 'outage'])
  const asked: string[] = []
  const memory = createMemoryMetrics([], clock.now)
  const database: MetricReader = {
    ...memory,
    look: request => {
      asked.push(`database: ${request.metrics.join(' ')}`)
      return memory.look(request)
    },
    estimate: async ({ metrics }) => [{ file: 'x', metrics, plannedCost: 1, fullScans: [] }]
  }
  const metrics = createMetricSources(database, {
    openedSince: (label, since) => {
      asked.push(`issues: ${label}`)
      return reports.openedSince(label, since)
    },
    ...failing
  })
  const request: LookRequest = {
    metrics: ['telemetry', METRIC],
    parameters: {},
    since: at(0),
    graceMs: 30_000
  }
  const look = (more: Partial<LookRequest> = {}) => metrics.look({ ...request, ...more })
  return { clock, hands, asked, metrics, look, request }
}

const rowsOf = async (reading: ReturnType<MetricReader['look']>) => {
  const answer = (await reading).answers[METRIC]
  return answer?.kind === 'answered' ? answer.rows : answer
}

test('reports are counted by the hour since the window began, each with its newest', async () => {
  const { clock, hands, look } = open()
  for (const minutes of [5, 40, 70, 200]) {
    await clock.advanceTo(START_MS + minutes * MINUTE_MS)
    hands.report('customer-report')
  }
  await clock.advanceTo(START_MS + 240 * MINUTE_MS)
  expect(await rowsOf(look())).toEqual([
    { bucket: at(0), hits: 2, latest: '2026-03-02T09:40:00.000Z' },
    { bucket: at(60), hits: 1, latest: '2026-03-02T10:10:00.000Z' },
    { bucket: at(180), hits: 1, latest: '2026-03-02T12:20:00.000Z' }
  ])
})

test('one of the first second falls into the first hour, though GitHub rounds it to before the window', async () => {
  const { clock, hands, look } = open()
  hands.report('customer-report')
  await clock.advanceTo(START_MS + 10 * MINUTE_MS)
  expect(await rowsOf(look())).toEqual([
    { bucket: at(0), hits: 1, latest: '2026-03-02T09:00:00.000Z' }
  ])
})

test('the window is the database’s: what is younger than the grace, or than its end, waits', async () => {
  const { clock, hands, look } = open()
  await clock.advanceTo(START_MS + 30 * MINUTE_MS)
  hands.report('customer-report')
  await clock.advanceTo(START_MS + 30 * MINUTE_MS + 20_000)
  expect(await rowsOf(look())).toEqual([])
  await clock.advanceTo(START_MS + 31 * MINUTE_MS)
  expect(await rowsOf(look())).toHaveLength(1)
  expect(await rowsOf(look({ until: at(29) }))).toEqual([])
  expect(await look({ until: at(29) })).toMatchObject({ since: at(0), until: at(29) })
})

describe('who is asked', () => {
  test('each for its own metrics, every label once', async () => {
    const { asked, look } = open()
    const metrics = ['telemetry', METRIC, 'reported/outage', METRIC, 'legacy']
    const { answers } = await look({ metrics })
    expect(Object.keys(answers).sort()).toEqual([...new Set(metrics)].sort())
    expect(asked.sort()).toEqual([
      'database: telemetry legacy',
      'issues: customer-report',
      'issues: outage'
    ])
  })

  test('no repository where no metric counts reports', async () => {
    const { asked, look } = open()
    await look({ metrics: ['telemetry'] })
    expect(asked).toEqual(['database: telemetry'])
  })

  test('the database for the time and the window, even where nothing but reports is counted', async () => {
    const { look, metrics, clock } = open()
    await clock.advanceTo(START_MS + 10 * MINUTE_MS)
    expect(await look({ metrics: [METRIC] })).toMatchObject({
      databaseNow: at(10),
      until: at(9.5),
      answers: { [METRIC]: { kind: 'answered', rows: [] } }
    })
    expect(await metrics.databaseNow()).toBe(at(10))
  })

  test('the database alone for what a look would cost', async () => {
    const { metrics, request, asked } = open()
    expect(await metrics.estimate(request)).toMatchObject([{ metrics: ['telemetry'] }])
    expect(asked).toEqual([])
  })
})

describe('when the issues cannot be asked', () => {
  const forbidden = new ProviderError('github_forbidden', 'It was refused.', 'Give the token more.')

  test('their metric is unanswered with code, message and remedy, and the others are answered', async () => {
    const { look } = open({ openedSince: () => Promise.reject(forbidden) })
    expect((await look()).answers).toEqual({
      telemetry: { kind: 'answered', rows: [] },
      [METRIC]: {
        kind: 'unanswered',
        code: 'github_forbidden',
        message: 'It was refused.',
        remedy: 'Give the token more.'
      }
    })
  })

  test('a label that does not exist leaves its metric unanswered', async () => {
    const { look } = open()
    const { answers } = await look({ metrics: ['reported/costumer-report', METRIC] })
    expect(answers).toMatchObject({
      'reported/costumer-report': { kind: 'unanswered', code: 'label_missing' },
      [METRIC]: { kind: 'answered' }
    })
  })

  test('a defect is not passed off as an answer', async () => {
    const { look } = open({ openedSince: () => Promise.reject(new TypeError('a defect')) })
    await expect(look()).rejects.toThrow('a defect')
  })

  test('a database that cannot be asked either is what is told', async () => {
    const down = new EvidenceError('database_unreachable', 'It is gone.', 'Wait.')
    const refused = () => Promise.reject(down)
    const nowhere = createMetricSources(
      { look: refused, lookBack: refused, estimate: refused, databaseNow: refused },
      { openedSince: () => Promise.reject(new TypeError('a defect')) }
    )
    await expect(nowhere.look(open().request)).rejects.toBe(down)
  })
})
