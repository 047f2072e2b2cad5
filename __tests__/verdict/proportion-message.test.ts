import { expect, test } from '@jest/globals'
import { judgeProportion, type ProportionRule } from '../../src/verdict/proportion.ts'
import { look, manualReview, successRate } from './reference.ts'

type Hours = readonly (readonly [number, number])[]

const day: Hours = Array.from({ length: 24 }, () => [10, 10] as const)

/** Red only when not one unit is good. */
const lenient: ProportionRule = {
  ...successRate,
  pass: { operator: '>=', percent: 50 },
  red: { operator: '<=', percent: 0 },
  horizonHours: 1
}

function message(hours: Hours, rule = successRate): string {
  return judgeProportion(look(hours, rule)).message
}

test('a bad evening whose hours are too small to tell is told as six hours', () => {
  const evening: Hours = [
    [1, 1],
    [0, 1],
    [1, 1],
    [1, 1],
    [0, 0],
    [1, 1]
  ]
  expect(message([...day, ...evening])).toBe(
    'in the latest 6 hours: 4 good of 5 (80%), beyond the red bound < 90% but possibly by chance; 5 more bad units in a row would roll back'
  )
})

test('a bound that can be met no more asks for no further units', () => {
  const rule: ProportionRule = { ...successRate, pass: { operator: '>=', percent: 100 } }
  expect(message([[199, 200]], rule)).toBe('199 good of 200 (99.5%) does not meet >= 100%')
})

test('where no run of failures would roll back, none is threatened', () => {
  expect(message([...day, [0, 2]], lenient)).toBe(
    'in the latest hour: 0 good of 2 (0%), beyond the red bound <= 0% but possibly by chance'
  )
})

test('under a ceiling the bad units are told, whatever the verdict', () => {
  expect(message([[3, 10]], manualReview)).toBe(
    'in the whole phase: 7 good of 10; odds 56 : 1 against a healthy service'
  )
  expect(message([[1, 10]], manualReview)).toBe(
    '1 bad of 10 (10%), beyond the red bound > 5% but possibly by chance; 2 more bad units in a row would roll back'
  )
  expect(message([[0, 72]], manualReview)).toBe(
    '0 bad of 72 (0%) is within < 1% but too little to tell; needs at least 1 more good unit to pass'
  )
  expect(message([[0, 73]], manualReview)).toBe('0 bad of 73 (0%); odds 20 : 1 for < 1% over > 5%')
})
