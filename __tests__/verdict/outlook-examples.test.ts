import { expect, test } from '@jest/globals'
import {
  judgeProportion,
  type ProportionLook,
  type ProportionRule
} from '../../src/verdict/proportion.ts'
import { codeAfter, isPass, isRed } from './further-units.ts'
import { look, manualReview, successRate } from './reference.ts'

type Hours = readonly (readonly [number, number])[]

const day = hoursOf(24, [10, 10])
const days = hoursOf(40, [10, 10])

/** A phase, how many further good units make it pass, and how many further bad ones red. */
const EXAMPLES: readonly [string, ProportionLook, number | undefined, number | undefined][] = [
  ['nothing yet', look([]), 40, 3],
  ['a healthy day', look(day), 0, 7],
  ['two healthy days', look(days), 0, 7],
  ['one failure at the start', look([[0, 1]]), 57, 2],
  ['a phase between its bounds', look([[95, 100]]), 67, 6],
  ['too few units beyond red', look([[8, 9]]), 49, 3],
  ['a ceiling', look([[1, 100]], manualReview), 13, 5],
  ['a break in the latest hour', look([...days, [7, 10]]), 20, 4],
  ['a break in the hour before', look([...days, [7, 10], [0, 0]]), 0, 4],
  ['a break that good units followed', look([...days, [4, 8], [30, 30]]), 0, 6],
  ['a bad start that good hours followed', look([[5, 8], ...hoursOf(20, [10, 10])]), 0, 7],
  ['two units in the latest hour', look([...day, [1, 2]]), 8, 5],
  ['a bad evening', look([...day, ...evening()]), 5, 5],
  ['a short tail', checkedAt(24, look([...day, [28, 30]])), 37, 7],
  ['a tail too small to be short', checkedAt(24, look([...day, [27, 29]])), 0, 7],
  ['a tail too small beside too few', checkedAt(7, look([[38, 38], ...grown()])), 0, 6],
  ['one unit below the strict minimum', look([[43, 48]]), 119, 1],
  ['a strict minimum of 1', look([[9, 10]], { ...successRate, strictMinN: 1 }), 48, 1],
  ['a strict minimum of 20', look([[18, 19]], { ...successRate, strictMinN: 20 }), 39, 2],
  ['a strict minimum of 1000', look([[180, 190]], { ...successRate, strictMinN: 1000 }), 144, 11],
  ['a phase longer than its horizon', look(hoursOf(7, [50, 50]), lasting(4)), 0, 39],
  ['a pass bound of 100 %', look([[199, 200]], passingAt(100)), undefined, 22],
  ['a pass bound of 100 % before the first unit', look([], passingAt(100)), 29, 1],
  ['a red bound of 0 %', look([...day, [0, 0]], zeroIsRed(48)), 0, 12],
  ['a red bound of 0 % after its horizon', look([...day, [0, 0]], zeroIsRed(1)), 0, undefined],
  ['a red bound of 0 % before the first unit', look([[0, 0]], zeroIsRed(1)), 1, 5]
]

test.each(EXAMPLES)('%s has an exact outlook', (_, start, needs, toRed) => {
  const finding = judgeProportion(start)
  expect([finding.needs, finding.toRed]).toEqual([needs, toRed])
  expect(firstOf(more => isPass(codeAfter(start, more, 0)))).toBe(needs)
  expect(firstOf(more => isRed(codeAfter(start, 0, more)))).toBe(toRed)
})

test.each([
  ['by evidence', look([[0, 3]])],
  ['by the written rule', look([[17, 20]], { ...successRate, strictMinN: 20 })]
])('a phase that is red %s needs no further unit to be red, and none makes it pass', (_, start) => {
  const finding = judgeProportion(start)
  expect(finding.needs).toBeUndefined()
  expect(finding.toRed).toBe(0)
})

function firstOf(holds: (more: number) => boolean): number | undefined {
  return Array.from({ length: 150 }, (_, more) => more).find(holds)
}

function hoursOf(length: number, hour: readonly [number, number]): Hours {
  return Array.from({ length }, () => hour)
}

/** Six hours with one or no unit in each. */
function evening(): Hours {
  return [
    [1, 1],
    [0, 1],
    [1, 1],
    [1, 1],
    [0, 0],
    [1, 1]
  ]
}

/** 19 of 20 after six empty hours. */
function grown(): Hours {
  return [...hoursOf(6, [0, 0]), [19, 20]]
}

function checkedAt(checkpointHour: number, start: ProportionLook): ProportionLook {
  return { ...start, checkpointHour }
}

function lasting(horizonHours: number): ProportionRule {
  return { ...successRate, horizonHours }
}

function passingAt(percent: number): ProportionRule {
  return { ...successRate, pass: { operator: '>=', percent } }
}

function zeroIsRed(horizonHours: number): ProportionRule {
  const pass = { operator: '>=', percent: 50 } as const
  return { ...lasting(horizonHours), pass, red: { operator: '<=', percent: 0 } }
}
