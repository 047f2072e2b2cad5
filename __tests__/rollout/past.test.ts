import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type PastBounds, type PastMoment, pastSpan, refuseFuture } from '../../src/rollout/past.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NOW = Date.parse('2026-03-31T10:20:00Z')
const GRACE_MS = 2 * MINUTE_MS

const at = (text: string): PastMoment => ({ kind: 'instant', at: text })
const ago = (ms: number): PastMoment => ({ kind: 'ago', ms })
const shown = (bounds: PastBounds) => {
  const { fromMs, untilMs } = pastSpan(bounds, NOW, GRACE_MS)
  return [fromMs, untilMs].map(ms => new Date(ms).toISOString().slice(0, 16))
}

describe('a span of the past', () => {
  test.each<[string, PastBounds, readonly string[]]>([
    [
      'counts back from now and ends where late rows have arrived',
      { since: ago(30 * DAY_MS) },
      ['2026-03-01T10:00', '2026-03-31T10:18']
    ],
    [
      'begins at the whole hour after an instant',
      { since: at('2026-03-30T09:30:00Z') },
      ['2026-03-30T10:00', '2026-03-31T10:18']
    ],
    [
      'begins at an instant that is a whole hour',
      { since: at('2026-03-30T09:00:00Z') },
      ['2026-03-30T09:00', '2026-03-31T10:18']
    ],
    [
      'ends where somebody wants it to',
      { since: ago(2 * DAY_MS), until: at('2026-03-30T12:00:00Z') },
      ['2026-03-29T10:00', '2026-03-30T12:00']
    ],
    [
      'ends as long ago as somebody wants',
      { since: ago(2 * DAY_MS), until: ago(DAY_MS) },
      ['2026-03-29T10:00', '2026-03-30T10:20']
    ],
    [
      'does not end among rows that may still arrive',
      { since: ago(HOUR_MS), until: ago(0) },
      ['2026-03-31T09:00', '2026-03-31T10:18']
    ]
  ])('%s', (_, bounds, span) => {
    expect(shown(bounds)).toEqual(span)
  })

  test.each<[string, PastBounds, string]>([
    [
      'begins in the future',
      { since: at('2026-04-01T00:00:00Z') },
      'since lies in the future: 2026-04-01T00:00Z, and the database has 2026-03-31T10:20Z.'
    ],
    [
      'ends in the future',
      { since: ago(DAY_MS), until: at('2027-04-01T00:00:00Z') },
      'until lies in the future'
    ],
    [
      'is no hour long',
      { since: ago(59 * MINUTE_MS), until: ago(30 * MINUTE_MS) },
      'no whole hour'
    ],
    ['is less than an hour long', { since: ago(30 * MINUTE_MS) }, 'no whole hour'],
    ['ends before it begins', { since: ago(DAY_MS), until: ago(2 * DAY_MS) }, 'no whole hour'],
    ['begins longer ago than 400 days', { since: ago(402 * DAY_MS) }, 'go back 400d at most']
  ])('that %s is refused with the way out', (_, bounds, words) => {
    expect(() => shown(bounds)).toThrow(
      expect.objectContaining({
        code: 'window_invalid',
        message: expect.stringContaining(words)
      })
    )
  })

  test('is refused for both of its ends at once', () => {
    const future = at('2027-01-01T00:00:00Z')
    expect(() => shown({ since: future, until: future })).toThrow(/^since .*\nuntil /u)
  })

  test('that is asked for as an hour or more is never empty, and never begins too late', () => {
    const hours = fc.integer({ min: 1, max: 400 * 24 })
    fc.assert(
      fc.property(hours, fc.integer({ min: 0, max: DAY_MS }), (length, shiftMs) => {
        const nowMs = NOW + shiftMs
        const { fromMs, untilMs } = pastSpan({ since: ago(length * HOUR_MS) }, nowMs, GRACE_MS)
        expect(fromMs % HOUR_MS).toBe(0)
        expect(untilMs).toBe(nowMs - GRACE_MS)
        expect(untilMs - fromMs).toBeGreaterThanOrEqual(length * HOUR_MS)
        expect(untilMs - fromMs).toBeLessThan((length + 1) * HOUR_MS)
      })
    )
  })
})

test('a clock that is a little ahead of the database is no future', () => {
  expect(() => refuseFuture('since', NOW + MINUTE_MS, NOW)).not.toThrow()
  expect(() => refuseFuture('since', NOW + MINUTE_MS + 1, NOW)).toThrow('in the future')
})
