import { describe, expect, test } from '@jest/globals'
import { judgeValue, type ValueBound, type ValueLook } from '../../src/verdict/value.ts'
import { areApart } from '../../src/verdict/value-look.ts'

const look: ValueLook = {
  rule: {
    pass: { operator: '<=', value: 5000 },
    red: { operator: '>', value: 20_000 },
    minSamples: 20
  },
  buckets: [],
  whole: { value: 1840, samples: 3000 },
  nowBucket: 47
}

const sustained = {
  run: 3,
  of: [4, 12],
  bucketMinutes: 60,
  healMinutes: 360,
  healed: 'red'
} as const

describe('a rule that makes no sense is named', () => {
  test.each<[string, Partial<ValueLook['rule']>]>([
    ['<= NaN is no bound', { pass: { operator: '<=', value: Number.NaN } }],
    ['> Infinity is no bound', { red: { operator: '>', value: Number.POSITIVE_INFINITY } }],
    ['<= NaN is no bound', { warn: { operator: '<=', value: Number.NaN } }],
    ['red > 4999 does not lie beyond pass <= 5000', { red: { operator: '>', value: 4999 } }],
    ['the least number of samples is 0', { minSamples: 0 }],
    ['the least number of samples is 0.5', { minSamples: 0.5 }],
    [
      'its rule for sustained trouble cannot be kept',
      { sustained: { ...sustained, healMinutes: 0 } }
    ]
  ])('%s', (words, wrong) => {
    expect(judgeValue({ ...look, rule: { ...look.rule, ...wrong } })).toEqual({
      kind: 'value',
      verdict: 'error',
      code: 'bad-rule',
      message: `the criterion makes no sense: ${words}`,
      value: null,
      samples: 0,
      buckets: 0,
      bucketsBeyondRed: 0
    })
  })

  test('and one that does is kept, from a single sample on', () => {
    const rule = { ...look.rule, minSamples: 1, sustained }
    expect(judgeValue({ ...look, rule, whole: { value: 1, samples: 1 } }).verdict).toBe('pass')
  })
})

describe('numbers that make no sense are named', () => {
  test.each<[string, Partial<ValueLook>]>([
    ['the look is in bucket 0.5', { nowBucket: 0.5 }],
    ['bucket -1 has 7 from 20 samples', { buckets: [{ bucket: -1, value: 7, samples: 20 }] }],
    [
      'bucket 1 has Infinity from 20 samples',
      { buckets: [{ bucket: 1, value: Number.POSITIVE_INFINITY, samples: 20 }] }
    ],
    ['bucket 1 has 7 from 0.5 samples', { buckets: [{ bucket: 1, value: 7, samples: 0.5 }] }],
    [
      'bucket 48 lies after the bucket of the look, 47',
      { buckets: [{ bucket: 48, value: 7, samples: 20 }] }
    ],
    ['the whole phase has NaN from 30 samples', { whole: { value: Number.NaN, samples: 30 } }],
    [
      'bucket 3 has 3001 samples and the whole phase 3000',
      { buckets: [{ bucket: 3, value: 7, samples: 3001 }] }
    ]
  ])('%s', (words, wrong) => {
    expect(judgeValue({ ...look, ...wrong })).toMatchObject({
      verdict: 'error',
      code: 'bad-counts',
      message: `the numbers make no sense: ${words}`
    })
  })

  test('and a bucket may be the one of the look, and hold every sample of the phase', () => {
    const buckets = [{ bucket: 47, value: 1840, samples: 3000 }]
    expect(judgeValue({ ...look, buckets })).toMatchObject({ verdict: 'pass', buckets: 1 })
  })
})

test.each<[ValueBound, ValueBound, boolean]>([
  [at('<=', 5), at('>', 5), true],
  [at('<', 5), at('>=', 5), true],
  [at('<', 5), at('>', 5), true],
  [at('<=', 5), at('>=', 5), false],
  [at('<=', 5), at('>=', 6), true],
  [at('<=', 5), at('>', 4), false],
  [at('<', 5), at('>', 4), false],
  [at('>=', 5), at('<', 5), true],
  [at('>', 5), at('<', 6), false],
  [at('>=', 5), at('>', 9), false],
  [at('>=', 5), at('>=', 9), false],
  [at('<=', 5), at('<', 1), false],
  [at('<', 5), at('<=', 9), false]
])('pass %j and red %j share no number: %p', (pass, red, apart) => {
  expect(areApart(pass, red)).toBe(apart)
})

test.each<[ValueBound, number, string]>([
  [at('<', 5000), 5000, 'warn'],
  [at('<', 5000), 4999, 'pass'],
  [at('<=', 5000), 5000, 'pass']
])('a pass bound of %j is kept by %d or not: %s', (pass, value, verdict) => {
  const rule = { ...look.rule, pass }
  expect(judgeValue({ ...look, rule, whole: { value, samples: 20 } }).verdict).toBe(verdict)
})

test.each<[ValueBound, number, string]>([
  [at('>', 50), 50, 'warn'],
  [at('>', 50), 51, 'pass'],
  [at('>=', 50), 50, 'pass'],
  [at('>=', 50), 10, 'warn'],
  [at('>=', 50), 9, 'red']
])('a floor of %j under a number of %d is judged: %s', (pass, value, verdict) => {
  const rule = { pass, red: at('<', 10), minSamples: 1 }
  expect(judgeValue({ ...look, rule, whole: { value, samples: 20 } }).verdict).toBe(verdict)
})

function at(operator: ValueBound['operator'], value: number): ValueBound {
  return { operator, value }
}
