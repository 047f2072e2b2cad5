import { expect, test } from '@jest/globals'
import { judgeProportion, type ProportionRule } from '../../src/verdict/proportion.ts'
import { look, successRate } from './reference.ts'

type Hours = readonly (readonly [number, number])[]

const healthy: Hours = Array.from({ length: 24 }, () => [10, 10] as const)

function segment(hours: Hours, rule: ProportionRule = successRate) {
  return judgeProportion(look(hours, rule)).segment
}

test('after healthy hours the loudest is the hour of the look, even without a unit in it', () => {
  expect(segment([...healthy, [0, 0]])).toEqual({ component: 'L2', start: 24, good: 0, all: 0 })
})

test('of hours that speak equally loudly it is the earliest', () => {
  const empty: Hours = [
    [0, 0],
    [0, 0]
  ]
  expect(segment([...healthy, ...empty, [0, 2]])).toEqual({
    component: 'L2',
    start: 24,
    good: 0,
    all: 2
  })
})

test('before the first unit it is the whole phase', () => {
  expect(segment([])).toEqual({ component: 'L1', start: 0, good: 0, all: 0 })
})

test('a phase that lasts one hour is weighed by its whole and that hour', () => {
  const rule = { ...successRate, horizonHours: 1 }
  const { logE, logG } = judgeProportion(look([[0, 2]], rule))
  const broken = (0.2 / 0.05) ** 2
  expect(Math.exp(logE)).toBeCloseTo(0.6 * Math.exp(-logG) + 0.4 * broken, 9)
})
