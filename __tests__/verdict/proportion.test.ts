import { expect, test } from '@jest/globals'
import {
  type HourCount,
  judgeProportion,
  type ProportionLook,
  type ProportionRule
} from '../../src/verdict/proportion.ts'
import { look, manualReview, successRate } from './reference.ts'

type Hours = readonly (readonly [number, number])[]

const healthyDays = hoursOf(40, [10, 10])

test.each<[string, string, string, Hours]>([
  ['red', 'red_evidence', 'three failures in the first hour', [[0, 3]]],
  ['red', 'red_evidence', '60 % after 40 healthy hours', [...healthyDays, [6, 10], [6, 10]]],
  ['warn', 'red_unproven', 'two failures in the first hour', [[0, 2]]],
  ['warn', 'red_unproven', 'one failure of one', [[0, 1]]],
  ['warn', 'red_unproven', 'a healthy phase with a bad last hour', [...healthyDays, [1, 2]]],
  ['warn', 'red_unproven', 'bad last six hours, each too small to tell', badEvening()],
  ['warn', 'short_of_pass', 'between the bounds', [[95, 100]]],
  ['pass', 'proven', 'plenty of good units', [[1950, 2000 - 20]]],
  ['pass', 'adequate', 'just enough good units', [[40, 40]]],
  ['insufficient', 'thin', 'one unit too few', [[39, 39]]],
  ['insufficient', 'no-data', 'no units', [[0, 0]]]
])('%s %s: %s', (verdict, code, _, hours) => {
  expect(judgeProportion(look(hours))).toMatchObject({ kind: 'proportion', verdict, code })
})

test.each([
  [40, 40],
  [57, 58],
  [73, 75],
  [97, 100]
])('%d good of %d pass, and with one good unit less they do not', (good, all) => {
  expect(judgeProportion(look([[good, all]])).verdict).toBe('pass')
  expect(judgeProportion(look([[good - 1, all - 1]])).verdict).not.toBe('pass')
})

test('red never fires on fewer than three failures at the start of a phase', () => {
  for (let good = 0; good <= 20; good += 1) {
    for (const bad of [0, 1, 2]) {
      expect(judgeProportion(look([[good, good + bad]])).verdict).not.toBe('red')
    }
  }
  expect(judgeProportion(look([[0, 3]])).verdict).toBe('red')
})

test('beyond red on enough units is red by the written rule, without strong evidence', () => {
  const rule = { ...successRate, strictMinN: 20 }
  expect(judgeProportion(look([[17, 20]], rule))).toMatchObject({
    verdict: 'red',
    code: 'red_strict'
  })
  expect(judgeProportion(look([[16, 19]], rule)).code).toBe('red_unproven')
})

test('a strict minimum of 1 restores the bare percentage', () => {
  const rule = { ...successRate, strictMinN: 1 }
  expect(judgeProportion(look([[8, 9]], rule))).toMatchObject({
    verdict: 'red',
    code: 'red_strict'
  })
  expect(judgeProportion(look([[9, 10]], rule)).verdict).toBe('warn')
})

test('the units since the last checkpoint must be within the pass bound on their own', () => {
  const tail = tailShort()
  expect(judgeProportion(tail)).toMatchObject({ verdict: 'warn', code: 'tail_short' })
  expect(judgeProportion({ ...tail, checkpointHour: 49 }).verdict).toBe('pass')
  expect(judgeProportion({ ...tail, checkpointHour: 51 }).verdict).toBe('pass')
  const { checkpointHour: _, ...unchecked } = tail
  expect(judgeProportion(unchecked).verdict).toBe('pass')
})

test('hits of a ceiling are bad units and its bounds keep their strictness', () => {
  expect(judgeProportion(look([[3, 10]], manualReview))).toMatchObject({
    code: 'red_evidence',
    good: 7,
    hits: 3,
    rate: 0.7
  })
  expect(judgeProportion(look([[1, 100]], manualReview)).code).toBe('short_of_pass')
  expect(judgeProportion(look([[1, 101]], manualReview)).code).toBe('thin')
  expect(judgeProportion(look([[1, 113]], manualReview)).verdict).toBe('pass')
  expect(judgeProportion(look([[5, 100]], manualReview)).code).toBe('short_of_pass')
  expect(judgeProportion(look([[6, 100]], manualReview)).verdict).toBe('red')
})

