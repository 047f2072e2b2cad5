import { describe, expect, test } from '@jest/globals'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { meets } from '../../src/verdict/threshold.ts'
import { binomial, HOURS, redProbability } from './red-probability.ts'
import { look, successRate } from './reference.ts'

/** Why a share is judged by evidence: what the rules do that people write down, in exact numbers. */

const EVERY_HOUR = Array.from({ length: HOURS }, (_, index) => index + 1)
/** T+1h to T+48h of the runbook. */
const CHECKPOINTS = [1, 6, 12, 24, 36, 48]

describe('a bare "below 90 %" at every look', () => {
  test.each([
    [2, 0.256],
    [10, 0.051],
    [50, 0.004]
  ])(
    'rolls a service of exactly 97 %% with %d units/h back with a probability of %d',
    (unitsPerHour, probability) => {
      const found = bareAlarm({ unitsPerHour, badShare: 0.03, hours: EVERY_HOUR })
      expect(found).toBeCloseTo(probability, 3)
    }
  )

  test('rolls a healthy 98 % service with 2 units/h back 16.7 % of the time, and evidence 0.2 %', () => {
    const healthy = { unitsPerHour: 2, badShare: 0.02 }
    expect(bareAlarm({ ...healthy, hours: EVERY_HOUR })).toBeCloseTo(0.167, 3)
    expect(bareAlarm({ ...healthy, hours: CHECKPOINTS })).toBeCloseTo(0.061, 3)
    const [low, high] = redProbability({ ...healthy, question: 'red', looks: HOURS })
    expect(low).toBeGreaterThan(0.0023)
    expect(high).toBeLessThan(0.0024)
  })
})

describe('99 % for 40 hours and then 60 %, at 50 units/h,', () => {
  const before = Array.from({ length: 40 }, (_, hour) => [49 + (hour % 2), 50] as const)
  const brokenFor = (hours: number): readonly number[] => binomial(50 * hours, 0.4)

  test('is as good as never caught by the share of the whole phase', () => {
    const caught = brokenFor(8).reduce((sum, chance, bad) => {
      const good = before.reduce((units, [hits]) => units + hits, 0) + 400 - bad
      return sum + (meets(successRate.red, good, 2400) ? chance : 0)
    }, 0)
    expect(caught).toBeLessThan(1e-4)
  })

  test('is caught by evidence within two hours, but for less than one in a million', () => {
    const missed = brokenFor(2).reduce((sum, chance, bad) => {
      const first = Math.floor(bad / 2)
      const hours = [...before, [50 - first, 50] as const, [50 - bad + first, 50] as const]
      return bad <= 50 && judgeProportion(look(hours)).verdict !== 'red' ? sum + chance : sum
    }, 0)
    expect(missed).toBeLessThan(1e-6)
    expect(judgeProportion(look([...before, [30, 50], [30, 50]]))).toMatchObject({
      code: 'red_evidence',
      segment: { component: 'L2', start: 40 }
    })
  })
})

interface Service {
  readonly unitsPerHour: number
  readonly badShare: number
  /** When somebody looks, in hours since the start. */
  readonly hours: readonly number[]
}

/** The probability that the share is below 90 % at one look or more. */
function bareAlarm({ unitsPerHour, badShare, hours }: Service): number {
  let chances: readonly number[] = [1]
  let alarm = 0
  for (const hour of EVERY_HOUR) {
    const all = unitsPerHour * hour
    const next = convolved(chances, binomial(unitsPerHour, badShare))
    const isAlarm = (bad: number): boolean =>
      hours.includes(hour) && meets(successRate.red, all - bad, all)
    alarm += next.reduce((sum, chance, bad) => (isAlarm(bad) ? sum + chance : sum), 0)
    chances = next.map((chance, bad) => (isAlarm(bad) ? 0 : chance))
  }
  return alarm
}

/** The chances of the sum of two counts. */
function convolved(left: readonly number[], right: readonly number[]): number[] {
  const sums = Array.from({ length: left.length + right.length - 1 }, () => 0)
  for (const [one, chance] of left.entries()) {
    for (const [other, factor] of right.entries()) {
      sums[one + other] = (sums[one + other] ?? 0) + chance * factor
    }
  }
  return sums
}
