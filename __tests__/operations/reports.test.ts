import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createMetricSources } from '../../src/metric-sources.ts'
import { check } from '../../src/operations/check.ts'
import { createReportBox, type ReportBox } from '../../src/rehearsal/report-box.ts'
import type { ReportReader } from '../../src/rollout/ports.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { createMemoryMetrics } from './memory-metrics.ts'
import {
  advance,
  MINUTE_MS,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

const LABEL = 'customer-report'

let outside: Outside
let box: ReportBox
let reports: ReportReader

beforeEach(async () => {
  const edit = (text: string) =>
    productionOnly(text).replace('  quiet:\n', `  quiet:\n    customers: { reported: ${LABEL} }\n`)
  outside = await openOutside({ edit })
  box = createReportBox(outside.clock.now, [LABEL])
  reports = box.reports
})
afterEach(() => outside.close())

const more = () => ({
  metrics: createMetricSources(createMemoryMetrics(telemetry(), outside.clock.now), reports)
})
const start = () => advance(outside, { more: more() })
const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)

/** Judgements by criterion, and what followed. */
async function look(minutes: number) {
  await at(minutes)
  const { look: made, state } = await check(outside.process({ more: more() }), { wokenBy: 'cron' })
  const verdicts = Object.fromEntries(
    made?.judgements.map(({ criterion, verdict }) => [criterion, verdict]) ?? []
  )
  return { made, verdicts, status: state.status }
}

test('one customer report rolls back, though it was closed at once', async () => {
  await start()
  expect((await look(31)).status).toBe('running')
  const { number } = box.hands.report(LABEL)
  box.hands.setState(number, 'closed')
  const { made, verdicts, status } = await look(40)
  expect(verdicts).toEqual({ customers: 'red', 'circuit-open': 'pass' })
  expect(made?.decision).toBe('rollback')
  expect(status).toBe('rolling-back')
  expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['rolled-back'])
})

test('what was reported before the phase began, or under another label, stops nothing', async () => {
  box.hands.report(LABEL)
  await at(10)
  await start()
  box.hands.report('feature-request')
  for (const minutes of [71, 131]) await look(minutes)
  const { made, verdicts, status } = await look(740)
  expect(verdicts).toEqual({ customers: 'pass', 'circuit-open': 'pass' })
  expect(made?.decision).toBe('promote')
  expect(status).toBe('promoted')
})

test('a label that nobody can use never passes: the phase is held at its checkpoint', async () => {
  reports = createReportBox(outside.clock.now, []).reports
  await start()
  const { made, verdicts, status } = await look(740)
  expect(verdicts).toEqual({ customers: 'error', 'circuit-open': 'pass' })
  expect(made?.judgements).toContainEqual(
    expect.objectContaining({ criterion: 'customers', code: 'label_missing' })
  )
  expect([made?.decision, status]).toEqual(['hold', 'held'])
})

test('reports that cannot be read hold it as well, until they can', async () => {
  await start()
  reports = {
    openedSince: () =>
      Promise.reject(new ProviderError('github_unreachable', 'It is down.', 'Wait.'))
  }
  expect(await look(61)).toMatchObject({ verdicts: { customers: 'error' }, status: 'held' })
  reports = box.reports
  expect(await look(70)).toMatchObject({ verdicts: { customers: 'pass' }, status: 'running' })
})