test.each<[string, readonly HourCount[]]>([
  ['NaN hits', [{ hour: 0, hits: Number.NaN, total: 100 }]],
  ['NaN units', [{ hour: 0, hits: 100, total: Number.NaN }]],
  ['negative hits', [{ hour: 0, hits: -1, total: 100 }]],
  ['negative units', [{ hour: 0, hits: 0, total: -1 }]],
  ['more hits than units', [{ hour: 0, hits: 101, total: 100 }]],
  ['half a unit', [{ hour: 0, hits: 99.5, total: 100 }]],
  ['infinitely many', [{ hour: 0, hits: 100, total: Number.POSITIVE_INFINITY }]],
  ['a NaN hour', [{ hour: Number.NaN, hits: 100, total: 100 }]],
  ['an hour before the phase', [{ hour: -1, hits: 100, total: 100 }]],
  ['an hour after the look', [{ hour: 2, hits: 100, total: 100 }]],
  ['half an hour', [{ hour: 0.5, hits: 100, total: 100 }]],
  ['more than can be counted', Array(2).fill({ hour: 0, hits: 2 ** 53 - 1, total: 2 ** 53 - 1 })]
])('%s is an error and never a pass', (_, counts) => {
  const healthy = { hour: 0, hits: 100, total: 100 }
  const finding = judgeProportion({ ...look([]), counts: [healthy, ...counts], nowHour: 1 })
  expect(finding).toMatchObject({
    verdict: 'error',
    code: 'bad-counts',
    good: 0,
    all: 0,
    rate: null
  })
})

test.each<[string, Partial<ProportionLook>]>([
  ['a look in no hour', { nowHour: Number.NaN }],
  ['a look before the phase', { nowHour: -1 }],
  ['a checkpoint in no hour', { checkpointHour: Number.NaN }],
  ['a checkpoint before the phase', { checkpointHour: -3 }]
])('%s is an error', (_, wrong) => {
  const finding = judgeProportion({ ...look([[100, 100]]), ...wrong })
  expect(finding).toMatchObject({ verdict: 'error', code: 'bad-counts' })
})

test.each<[string, Partial<ProportionRule>]>([
  ['a NaN pass bound', { pass: { operator: '>=', percent: Number.NaN } }],
  ['a NaN warn bound', { warn: { operator: '>=', percent: Number.NaN } }],
  ['a red bound above 100%', { red: { operator: '<', percent: 101 } }],
  ['a red bound that is a floor', { red: { operator: '>', percent: 90 } }],
  ['a red bound at the pass bound', { red: { operator: '<', percent: 97 } }],
  ['a red bound better than the pass bound', { red: { operator: '<', percent: 98 } }],
  ['a strict minimum of NaN', { strictMinN: Number.NaN }],
  ['a horizon of NaN', { horizonHours: Number.NaN }],
  ['a horizon of no time', { horizonHours: 0 }],
  ['a horizon without end', { horizonHours: Number.POSITIVE_INFINITY }]
])('%s is an error in the rule', (_, wrong) => {
  const finding = judgeProportion(look([[100, 100]], { ...successRate, ...wrong }))
  expect(finding).toMatchObject({ verdict: 'error', code: 'bad-rule' })
})

test('a bound of 100 % is judged with finite evidence and refuted by one failure', () => {
  const rule = { ...successRate, pass: { operator: '>=', percent: 100 } } as const
  expect(judgeProportion(look([[200, 200]], rule)).verdict).toBe('pass')
  const broken = judgeProportion(look([[199, 200]], rule))
  expect(broken).toMatchObject({ verdict: 'warn', code: 'short_of_pass' })
  expect(broken.needs).toBeUndefined()
  expect(Number.isFinite(broken.logE) && Number.isFinite(broken.logG)).toBe(true)
})

