import { describe, expect, test } from '@jest/globals'
import type { EventRow } from '../../src/rehearsal/traffic/event-row.ts'
import { TRAFFIC } from '../../src/rehearsal/traffic/scenarios.ts'
import { createTraffic } from '../../src/rehearsal/traffic/traffic.ts'
import { dayMs, days, endings, hourMs, live, ofType, startMs } from './traffic-days.ts'

/** A week in which everything that can happen does. */
const eventful = {
  ...TRAFFIC.healthy,
  outcomes: [{ afterMs: 0, manualReview: 0.1, error: 0.1 }],
  retryShare: 0.3,
  contentionShare: 0.1,
  sweepShare: 0.1,
  circuitOpen: { target: 'production', afterMs: hourMs, bookings: 20 }
}
const rows = createTraffic({ seed: 7, scenario: eventful, startMs }).between(
  startMs,
  startMs + 7 * dayMs,
  [live.active]
)
const bookings = byBooking(rows.filter(row => row.source.startsWith('assignment.')))
// Bookings of the last hours are not over yet when the week is.
const finished = [...bookings.values()].filter(
  life => Date.parse(life[0]?.created_at ?? '') < startMs + 6.9 * dayMs
)
function byBooking(found: readonly EventRow[]): ReadonlyMap<string, readonly EventRow[]> {
  const lives = new Map<string, EventRow[]>()
  for (const row of found) {
    const id = row.booking_id ?? 'none'
    lives.set(id, [...(lives.get(id) ?? []), row])
  }
  return lives
}
const keys = (row: EventRow) => Object.keys(row.context ?? {}).sort()

describe('an event of the coordinator', () => {
  test.each([
    ['coordinator.start', 'info', ['mode', 'trigger']],
    ['coordinator.lock_acquired', 'info', ['trigger', 'ttl_ms']],
    ['coordinator.lock_contention', 'warning', ['trigger']],
    ['coordinator.rate_permit_acquired', 'info', ['trigger']],
    ['coordinator.circuit_open', 'warning', ['delay_ms', 'trigger']],
    ['coordinator.confirmed', 'info', ['attempts', 'duration_ms', 'strategy', 'trigger']],
    ['coordinator.retry', 'warning', ['attempts', 'delay_ms', 'duration_ms', 'reason', 'trigger']],
    ['coordinator.manual_review', 'info', ['attempts', 'duration_ms', 'reason', 'trigger']],
    ['coordinator.error', 'error', ['message', 'trigger']],
    ['coordinator.noop', 'info', ['reason', 'trigger']]
  ])('%s has its severity and its keys', (type, severity, expected) => {
    const found = ofType(rows, type)
    expect(found.length).toBeGreaterThan(0)
    expect([...new Set(found.map(row => row.severity))]).toEqual([severity])
    expect([...new Set(found.map(row => keys(row).join()))]).toEqual([expected.join()])
    expect(found.every(row => row.source === 'assignment.coordinator')).toBe(true)
    expect(found.every(row => row.booking_id !== null)).toBe(true)
  })

  test('there are no others, and the restaurant is unknown at the start alone', () => {
    const own = rows.filter(row => row.source === 'assignment.coordinator')
    expect(new Set(own.map(row => row.event_type)).size).toBe(10)
    expect(
      own.every(row => (row.restaurant_id === null) === row.event_type.endsWith('start'))
    ).toBe(true)
    expect(ofType(own, 'coordinator.start').every(row => row.context?.['mode'] === 'active')).toBe(
      true
    )
  })
})

test('the mode of a start is that of the deployment that serves when it happens', () => {
  const traffic = createTraffic({ seed: 7, scenario: eventful, startMs })
  const shadowing = {
    target: 'production',
    flags: { ...live.active.flags, FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: 'true' }
  }
  const modesOn = (day: number, target: typeof shadowing | typeof live.active) => {
    const seen = traffic.between(startMs + day * dayMs, startMs + (day + 1) * dayMs, [target])
    return new Set(ofType(seen, 'coordinator.start').map(row => row.context?.['mode']))
  }
  expect(modesOn(0, shadowing)).toEqual(new Set(['shadow']))
  expect(modesOn(1, live.active)).toEqual(new Set(['active']))
  expect(modesOn(2, shadowing)).toEqual(new Set(['shadow']))
})

