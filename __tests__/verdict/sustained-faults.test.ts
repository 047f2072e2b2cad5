import { describe, expect, test } from '@jest/globals'
import type { ControlFinding } from '../../src/verdict/control.ts'
import {
  judgeSustained,
  type SustainedLook,
  type SustainedRule
} from '../../src/verdict/sustained.ts'

const rule: SustainedRule = {
  run: 3,
  of: [4, 12],
  bucketMinutes: 5,
  healMinutes: 360,
  healed: 'red'
}
const control: ControlFinding = {
  alive: true,
  share: 1,
  expected: 1,
  withEvents: 1,
  message: 'the control is on'
}
const look: SustainedLook = { rule, counts: [], nowBucket: 100 }

function message(changes: Partial<SustainedLook>): string {
  return judgeSustained({ ...look, ...changes }).message
}

test.each<[string, Partial<SustainedRule>]>([
  ['no bucket in a row', { run: 0 }],
  ['half a bucket in a row', { run: 1.5 }],
  ['none of the last twelve', { of: [0, 12] }],
  ['half of a bucket', { of: [0.5, 12] }],
  ['four of the last 12.5', { of: [4, 12.5] }],
  ['thirteen of the last twelve', { of: [13, 12] }],
  ['buckets of no time', { bucketMinutes: 0 }],
  ['buckets without end', { bucketMinutes: Number.POSITIVE_INFINITY }],
  ['healing in no time', { healMinutes: 0 }],
  ['healing never', { healMinutes: Number.POSITIVE_INFINITY }]
])('a rule of %s is an error, and says so beside the control', (_, wrong) => {
  expect(judgeSustained({ ...look, rule: { ...rule, ...wrong }, control })).toEqual({
    kind: 'sustained',
    verdict: 'error',
    code: 'bad-rule',
    message: 'the rule for sustained errors makes no sense',
    bucketsWithErrors: 0,
    events: 0,
    control
  })
})

test.each<[string, Partial<SustainedRule>, readonly number[], string]>([
  ['one bucket in a row', { run: 1 }, [7], 'sustained'],
  ['one of the last one', { run: 9, of: [1, 1] }, [7], 'sustained'],
  ['two of the last two', { run: 9, of: [2, 2] }, [7, 8], 'sustained'],
  ['two of the last two', { run: 9, of: [2, 2] }, [7, 9], 'some_errors'],
  ['a run of two', { run: 2, of: [4, 12] }, [7, 9], 'some_errors']
])('a rule of %s can be kept', (_, narrow, buckets, code) => {
  const counts = buckets.map(bucket => ({ bucket, events: 1 }))
  const finding = judgeSustained({ rule: { ...rule, ...narrow }, counts, nowBucket: 9 })
  expect(finding.code).toBe(code)
})

describe('counts that make no sense are named', () => {
  test.each<[string, Partial<SustainedLook>]>([
    ['the look is in bucket 0.5', { nowBucket: 0.5 }],
    [
      'bucket 101 has 2 errors, the look is in bucket 100',
      { counts: [{ bucket: 101, events: 2 }] }
    ],
    ['bucket -1 has 2 errors, the look is in bucket 100', { counts: [{ bucket: -1, events: 2 }] }],
    ['bucket 0 has 0.5 errors, the look is in bucket 100', { counts: [{ bucket: 0, events: 0.5 }] }]
  ])('%s', (words, wrong) => {
    expect(message(wrong)).toBe(`the counts make no sense: ${words}`)
  })

  test('and an error in the bucket of the look is none of them', () => {
    const finding = judgeSustained({ ...look, counts: [{ bucket: 100, events: 1 }] })
    expect(finding.code).toBe('some_errors')
    expect('control' in finding).toBe(false)
  })
})

test('messages say how many errors there were, and what became of them', () => {
  const burst = [7, 8, 9].map(bucket => ({ bucket, events: 500 }))
  expect(message({ counts: [{ bucket: 7, events: 1 }] })).toBe(
    '1 error in 1 bucket of 5 min, not sustained'
  )
  expect(message({ counts: burst, nowBucket: 9 })).toBe(
    '1,500 errors in 3 buckets of 5 min, sustained at bucket 9 and not healed since'
  )
  expect(message({ counts: burst })).toBe(
    '1,500 errors in 3 buckets of 5 min, sustained at bucket 9, clean for the last 450 min'
  )
  expect(message({ control })).toBe('no error seen, and the control is on')
})

test('part of a minute is not told', () => {
  const seconds = { ...rule, bucketMinutes: 0.5, healMinutes: 1 }
  const burst = [7, 8, 9].map(bucket => ({ bucket, events: 1 }))
  expect(message({ rule: seconds, counts: burst, nowBucket: 15 })).toBe(
    '3 errors in 3 buckets of 0.5 min, sustained at bucket 9, clean for the last 2 min'
  )
})
