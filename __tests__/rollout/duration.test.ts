import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkpointName, formatDuration, parseDuration } from '../../src/rollout/duration.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('a duration', () => {
  test.each([
    ['0m', 0],
    ['30s', 30 * SECOND],
    ['30m', 30 * MINUTE],
    ['48h', 48 * HOUR],
    ['7d', 7 * DAY],
    ['999999d', 999_999 * DAY]
  ])('%s is read', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([
    '',
    '30',
    'm',
    '30 m',
    '30M',
    '30min',
    '-30m',
    '+30m',
    '030m',
    '1.5h',
    '1h30m',
    '1e3s',
    '30m\n',
    '1000000s',
    '٣m'
  ])('%j is none', text => {
    expect(parseDuration(text)).toBeUndefined()
  })

  test.each([
    [0, '0m'],
    [999, '0m'],
    [-999, '0m'],
    [SECOND, '1s'],
    [90 * SECOND, '1m 30s'],
    [-90 * SECOND, '-1m 30s'],
    [30 * MINUTE, '30m'],
    [60 * MINUTE, '1h'],
    [90 * MINUTE, '1h 30m'],
    [48 * HOUR, '48h'],
    [3 * DAY - SECOND, '71h 59m'],
    [3 * DAY, '3d'],
    [3 * DAY + 90 * MINUTE, '3d 1h'],
    [HOUR + 5 * SECOND, '1h 5s']
  ])('%d ms are shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test('what is shown in one or two units adds up to what was meant, or to a little less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * DAY }), ms => {
        const shown = formatDuration(ms)
          .split(' ')
          .reduce((sum, part) => sum + (parseDuration(part) ?? Number.NaN), 0)
        expect(shown).toBeLessThanOrEqual(ms)
        expect(ms - shown).toBeLessThan(ms >= 3 * DAY ? HOUR : ms >= HOUR ? MINUTE : SECOND)
      })
    )
  })

  test('a span of one unit is shown as it was written, or in a larger unit, and read back', () => {
    const written = fc
      .tuple(fc.integer({ min: 0, max: 59 }), fc.constantFrom('s', 'm'))
      .map(([amount, unit]) => `${amount}${unit}`)
    fc.assert(
      fc.property(written, text => {
        const ms = parseDuration(text) ?? Number.NaN
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      })
    )
  })
})

describe('the name of a checkpoint', () => {
  test.each([
    [0, 'T+0'],
    [30 * MINUTE, 'T+30m'],
    [6 * HOUR, 'T+6h'],
    [90 * MINUTE, 'T+1h30m'],
    [48 * HOUR, 'T+48h'],
    [3 * DAY, 'T+3d'],
    [73 * HOUR + 30 * MINUTE, 'T+3d1h30m']
  ])('%d ms into a phase is %s', (ms, name) => {
    expect(checkpointName(ms)).toBe(name)
  })

  test('two offsets never share a name, so that no checkpoint stands in for another', () => {
    const offset = fc.integer({ min: 0, max: 30 * 86_400 }).map(seconds => seconds * SECOND)
    const near = fc.tuple(offset, fc.integer({ min: 1, max: 7200 }))
    fc.assert(
      fc.property(near, ([ms, seconds]) => {
        expect(checkpointName(ms + seconds * SECOND)).not.toBe(checkpointName(ms))
      })
    )
  })
})