describe('the life of a booking', () => {
  const legal = new Set(
    [
      ['created', 'capacity_verified', 'failed'],
      ['capacity_verified', 'assignment_pending', 'failed'],
      ['assignment_pending', 'assignment_in_progress', 'manual_review', 'failed'],
      ['assignment_in_progress', 'assigned', 'assignment_pending', 'failed', 'manual_review'],
      ['assigned', 'confirmed', 'assignment_pending', 'manual_review']
    ].flatMap(([from, ...tos]) => tos.map(to => `${from} ${to}`))
  )
  const steps = (life: readonly EventRow[]) =>
    ofType(life, 'booking.assignment_state_transition').map(row => row.context ?? {})

  test('takes legal steps only, each from where the last one led, to a terminal state', () => {
    expect(finished.length).toBeGreaterThan(1000)
    for (const life of finished) {
      const taken = steps(life)
      expect(taken.filter(({ from, to }) => !legal.has(`${from} ${to}`))).toEqual([])
      expect(taken.map(step => step['from'])).toEqual([
        'created',
        ...taken.slice(0, -1).map(step => step['to'])
      ])
      expect(taken.map(step => step['version'])).toEqual(taken.map((_, index) => index + 1))
      expect(['confirmed', 'manual_review', 'failed']).toContain(taken.at(-1)?.['to'])
    }
  })

  test('ends once, as its last state says, after as many attempts as it says', () => {
    const states = { confirmed: 'confirmed', manual_review: 'manual_review', error: 'failed' }
    for (const life of finished) {
      const [ending, ...more] = endings(life)
      const name = (ending?.event_type.split('.')[1] ?? 'none') as keyof typeof states
      expect(more).toEqual([])
      expect(steps(life).at(-1)?.['to']).toBe(states[name])
      const retries = ofType(life, 'coordinator.retry').map(row => row.context?.['attempts'])
      expect(retries).toEqual(retries.map((_, index) => index + 1))
      if (name !== 'error') expect(ending?.context?.['attempts']).toBe(retries.length + 1)
      if (name === 'manual_review') expect(retries).toHaveLength(4)
    }
  })

  test('is never in progress for long', () => {
    for (const life of finished) {
      const moves = ofType(life, 'booking.assignment_state_transition')
      const longest = moves.map((row, index) =>
        row.context?.['to'] === 'assignment_in_progress'
          ? Date.parse(moves[index + 1]?.created_at ?? '') - Date.parse(row.created_at)
          : 0
      )
      expect(Math.max(...longest)).toBeLessThan(60_000)
    }
  })

  test('a refused lock and an open breaker are followed by the ordinary course of things', () => {
    const contended = finished.filter(
      life => ofType(life, 'coordinator.lock_contention').length > 0
    )
    const broken = finished.filter(life => ofType(life, 'coordinator.circuit_open').length > 0)
    expect(contended.length).toBeGreaterThan(50)
    expect(broken).toHaveLength(20)
    expect([...contended, ...broken].every(life => endings(life).length === 1)).toBe(true)
  })
})

describe('the flags of the live deployment', () => {
  const sources = (found: readonly EventRow[]) => new Set(found.map(row => row.source))

  test('decide who assigns tables; the noise does not care', () => {
    const on = sources(days('healthy', live.active, 1))
    const off = sources(days('healthy', live.shadow, 1))
    const noise = [...on].filter(source => !source.startsWith('assignment.'))
    expect(on.has('assignment.coordinator')).toBe(true)
    expect(on.has('auto_assign')).toBe(false)
    expect(off).toEqual(new Set([...noise, 'auto_assign']))
  })

  test('shadow and off look the same from outside', () => {
    expect(days('healthy', live.shadow, 1)).toEqual(days('healthy', live.legacy, 1))
  })

  test('every legacy booking ends in a summary', () => {
    const legacy = days('healthy', live.legacy, 1).filter(row => row.source === 'auto_assign')
    const lives = [...byBooking(legacy).values()]
    const shape = /^started,(?:attempt,){1,3}quote,(?:succeeded|failed),summary$/u
    const told = lives.map(life => life.map(row => row.event_type.split('.')[1]).join())
    expect(told.slice(0, -2).filter(text => !shape.test(text))).toEqual([])
  })

  test('each target books on its own', () => {
    const both = createTraffic({ seed: 7, scenario: eventful, startMs }).between(
      startMs,
      startMs + dayMs,
      [live.activePreview, live.legacy]
    )
    expect(ofType(both, 'auto_assign.started').length).toBeGreaterThan(180)
    expect(endings(both).length).toBeGreaterThan(180)
  })

  test('after a rollback nothing starts any more, at whatever instant it comes', () => {
    const flips = Array.from({ length: 60 }, (_, index) => startMs + hourMs + index * 61_003)
    const starts = flips.flatMap(flipMs => {
      const traffic = createTraffic({ seed: 7, scenario: eventful, startMs })
      traffic.between(startMs, flipMs, [live.active])
      return ofType(traffic.between(flipMs, flipMs + hourMs, [live.legacy]), 'coordinator.start')
    })
    expect(starts).toEqual([])
  })

  test('after a rollback what was under way ends and the legacy path is back', () => {
    const traffic = createTraffic({ seed: 7, scenario: eventful, startMs })
    const before = traffic.between(startMs, startMs + 5 * hourMs, [live.active])
    const after = traffic.between(startMs + 5 * hourMs, startMs + 7 * hourMs, [live.legacy])
    const work = ofType([...before, ...after], 'booking.assignment_state_transition')
    const begun = work.filter(row => row.context?.['to'] === 'assignment_in_progress')
    const over = work.filter(row => row.context?.['from'] === 'assignment_in_progress')
    expect(begun.length).toBeGreaterThan(50)
    expect(over).toHaveLength(begun.length)
    expect(ofType(after, 'auto_assign.started').length).toBeGreaterThan(10)
  })

  test('a target that nobody books on any more is silent, whatever its flags', () => {
    const traffic = createTraffic({ seed: 7, scenario: eventful, startMs })
    traffic.between(startMs, startMs + hourMs, [live.activePreview])
    const [pause, after] = [1, 2].map(hour =>
      traffic.between(startMs + hour * hourMs, startMs + (hour + 1) * hourMs, [live.shadow])
    )
    expect(ofType(pause ?? [], 'coordinator.start')).toEqual([])
    expect((after ?? []).filter(row => row.source.startsWith('assignment.'))).toEqual([])
  })
})
