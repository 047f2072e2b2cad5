import { expect, test } from '@jest/globals'
import { judgeProportion, type ProportionRule } from '../../src/verdict/proportion.ts'
import { badShare, meets, type Threshold } from '../../src/verdict/threshold.ts'
import { look, successRate } from './reference.ts'

const nothing: Threshold = { operator: '<=', percent: 0 }
const everything: Threshold = { operator: '>=', percent: 100 }

test.each([
  ['all good', 5, 5],
  ['all bad', 0, 5],
  ['some of each', 3, 5]
])('the evidence of bounds of 0 %% and 100 %% is finite when units are %s', (_, good, all) => {
  const rule: ProportionRule = { ...successRate, pass: everything, red: nothing }
  const { logE, logG } = judgeProportion(look([[good, all]], rule))
  expect([logE, logG].every(Number.isFinite)).toBe(true)
})

test('a bound is a bad share strictly between 0 and 1, on whichever side its hits are', () => {
  for (const bound of [nothing, everything]) {
    for (const goodHits of [true, false]) {
      const share = badShare(bound, goodHits)
      expect(share > 0 && share < 1).toBe(true)
    }
  }
  expect(badShare(everything, true)).toBe(badShare(nothing, false))
  expect(badShare({ operator: '>=', percent: 75 }, true)).toBe(0.25)
  expect(badShare({ operator: '<', percent: 75 }, false)).toBe(0.75)
})

test('bounds of 0 % and 100 % are percentages like any other', () => {
  expect(meets(nothing, 0, 3)).toBe(true)
  expect(meets(nothing, 1, 3)).toBe(false)
  expect(meets(everything, 3, 3)).toBe(true)
  expect(meets(everything, 2, 3)).toBe(false)
})
