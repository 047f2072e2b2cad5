import { expect, test } from '@jest/globals'
import type { Threshold } from '../../src/verdict/threshold.ts'
import { countText, manyText, numberText, oddsText, shareText } from '../../src/verdict/wording.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [12_345, '12,345'],
  [1_000_000, '1,000,000']
])('a count of %d is told as %s', (count, text) => {
  expect(countText(count)).toBe(text)
})

test.each([
  [0, '0 bad units'],
  [1, '1 bad unit'],
  [2, '2 bad units'],
  [1000, '1,000 bad units']
])('%d of a thing are told as %s', (count, text) => {
  expect(manyText(count, 'bad unit')).toBe(text)
})

test.each([
  [0.04, '0.0 : 1'],
  [1, '1.0 : 1'],
  [9.94, '9.9 : 1'],
  [11, '11 : 1'],
  [19.99, '19 : 1'],
  [20.5, '20 : 1'],
  [999_999.5, '999,999 : 1'],
  [1e6, 'more than a million : 1'],
  [1e300, 'more than a million : 1']
])('odds of %d are told as %s', (odds, text) => {
  expect(oddsText(Math.log(odds))).toBe(text)
})

test('odds beyond all numbers are told too', () => {
  expect(oddsText(1e6)).toBe('more than a million : 1')
  expect(oddsText(-1e6)).toBe('0.0 : 1')
})

test.each<[number, number, Threshold, string]>([
  [3, 4, { operator: '>=', percent: 97 }, '75%'],
  [57, 58, { operator: '>=', percent: 97 }, '98.3%'],
  [19_399, 20_000, { operator: '>=', percent: 97 }, '96.995%'],
  [97, 100, { operator: '>=', percent: 97 }, '97%'],
  [9_699_999_999, 10_000_000_000, { operator: '>=', percent: 97 }, '97.000000%'],
  [1, 3_000_000, { operator: '<', percent: 0 }, '0.00003%']
])('a share of %d of %d beside a bound of %j is told as %s', (hits, total, bound, text) => {
  expect(shareText(hits, total, bound)).toBe(text)
})

test('a number that five decimals leave at its bound is told in full', () => {
  expect(numberText(5000.00002, 5000)).toBe('5,000.00002')
  expect(numberText(5000.0000012, 5000)).toBe('5,000.0000012')
})