test('part of an hour counts as a whole one in the horizon', () => {
  const halfHour = judgeProportion(look([[0, 2]], { ...successRate, horizonHours: 0.5 }))
  const oneHour = judgeProportion(look([[0, 2]], { ...successRate, horizonHours: 1 }))
  expect(halfHour).toEqual(oneHour)
})

test('hours at or after the horizon count everywhere but begin no segment', () => {
  const rule = { ...successRate, horizonHours: 4 }
  const quick = hoursOf(3, [50, 50])
  const late = judgeProportion(look([...quick, [10, 10], [10, 10], [10, 10], [0, 3], [0, 3]], rule))
  const same = judgeProportion(look([...quick, [30, 36]], rule))
  expect(late.segment).toEqual({ component: 'L2', start: 3, good: 30, all: 36 })
  expect([late.logE, late.logG]).toEqual([same.logE, same.logG])
})

test('messages are plain sentences', () => {
  const message = (hours: Hours, rule = successRate): string =>
    judgeProportion(look(hours, rule)).message
  expect(message([...hoursOf(41, [10, 10]), [6, 10], [6, 10]])).toMatchInlineSnapshot(
    `"since hour 41: 12 good of 20; odds 85 : 1 against a healthy service"`
  )
  expect(message([[0, 3]])).toMatchInlineSnapshot(
    `"in the whole phase: 0 good of 3; odds 23 : 1 against a healthy service"`
  )
  expect(message([[440, 490]])).toMatchInlineSnapshot(
    `"in the whole phase: 440 good of 490; odds more than a million : 1 against a healthy service"`
  )
  expect(message([[17, 20]], { ...successRate, strictMinN: 20 })).toMatchInlineSnapshot(
    `"17 good of 20 (85%), beyond the red bound < 90%"`
  )
  expect(judgeProportion(tailShort()).message).toMatchInlineSnapshot(
    `"since the last checkpoint: 28 good of 30 (93.3%) does not meet >= 97%; needs at least 37 more good units to pass"`
  )
  expect(message([[0, 2]])).toMatchInlineSnapshot(
    `"0 good of 2 (0%), beyond the red bound < 90% but possibly by chance; 1 more bad unit in a row would roll back"`
  )
  expect(message([...healthyDays, [1, 2]])).toMatchInlineSnapshot(
    `"in the latest hour: 1 good of 2 (50%), beyond the red bound < 90% but possibly by chance; 5 more bad units in a row would roll back"`
  )
  expect(message([[9_699, 10_000]])).toMatchInlineSnapshot(
    `"9,699 good of 10,000 (96.99%) does not meet >= 97%; needs at least 34 more good units to pass"`
  )
  expect(message([[1, 100]], manualReview)).toMatchInlineSnapshot(
    `"1 bad of 100 (1%) does not meet < 1%; needs at least 13 more good units to pass"`
  )
  expect(message([[1950, 1980]])).toMatchInlineSnapshot(
    `"1,950 good of 1,980 (98.5%); >= 97% holds with 95% confidence at every look"`
  )
  expect(message([[57, 58]])).toMatchInlineSnapshot(
    `"57 good of 58 (98.3%); odds 21 : 1 for >= 97% over < 90%"`
  )
  expect(message([[20, 20]])).toMatchInlineSnapshot(
    `"20 good of 20 (100%) is within >= 97% but too little to tell; needs at least 20 more good units to pass"`
  )
  expect(message([])).toMatchInlineSnapshot(
    `"no units yet, and 0 of 0 proves nothing; needs at least 40 more good units to pass"`
  )
  expect(message([[5, 4]])).toMatchInlineSnapshot(`"the counts make no sense: hour 0 has 5 of 4"`)
})

function hoursOf(length: number, hour: readonly [number, number]): Hours {
  return Array.from({ length }, () => hour)
}

function badEvening(): Hours {
  return [...healthyDays, [1, 1], [0, 1], [1, 1], [1, 1], [0, 0], [1, 1]]
}

function tailShort(): ProportionLook {
  return { ...look([...healthyDays, ...hoursOf(10, [5, 5]), [18, 20]]), checkpointHour: 48 }
}
