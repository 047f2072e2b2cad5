import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { TRAFFIC } from '../../src/rehearsal/traffic/scenarios.ts'
import { openStream } from '../../src/rehearsal/traffic/stream.ts'
import { createTraffic, type LiveTarget } from '../../src/rehearsal/traffic/traffic.ts'
import { dayMs, days, hourMs, live, ofType, share, startMs } from './traffic-days.ts'

const open = (seed = 1, scenario = TRAFFIC.healthy) => createTraffic({ seed, scenario, startMs })

describe('the volume of a day', () => {
  const rows = days('thin-traffic', live.legacy, 3)
  const aDay = (type: string) => ofType(rows, type).length / 3

  test('is that of the baseline before the rollout', () => {
    expect(Math.abs(rows.length / 3 - 2631)).toBeLessThan(2631 * 0.05)
    expect(Math.abs(aDay('capacity.rpc.conflict') - 2323)).toBeLessThan(2323 * 0.05)
    expect(Math.abs(aDay('auto_assign.attempt') - 41)).toBeLessThan(41 * 0.35)
    expect(Math.abs(aDay('auto_assign.quote') - 27)).toBeLessThan(27 * 0.35)
    expect(Math.abs(aDay('booking.creation.success') - 27)).toBeLessThan(27 * 0.35)
  })

  test('is made of 28 kinds', () => {
    expect(new Set(rows.map(row => `${row.source} ${row.event_type}`)).size).toBe(28)
  })

  test('is the profile’s on a busier system', () => {
    const bookings = ofType(days('healthy', live.legacy, 3), 'booking.creation.success')
    expect(Math.abs(bookings.length / 3 - 240)).toBeLessThan(240 * 0.1)
  })

  test('is quiet at night for bookings, but not for the noise', () => {
    const busy = days('healthy', live.legacy, 3)
    const inHours = (type: string, low: number, high: number) =>
      ofType(busy, type).filter(({ created_at }) => {
        const hour = new Date(created_at).getUTCHours()
        return hour >= low && hour < high
      })
    const type = 'booking.creation.success'
    expect(share(inHours(type, 0, 6), inHours(type, 16, 22))).toBeLessThan(0.35)
    expect(inHours(type, 0, 6).length).toBeGreaterThan(0)
    const noise = 'capacity.rpc.conflict'
    expect(share(inHours(noise, 0, 6), inHours(noise, 16, 22))).toBeGreaterThan(0.85)
    const hours = new Set(ofType(busy, noise).map(row => row.created_at.slice(0, 13)))
    expect(hours.size).toBe(72)
  })
})

describe('the model is a function of its arguments', () => {
  test('one seed is one world, another seed is another', () => {
    const run = (seed: number) => open(seed).between(startMs, startMs + dayMs, [live.active])
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
  })

  const cuts = fc.array(fc.integer({ min: 1, max: 5 * hourMs }), { maxLength: 12 })
  const worlds = fc.constantFrom<readonly LiveTarget[]>(
    [live.active],
    [live.legacy, live.activePreview],
    [live.shadow, live.shadowPreview],
    []
  )

  test.each(['healthy', 'circuit-open', 'silent-errors'] as const)(
    'it does not matter where time is cut (%s)',
    name => {
      const brisk = {
        ...TRAFFIC[name],
        ...(name === 'circuit-open' && {
          circuitOpen: { target: 'production', afterMs: hourMs, bookings: 4 }
        }),
        ...(name === 'silent-errors' && { silentFromMs: 4 * hourMs }),
        retryShare: 0.5,
        contentionShare: 0.3,
        sweepShare: 0.3
      }
      fc.assert(
        fc.property(cuts, worlds, fc.integer(), (offsets, world, seed) => {
          const ends = [...new Set([0, ...offsets, 5 * hourMs])].sort((a, b) => a - b)
          const whole = open(seed, brisk).between(startMs, startMs + 5 * hourMs, world)
          const pieces = open(seed, brisk)
          const rows = ends
            .slice(1)
            .flatMap((end, i) => pieces.between(startMs + (ends[i] ?? 0), startMs + end, world))
          expect(rows).toEqual(whole)
        }),
        { numRuns: 25 }
      )
    }
  )

  test('rows are in order, inside the interval and have ids of their own', () => {
    const rows = days('healthy', live.active, 3)
    const times = rows.map(row => row.created_at)
    expect(times).toEqual([...times].sort())
    expect(Date.parse(times[0] ?? '')).toBeGreaterThanOrEqual(startMs)
    expect(Date.parse(times.at(-1) ?? '')).toBeLessThan(startMs + 3 * dayMs)
    expect(new Set(rows.map(row => row.id)).size).toBe(rows.length)
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u
    expect(rows.filter(row => !uuid.test(row.id))).toEqual([])
  })

  test('nothing happens before the start, and the past stays past', () => {
    const traffic = open()
    expect(traffic.between(0, startMs, [live.active])).toEqual([])
    expect(traffic.between(0, startMs + hourMs, [live.active]).length).toBeGreaterThan(0)
    expect(() => traffic.between(startMs, startMs + hourMs, [live.active])).toThrow(RangeError)
    expect(traffic.between(startMs + hourMs, startMs + hourMs, [live.active])).toEqual([])
  })

  test('draws have the mean they were asked for', () => {
    const stream = openStream('means')
    const mean = (draw: () => number) =>
      Array.from({ length: 4000 }, draw).reduce((sum, n) => sum + n, 0) / 4000
    expect(mean(() => stream.next())).toBeCloseTo(0.5, 1)
    expect(mean(() => stream.whole(1, 3))).toBeCloseTo(2, 1)
    expect(mean(() => stream.poisson(2))).toBeCloseTo(2, 0)
    expect(Math.abs(mean(() => stream.poisson(100)) - 100)).toBeLessThan(1)
    expect(mean(() => Number(stream.chance(0.2)))).toBeCloseTo(0.2, 1)
  })
})
