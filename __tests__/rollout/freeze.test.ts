import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { FreezeWindow } from '../../src/rollout/definition.ts'
import { frozenBy } from '../../src/rollout/freeze.ts'
import { parseFreezeEnd } from '../../src/rollout/freeze-end.ts'
import { isTimeZone, momentsOf, wallAt } from '../../src/rollout/wall-clock.ts'

const LONDON = 'Europe/London'
const NEW_YORK = 'America/New_York'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const STEP = HOUR

function at(instant: string): number {
  return Date.parse(`${instant}Z`)
}

function frozen(instant: string, timeZone: string, ...freeze: readonly (readonly string[])[]) {
  const windows = freeze.map(([from = '', to = '', why = 'no one is there']) => ({ from, to, why }))
  return frozenBy({ freeze: windows, timeZone }, at(instant))
}

/** First and last minute, by UTC, in which nothing moves between two instants; fails when there is a gap. */
function span(window: FreezeWindow, timeZone: string, from: string, to: string) {
  const isFrozen = (ms: number) => frozenBy({ freeze: [window], timeZone }, ms) !== undefined
  const steps: number[] = []
  for (let ms = at(from); ms < at(to); ms += STEP) if (isFrozen(ms)) steps.push(ms)
  const [early = Number.NaN, late = Number.NaN] = [steps[0], steps.at(-1)]
  expect(late - early).toBe((steps.length - 1) * STEP)
  let [first, last] = [early, late]
  while (isFrozen(first - MINUTE)) first -= MINUTE
  while (isFrozen(last + MINUTE)) last += MINUTE
  return [first, last].map(ms => new Date(ms).toISOString().slice(0, 16))
}

describe('a weekly freeze', () => {
  const weekend = ['Fri 16:00', 'Mon 08:00', 'nobody is on call at the weekend'] as const

  test.each([
    ['just before it', '2026-06-05T14:59:59', false],
    ['as it begins', '2026-06-05T15:00:00', true],
    ['on the Saturday', '2026-06-06T12:00:00', true],
    ['on the Sunday', '2026-06-07T12:00:00', true],
    ['just before it ends', '2026-06-08T06:59:59', true],
    ['as it ends', '2026-06-08T07:00:00', false],
    ['in the middle of the week', '2026-06-10T12:00:00', false]
  ])('%s', (_, instant, expected) => {
    expect(frozen(instant, LONDON, weekend) !== undefined).toBe(expected)
  })

  test('says why, and until when by the clock on the wall', () => {
    const said =
      'frozen until Mon 2026-06-08 08:00 (Europe/London): nobody is on call at the weekend'
    expect(frozen('2026-06-05T15:00:00', LONDON, weekend)).toBe(said)
    expect(frozen('2026-06-07T23:59:00', LONDON, weekend)).toBe(said)
  })

  test('is a different time in a different place', () => {
    expect(frozen('2026-06-05T15:00:00', NEW_YORK, weekend)).toBeUndefined()
    expect(frozen('2026-06-05T20:00:00', NEW_YORK, weekend)).toBe(
      'frozen until Mon 2026-06-08 08:00 (America/New_York): nobody is on call at the weekend'
    )
  })

  test.each([
    ['within a day', ['Wed 12:00', 'Wed 13:30'], '2026-06-10T12:00', '2026-06-10T13:29'],
    ['over midnight', ['Wed 22:00', 'Thu 02:00'], '2026-06-10T22:00', '2026-06-11T01:59'],
    [
      'over the end of the week',
      ['Sat 22:00', 'Sun 02:00'],
      '2026-06-13T22:00',
      '2026-06-14T01:59'
    ],
    ['nearly all week', ['Wed 12:00', 'Wed 11:00'], '2026-06-10T12:00', '2026-06-17T10:59']
  ])('%s', (_, [from = '', to = ''], first, last) => {
    const window = { from, to, why: 'so' }
    expect(span(window, 'UTC', '2026-06-10T11:30:00', '2026-06-17T11:30:00')).toEqual([first, last])
  })

  test('an hour longer in the week in which the hour is repeated, and shorter when one is left out', () => {
    const window = { from: 'Fri 16:00', to: 'Mon 08:00', why: 'weekend' }
    expect(span(window, LONDON, '2026-10-22T00:00:00', '2026-10-28T00:00:00')).toEqual([
      '2026-10-23T15:00',
      '2026-10-26T07:59'
    ])
    expect(span(window, LONDON, '2026-03-26T00:00:00', '2026-04-01T00:00:00')).toEqual([
      '2026-03-27T16:00',
      '2026-03-30T06:59'
    ])
    expect(span(window, NEW_YORK, '2026-10-29T00:00:00', '2026-11-04T00:00:00')).toEqual([
      '2026-10-30T20:00',
      '2026-11-02T12:59'
    ])
    expect(span(window, NEW_YORK, '2026-03-05T00:00:00', '2026-03-11T00:00:00')).toEqual([
      '2026-03-06T21:00',
      '2026-03-09T11:59'
    ])
  })
})

