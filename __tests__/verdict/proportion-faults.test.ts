import { describe, expect, test } from '@jest/globals'
import {
  type HourCount,
  judgeProportion,
  type ProportionLook,
  type ProportionRule
} from '../../src/verdict/proportion.ts'
import { look, manualReview, successRate } from './reference.ts'

const MOST = Number.MAX_SAFE_INTEGER

describe('a rule that makes no sense is named', () => {
  test.each<[string, Partial<ProportionRule>]>([
    ['>= -1% is not between 0% and 100%', { pass: { operator: '>=', percent: -1 } }],
    ['< 100.5% is not between 0% and 100%', { red: { operator: '<', percent: 100.5 } }],
    ['>= NaN% is not between 0% and 100%', { warn: { operator: '>=', percent: Number.NaN } }],
    ['the strict minimum is 0.5 units', { strictMinN: 0.5 }],
    ['the phase can last 0 hours', { horizonHours: 0 }],
    ['the phase can last -1 hours', { horizonHours: -1 }],
    ['the phase can last 100001 hours', { horizonHours: 100_001 }],
    ['red > 90% does not lie beyond pass >= 97%', { red: { operator: '>', percent: 90 } }],
    ['red < 97% does not lie beyond pass >= 97%', { red: { operator: '<', percent: 97 } }],
    ['red > 5% does not lie beyond pass < 5%', { ...manualReview, pass: below(5) }],
    ['red < 5% does not lie beyond pass < 1%', { ...manualReview, red: below(5) }]
  ])('%s', (words, wrong) => {
    const finding = judgeProportion(look([[100, 100]], { ...successRate, ...wrong }))
    expect(finding).toMatchObject({
      code: 'bad-rule',
      message: `the criterion makes no sense: ${words}`
    })
  })

  test('before counts that make none either', () => {
    const finding = judgeProportion(look([[2, 1]], { ...successRate, strictMinN: -1 }))
    expect(finding.code).toBe('bad-rule')
  })
})

describe('counts that make no sense are named', () => {
  test.each<[string, Partial<ProportionLook>]>([
    ['the look is in hour 0.5', { nowHour: 0.5 }],
    ['the last checkpoint was in hour -3', { checkpointHour: -3 }],
    ['hour 0.5 has 1 of 1', { counts: [hour(0.5, 1, 1)] }],
    ['hour 0 has -1 of 1', { counts: [hour(0, -1, 1)] }],
    ['hour 0 has 0 of 0.5', { counts: [hour(0, 0, 0.5)] }],
    ['hour 1 has 2 of 1', { counts: [hour(0, 1, 1), hour(1, 2, 1)] }],
    ['hour 3 lies after the hour of the look, 2', { counts: [hour(3, 1, 1)] }],
    [
      `${MOST + 1} units are more than can be counted exactly`,
      { counts: [hour(0, 0, MOST), hour(1, 0, 1)] }
    ]
  ])('%s', (words, wrong) => {
    expect(judgeProportion({ ...look([]), nowHour: 2, ...wrong })).toEqual({
      kind: 'proportion',
      verdict: 'error',
      code: 'bad-counts',
      message: `the counts make no sense: ${words}`,
      good: 0,
      all: 0,
      rate: null,
      hits: 0,
      logE: 0,
      logG: 0,
      segment: { component: 'L1', start: 0, good: 0, all: 0 },
      sequence: [0, 1]
    })
  })
})

test.each<[string, ProportionLook]>([
  ['the longest phase', look([[1, 1]], { ...successRate, horizonHours: 100_000 })],
  ['bounds of 0% and 100%', look([[1, 1]], { ...successRate, pass: atLeast(100), red: below(0) })],
  ['units in the hour of the look', { ...look([]), counts: [hour(2, 1, 1)], nowHour: 2 }],
  ['a checkpoint at the start', { ...look([[1, 1]]), checkpointHour: 0 }],
  ['as many units as can be counted', { ...look([]), counts: [hour(0, MOST, MOST)] }],
  ['no strict minimum', look([[1, 1]], { ...successRate, strictMinN: 0 })]
])('%s can be judged', (_, possible) => {
  expect(judgeProportion(possible).verdict).not.toBe('error')
})

function hour(index: number, hits: number, total: number): HourCount {
  return { hour: index, hits, total }
}

function below(percent: number): ProportionRule['pass'] {
  return { operator: '<', percent }
}

function atLeast(percent: number): ProportionRule['pass'] {
  return { operator: '>=', percent }
}
