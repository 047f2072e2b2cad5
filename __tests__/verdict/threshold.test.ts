import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { meets, type Threshold } from '../../src/verdict/threshold.ts'

test.each([
  ['>=', 97, 97, 100, true],
  ['>', 97, 97, 100, false],
  ['>=', 97, 96, 99, false],
  ['<', 1, 1, 100, false],
  ['<=', 1, 1, 100, true],
  ['<', 1, 1, 101, true],
  ['>', 5, 5, 100, false],
  ['>', 5, 6, 100, true],
  ['<', 90, 9, 10, false],
  ['<', 90, 899_999, 1_000_000, true],
  ['>=', 0.07, 7, 10_000, true],
  ['<=', 0.07, 7, 10_000, true],
  ['>=', 99.95, 1999, 2000, true],
  ['>', 1e-7, 1, 1_000_000_000, false],
  ['>=', 1e-7, 1, 1_000_000_000, true],
  ['>=', 100, 9_007_199_254_740_990, 9_007_199_254_740_991, false]
] as const)('%s %d%% for %d of %d is %p', (operator, percent, hits, total, expected) => {
  expect(meets({ operator, percent }, hits, total)).toBe(expected)
})

test.each([
  [Number.NaN, 1],
  [1, Number.NaN],
  [0, 0],
  [0.5, 1],
  [-1, 1],
  [1, Number.POSITIVE_INFINITY]
])('nothing meets a bound when it is %p of %p', (hits, total) => {
  const operators = ['>=', '>', '<=', '<'] as const
  expect(operators.map(operator => meets({ operator, percent: 50 }, hits, total))).not.toContain(
    true
  )
})

test('a bound that is no percentage is met by nothing', () => {
  for (const percent of [Number.NaN, -1, 101, Number.POSITIVE_INFINITY]) {
    expect(meets({ operator: '>=', percent }, 1, 1)).toBe(false)
    expect(meets({ operator: '<=', percent }, 1, 1)).toBe(false)
  }
})

test('a bound and its opposite divide all shares between them', () => {
  const opposites: readonly (readonly [Threshold['operator'], Threshold['operator']])[] = [
    ['>=', '<'],
    ['>', '<=']
  ]
  const shares = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(10_000))
  fc.assert(
    fc.property(fc.constantFrom(...opposites), shares, ([above, below], [good, bad, percent]) => {
      const share = [good, good + bad + 1] as const
      const bound = percent / 100
      expect(meets({ operator: above, percent: bound }, ...share)).toBe(
        !meets({ operator: below, percent: bound }, ...share)
      )
    })
  )
})