describe('where the clocks change', () => {
  // London goes back at 01:00 UTC on 25 October, New York at 06:00 UTC on 1 November.
  test.each([
    [LONDON, '2026-10-25 01:30', '2026-10-25 05:00', '2026-10-25T00:30', '2026-10-25T04:59'],
    [LONDON, '2026-10-24 20:00', '2026-10-25 01:30', '2026-10-24T19:00', '2026-10-25T01:29'],
    [NEW_YORK, '2026-11-01 01:30', '2026-11-01 05:00', '2026-11-01T05:30', '2026-11-01T09:59'],
    [NEW_YORK, '2026-10-31 20:00', '2026-11-01 01:30', '2026-11-01T00:00', '2026-11-01T06:29']
  ])('a repeated hour in %s is frozen both times: %s to %s', (zone, from, to, first, last) => {
    const window = { from, to, why: 'the night' }
    expect(span(window, zone, '2026-10-24T12:00:00', '2026-11-02T00:00:00')).toEqual([first, last])
  })

  // London goes forward at 01:00 UTC on 29 March, New York at 07:00 UTC on 8 March.
  test.each([
    [LONDON, '2026-03-29 01:30', '2026-03-29 05:00', '2026-03-29T01:00', '2026-03-29T03:59'],
    [LONDON, '2026-03-28 20:00', '2026-03-29 01:30', '2026-03-28T20:00', '2026-03-29T00:59'],
    [NEW_YORK, '2026-03-08 02:30', '2026-03-08 05:00', '2026-03-08T07:00', '2026-03-08T08:59'],
    [NEW_YORK, '2026-03-07 20:00', '2026-03-08 02:30', '2026-03-08T01:00', '2026-03-08T06:59']
  ])(
    'an hour that %s leaves out begins and ends with the jump: %s to %s',
    (zone, from, to, first, last) => {
      const window = { from, to, why: 'the night' }
      expect(span(window, zone, '2026-03-07T00:00:00', '2026-03-30T00:00:00')).toEqual([
        first,
        last
      ])
    }
  )

  test('the end that is told is what the clock shows then', () => {
    const night = ['2026-03-28 20:00', '2026-03-29 01:30', 'the night'] as const
    expect(frozen('2026-03-29T00:30:00', LONDON, night)).toBe(
      'frozen until Sun 2026-03-29 02:00 (Europe/London): the night'
    )
  })

  test('every reading has its moments in order, and the clock has come to it by each', () => {
    const zones = [LONDON, NEW_YORK, 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC']
    const minute = fc.integer({
      min: at('2011-12-01T00:00:00') / MINUTE,
      max: at('2027-12-31T00:00:00') / MINUTE
    })
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, (zone, minutes) => {
        const wall = minutes * MINUTE
        const { firstMs, lastMs } = momentsOf(wall, zone)
        expect(firstMs).toBeLessThanOrEqual(lastMs)
        expect(wallAt(firstMs, zone)).toBeGreaterThanOrEqual(wall)
        expect(wallAt(firstMs - 1, zone)).toBeLessThan(wall)
      }),
      { numRuns: 300 }
    )
  })

  test('whatever moment it is, it is among the moments of what the clock shows', () => {
    const ms = fc.integer({ min: at('2020-01-01T00:00:00'), max: at('2030-01-01T00:00:00') })
    fc.assert(
      fc.property(fc.constantFrom(LONDON, NEW_YORK), ms, (zone, now) => {
        const { firstMs, lastMs } = momentsOf(wallAt(now, zone), zone)
        expect([firstMs, lastMs]).toContain(now)
        expect(lastMs - firstMs === 0 || lastMs - firstMs === HOUR).toBe(true)
      }),
      { numRuns: 300 }
    )
  })
})

describe('a dated freeze', () => {
  test('from midnight to midnight where only days are written', () => {
    const window = { from: '2026-12-23', to: '2027-01-02', why: 'Christmas' }
    expect(span(window, NEW_YORK, '2026-12-22T00:00:00', '2027-01-04T00:00:00')).toEqual([
      '2026-12-23T05:00',
      '2027-01-02T04:59'
    ])
    expect(frozen('2026-12-24T12:00:00', NEW_YORK, ['2026-12-23', '2027-01-02', 'Christmas'])).toBe(
      'frozen until Sat 2027-01-02 00:00 (America/New_York): Christmas'
    )
  })

  test('comes once', () => {
    const window = ['2026-12-23 09:00', '2026-12-24', 'Christmas'] as const
    expect(frozen('2026-12-23T10:00:00', 'UTC', window)).toBeDefined()
    expect(frozen('2027-12-23T10:00:00', 'UTC', window)).toBeUndefined()
  })
})

test('of freezes that overlap the one that ends last is told', () => {
  const now = '2026-12-25T18:00:00'
  const [weekend, christmas] = [
    ['Fri 16:00', 'Mon 08:00', 'weekend'],
    ['2026-12-23', '2027-01-02', 'Christmas']
  ] as const
  for (const both of [
    [weekend, christmas],
    [christmas, weekend]
  ]) {
    expect(frozen(now, 'UTC', ...both)).toBe('frozen until Sat 2027-01-02 00:00 (UTC): Christmas')
  }
})

test('without a freeze nothing is ever frozen', () => {
  expect(frozen('2026-12-25T18:00:00', LONDON)).toBeUndefined()
})

test('what is no end of a freeze never freezes anything', () => {
  expect(frozen('2026-12-25T18:00:00', LONDON, ['Fri', 'Mon'])).toBeUndefined()
  expect(frozen('2026-12-25T18:00:00', LONDON, ['2026-12-23', 'Mon 08:00'])).toBeUndefined()
})

test.each([
  'Fri',
  'Fri ',
  'Friday 16:00',
  'fri 16:00',
  'Fri 24:00',
  'Fri 16:60',
  'Fri 9:00',
  '16:00',
  '2026-02-30',
  '2026-13-01',
  '2026-12-23 ',
  '2026-12-23T09:00',
  '2026-12-23 9:00',
  '23.12.2026',
  ''
])('%j is no end of a freeze', text => {
  expect(parseFreezeEnd(text)).toBeUndefined()
})

test('a time zone exists or does not', () => {
  expect([LONDON, 'UTC', 'Mars/Olympus_Mons', ''].map(isTimeZone)).toEqual([
    true,
    true,
    false,
    false
  ])
})
