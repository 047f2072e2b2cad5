import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LN_DECISIVE } from '../../src/verdict/evidence.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import {
  binomial,
  carried,
  evidence,
  FALSE_ALARMS,
  HOURS,
  type Question,
  redProbability
} from './red-probability.ts'
import { look } from './reference.ts'

type Hours = readonly (readonly [good: number, all: number])[]

const TIMEOUT_MS = 60_000

describe('48 hourly looks at a service whose true rate is exactly 97 %', () => {
  test.each(FALSE_ALARMS)(
    'at %d units/h are red with a probability of %d, known to within 0.0003, so below 5 %%',
    (unitsPerHour, probability) => {
      const [low, high] = probabilityOf('red', unitsPerHour)
      expect(high - low).toBeLessThan(3e-4)
      expect((low + high) / 2).toBeCloseTo(probability, 3)
      expect(high).toBeLessThanOrEqual(0.05)
    },
    TIMEOUT_MS
  )

  test.each<[number, number]>([
    [2, 0.0163],
    [10, 0.0157],
    [50, 0.0078]
  ])(
    'at %d units/h reach an E of 20 or break the written rule with a probability of %d, an upper bound on red',
    (unitsPerHour, probability) => {
      const [low, high] = probabilityOf('alarm', unitsPerHour)
      expect(high - low).toBeLessThan(3e-4)
      expect((low + high) / 2).toBeCloseTo(probability, 3)
      expect(high).toBeLessThanOrEqual(0.05)
    },
    TIMEOUT_MS
  )
})

function probabilityOf(question: Question, unitsPerHour: number): readonly [number, number] {
  return redProbability({ question, unitsPerHour, badShare: 0.03, looks: HOURS })
}

describe('the summation is about the real verdict', () => {
  test('E follows from the bad units and from the sum that is carried from hour to hour', () => {
    const hours = [10, 9, 10, 7, 10, 8].map(good => [good, 10] as const)
    let [sum, bad] = [0, 0]
    for (const [hour, [good, all]] of hours.entries()) {
      sum = carried(sum, good, all - good)
      bad += all - good
      const { logE } = judgeProportion(look(hours.slice(0, hour + 1)))
      const place = { hour, all: 10 * (hour + 1), bad }
      expect(evidence(place, sum)).toBeCloseTo(Math.exp(logE), 9)
    }
  })

  test.each([0.03, 0.1, 0.3])(
    'its bounds hold the probability of red that trying every outcome of 6 hours finds, at a bad share of %d',
    badShare => {
      const service = { question: 'red', unitsPerHour: 2, badShare, looks: 6 } as const
      const [low, high] = redProbability(service)
      const exact = triedOut([], binomial(2, badShare), service.looks)
      expect(exact).toBeGreaterThanOrEqual(low - 1e-12)
      expect(exact).toBeLessThanOrEqual(high + 1e-12)
    }
  )

  test('a break that dominates an E of 20 is always red, so that only the whole phase needs asking', () => {
    const healthy = fc.array(fc.constant([10, 10] as const), { maxLength: 20 })
    const worse = fc.array(
      fc.tuple(fc.nat(10), fc.nat(10)).map(([good, bad]) => [good, good + bad] as const),
      { minLength: 1, maxLength: 8 }
    )
    const seen = new Set<string>()
    fc.assert(
      fc.property(healthy, worse, (before, after) => {
        const { logE, segment, verdict, code } = judgeProportion(look([...before, ...after]))
        if (logE < LN_DECISIVE || segment.component !== 'L2') return
        seen.add(code)
        expect(verdict).toBe('red')
      }),
      { numRuns: 1000 }
    )
    expect(seen).toContain('red_evidence')
  })
})

/** The probability that a look at one of these hours, or at one that follows, is red. */
function triedOut(hours: Hours, chances: readonly number[], left: number): number {
  if (hours.length > 0 && judgeProportion(look(hours)).verdict === 'red') return 1
  if (left === 0) return 0
  const units = chances.length - 1
  return chances.reduce(
    (sum, chance, bad) =>
      sum + chance * triedOut([...hours, [units - bad, units]], chances, left - 1),
    0
  )
}
