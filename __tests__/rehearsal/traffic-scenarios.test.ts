import { describe, expect, test } from '@jest/globals'
import type { EventRow } from '../../src/rehearsal/traffic/event-row.ts'
import { DEFAULT_SEED, TRAFFIC } from '../../src/rehearsal/traffic/scenarios.ts'
import { createTraffic, type LiveTarget } from '../../src/rehearsal/traffic/traffic.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { days, endings, hourMs, live, ofType, share, startMs } from './traffic-days.ts'

/** What the runbook takes for its success rate: the share of events without a reason. */
function runbookFigure(rows: readonly EventRow[]): number {
  const own = rows.filter(row => row.source === 'assignment.coordinator')
  return share(
    own.filter(row => row.context?.['reason'] === undefined),
    own
  )
}

const success = {
  pass: { operator: '>=', percent: 97 },
  red: { operator: '<', percent: 90 }
} as const
const review = { pass: { operator: '<', percent: 1 }, red: { operator: '>', percent: 5 } } as const

/** The verdict on a share of endings, that many hours after the phase began. */
function verdictAt(
  rows: readonly EventRow[],
  sinceMs: number,
  hours: number,
  [rule, type, checkpointHour]: readonly [typeof success | typeof review, string, number]
): string {
  const counts = endings(rows)
    .map(row => ({ row, hour: Math.floor((Date.parse(row.created_at) - sinceMs) / hourMs) }))
    .filter(({ hour }) => hour >= 0 && hour < hours)
    .map(({ row, hour }) => ({ hour, hits: Number(row.event_type === type), total: 1 }))
  const bounds = { ...rule, strictMinN: 50, horizonHours: 96 }
  return judgeProportion({ rule: bounds, counts, nowHour: hours - 1, checkpointHour }).verdict
}

const checkpoints = [
  [6, 0],
  [12, 6],
  [24, 12],
  [48, 24]
] as const

describe('healthy', () => {
  const rows = days('healthy', live.active, 9)
  const ended = endings(rows)

  test('bookings are confirmed, few are tried twice, very few need a person, none blows up', () => {
    expect(share(ofType(ended, 'coordinator.confirmed'), ended)).toBeGreaterThan(0.988)
    expect(ofType(ended, 'coordinator.manual_review').length).toBeGreaterThan(0)
    expect(share(ofType(rows, 'coordinator.retry'), ended)).toBeLessThan(0.06)
    expect(ofType(rows, 'coordinator.error')).toEqual([])
    expect(ofType(rows, 'coordinator.circuit_open')).toEqual([])
  })

  /** The verdicts at the checkpoints of both full phases; the last two of each decide it. */
  const verdicts = (delayMs: number): readonly (readonly string[])[] => {
    const beginMs = startMs + delayMs
    const settings = { seed: DEFAULT_SEED, scenario: TRAFFIC.healthy, startMs: beginMs }
    const traffic = createTraffic(settings)
    const stagingMs = beginMs + 0.6 * hourMs
    const productionMs = beginMs + 73 * hourMs
    const until = (fromMs: number, hours: number, ...targets: LiveTarget[]) =>
      traffic.between(fromMs, fromMs + hours * hourMs, targets)
    until(beginMs, 0.6, live.shadowPreview, live.legacy)
    const staging = until(stagingMs, 48.5, live.activePreview, live.legacy)
    until(stagingMs + 48.5 * hourMs, 23.9, live.shadow)
    const production = until(productionMs, 48.5, live.active)
    return [judged(staging, stagingMs), judged(production, productionMs)]
  }
  const judged = (found: readonly EventRow[], sinceMs: number) =>
    checkpoints.flatMap(([hours, last]) => [
      verdictAt(found, sinceMs, hours, [success, 'coordinator.confirmed', last]),
      verdictAt(found, sinceMs, hours, [review, 'coordinator.manual_review', last])
    ])

  test.each([0, 12, 30, 60])(
    'every checkpoint is clean when it begins %d minutes late',
    minutes => {
      expect(verdicts(minutes * 60_000)).toEqual([Array(8).fill('pass'), Array(8).fill('pass')])
    }
  )

  test.each([3, 6, 12, 18])('every phase passes when it begins %d hours late', hours => {
    const ends = verdicts(hours * hourMs).map(phase => phase.slice(-2))
    expect(ends).toEqual([
      ['pass', 'pass'],
      ['pass', 'pass']
    ])
  })

  test.each(['flag-drift', 'db-down'] as const)('%s has the same traffic', name => {
    expect(TRAFFIC[name]).toBe(TRAFFIC.healthy)
  })
})

test('silent-errors: one booking in five blows up and the runbook does not notice', () => {
  const rows = days('silent-errors', live.active, 3)
  const ended = endings(rows)
  const rate = share(ofType(ended, 'coordinator.error'), ended)
  expect(Math.abs(rate - 0.2)).toBeLessThan(0.04)
  expect(runbookFigure(rows)).toBeGreaterThan(0.97)
  expect(verdictAt(rows, startMs, 6, [success, 'coordinator.confirmed', 0])).toBe('red')
})

describe('late-outage', () => {
  test('production is fine for 40 hours, then two bookings in five blow up', () => {
    const rows = days('late-outage', live.active, 4)
    const outageMs = startMs + 40 * hourMs
    const [fine, broken] = [true, false].map(before =>
      // A booking that arrived just before may end just after.
      endings(rows).filter(row => Date.parse(row.created_at) < outageMs + 5 * 60_000 === before)
    )
    expect(ofType(fine ?? [], 'coordinator.error').length).toBeLessThan(3)
    const rate = share(ofType(broken ?? [], 'coordinator.error'), broken ?? [])
    expect(Math.abs(rate - 0.4)).toBeLessThan(0.06)
    expect(verdictAt(rows, startMs, 40, [success, 'coordinator.confirmed', 24])).toBe('pass')
    expect(verdictAt(rows, startMs, 48, [success, 'coordinator.confirmed', 24])).toBe('red')
  })

  test('preview never has it', () => {
    expect(ofType(days('late-outage', live.activePreview, 3), 'coordinator.error')).toEqual([])
  })
})

test('dead-telemetry: there is not one row', () => {
  expect(days('dead-telemetry', live.active, 2)).toEqual([])
})

test('telemetry that dies later leaves what was written before', () => {
  const scenario = { ...TRAFFIC.healthy, silentFromMs: hourMs }
  const traffic = createTraffic({ seed: DEFAULT_SEED, scenario, startMs })
  const rows = traffic.between(startMs, startMs + 5 * hourMs, [live.active])
  expect(rows.length).toBeGreaterThan(50)
  expect(Date.parse(rows.at(-1)?.created_at ?? '')).toBeLessThan(startMs + hourMs)
})

test('thin-traffic: 27 bookings a day, all of them well', () => {
  const rows = days('thin-traffic', live.active, 4)
  const ended = endings(rows)
  expect(Math.abs(ended.length / 4 - 27)).toBeLessThan(7)
  expect(ofType(ended, 'coordinator.confirmed')).toHaveLength(ended.length)
})

test('circuit-open: three bookings meet it on production, hours in; none on preview', () => {
  const found = ofType(days('circuit-open', live.active, 2), 'coordinator.circuit_open')
  expect(found).toHaveLength(3)
  expect(Date.parse(found[0]?.created_at ?? '')).toBeGreaterThan(startMs + 5 * hourMs)
  expect(Date.parse(found[2]?.created_at ?? '')).toBeLessThan(startMs + 12 * hourMs)
  expect(ofType(days('circuit-open', live.activePreview, 2), 'coordinator.circuit_open')).toEqual(
    []
  )
})
