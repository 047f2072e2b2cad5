import { expect, test } from '@jest/globals'
import { judgeProportion, type ProportionLook } from '../../src/verdict/proportion.ts'
import { look } from './reference.ts'

type Hours = readonly (readonly [number, number])[]

/** 400 good units of 400. */
const healthy: Hours = Array.from({ length: 40 }, () => [10, 10] as const)

function judged(hours: Hours, changes: Partial<ProportionLook> = {}): string {
  const { verdict, code } = judgeProportion({ ...look(hours), ...changes })
  return verdict === 'pass' ? verdict : code
}

test('one failure alone in its hour is no trend, two are worth a warning', () => {
  expect(judged([...healthy, [0, 1]])).toBe('pass')
  expect(judged([...healthy, [0, 2]])).toBe('red_unproven')
})

test('a tail at the red bound is not beyond it', () => {
  expect(judged([...healthy, [9, 10]])).toBe('pass')
  expect(judged([...healthy, [17, 19]])).toBe('red_unproven')
})

test('the long tail is six hours, the latest included', () => {
  const [failed, empty] = [
    [0, 1],
    [0, 0]
  ] as const
  expect(judged([...healthy, failed, failed, empty, empty, empty, empty])).toBe('red_unproven')
  expect(judged([...healthy, failed, failed, empty, empty, empty, empty, empty])).toBe('pass')
})

test('thirty units since the checkpoint are judged on their own, and fewer are not', () => {
  const since = { checkpointHour: 40 }
  expect(judged([...healthy, [29, 30]], since)).toBe('tail_short')
  expect(judged([...healthy, [28, 29]], since)).toBe('pass')
  expect(judged([...healthy, [33, 34]], since)).toBe('pass')
  expect(judged([...healthy, [29, 30]])).toBe('pass')
  expect(judged([...healthy, [29, 30]], { checkpointHour: 41 })).toBe('pass')
})
