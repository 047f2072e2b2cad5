import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { SustainedRule } from '../../src/verdict/burst.ts'
import { judgeSustained } from '../../src/verdict/sustained.ts'
import {
  judgeValue,
  type Measure,
  type ValueBound,
  type ValueLook,
  type ValueRule
} from '../../src/verdict/value.ts'

const rule: ValueRule = {
  pass: { operator: '<=', value: 5000 },
  warn: { operator: '<=', value: 10_000 },
  red: { operator: '>', value: 20_000 },
  minSamples: 20
}

const sustained: SustainedRule = {
  run: 3,
  of: [4, 12],
  bucketMinutes: 60,
  healMinutes: 360,
  healed: 'red'
}

const LAST_BUCKET = 47

/** Buckets of 100 samples each beyond red, in a phase whose whole is fine. */
function bucketsAt(...beyond: readonly number[]): ValueLook['buckets'] {
  return beyond.map(bucket => ({ bucket, value: 25_000, samples: 100 }))
}

const fine: Measure = { value: 1840, samples: 3000 }

function look(changes: Partial<ValueLook> = {}): ValueLook {
  return { rule, buckets: [], nowBucket: LAST_BUCKET, whole: fine, ...changes }
}

describe('a value over the whole phase', () => {
  test.each<[string, string, string, Measure]>([
    ['well within', 'pass', 'within_pass', fine],
    ['at the pass bound', 'pass', 'within_pass', { value: 5000, samples: 20 }],
    ['short of pass', 'warn', 'short_of_pass', { value: 5000.01, samples: 20 }],
    ['beyond the warn bound', 'warn', 'short_of_pass', { value: 15_000, samples: 20 }],
    ['at the red bound', 'warn', 'short_of_pass', { value: 20_000, samples: 20 }],
    ['beyond red', 'red', 'beyond_red', { value: 20_001, samples: 20 }],
    [
      'beyond red with too few samples',
      'insufficient',
      'thin_short',
      { value: 99_999, samples: 19 }
    ],
    [
      'short of pass with too few samples',
      'insufficient',
      'thin_short',
      { value: 5001, samples: 19 }
    ],
    ['within pass with too few samples', 'insufficient', 'thin', { value: 1, samples: 19 }],
    ['made from nothing', 'insufficient', 'no-data', { value: 0, samples: 0 }]
  ])('%s is %s, %s', (_, verdict, code, whole) => {
    expect(judgeValue(look({ whole }))).toMatchObject({ kind: 'value', verdict, code })
  })

  test('that nobody measured is insufficient and has no number', () => {
    const { whole: _, ...nothing } = look()
    expect(judgeValue(nothing)).toMatchObject({
      verdict: 'insufficient',
      code: 'no-data',
      value: null,
      samples: 0,
      needs: 20
    })
  })

  test('needs as many more samples as are missing', () => {
    const finding = judgeValue(look({ whole: { value: 7, samples: 12 } }))
    expect(finding).toMatchObject({ code: 'thin', value: 7, samples: 12, needs: 8 })
    expect(judgeValue(look()).needs).toBeUndefined()
  })

  test('may have to be large: bounds look in either direction', () => {
    const throughput: ValueRule = {
      pass: { operator: '>=', value: 50 },
      red: { operator: '<', value: 50 },
      minSamples: 1
    }
    const verdictOf = (value: number): string =>
      judgeValue(look({ rule: throughput, whole: { value, samples: 1 } })).verdict
    expect([50, 49.9].map(verdictOf)).toEqual(['pass', 'red'])
  })
})

describe('a bucket beyond red', () => {
  test.each<[string, string, string, readonly number[], SustainedRule | undefined]>([
    ['alone', 'warn', 'bucket_beyond_red', [10], sustained],
    ['three of twelve', 'warn', 'bucket_beyond_red', [1, 6, 12], sustained],
    ['three in a row', 'red', 'sustained', [45, 46, 47], sustained],
    ['four of twelve', 'red', 'sustained', [36, 40, 44, 47], sustained],
    ['three in a row, six hours clean', 'red', 'healed', [38, 39, 40], sustained],
    [
      'three in a row, healed, forgiven',
      'warn',
      'healed',
      [38, 39, 40],
      { ...sustained, healed: 'warn' }
    ],
    [
      'three in a row, five hours clean',
      'red',
      'sustained',
      [39, 40, 41],
      { ...sustained, healed: 'warn' }
    ],
    ['three in a row without such a rule', 'warn', 'bucket_beyond_red', [1, 2, 3], undefined]
  ])('%s is %s, %s', (_, verdict, code, beyond, burst) => {
    const withRule = burst === undefined ? rule : { ...rule, sustained: burst }
    const finding = judgeValue(look({ rule: withRule, buckets: bucketsAt(...beyond) }))
    expect(finding).toMatchObject({ verdict, code, bucketsBeyondRed: beyond.length })
  })

  test('is the same burst as one of errors', () => {
    const beyond = fc.uniqueArray(fc.nat(LAST_BUCKET), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(beyond, fc.constantFrom('red' as const, 'warn' as const), (buckets, healed) => {
        const burst = { ...sustained, healed }
        const ofErrors = judgeSustained({
          rule: burst,
          counts: buckets.map(bucket => ({ bucket, events: 1 })),
          nowBucket: LAST_BUCKET
        })
        const ofValues = judgeValue(
          look({ rule: { ...rule, sustained: burst }, buckets: bucketsAt(...buckets) })
        )
        expect(ofValues.verdict).toBe(ofErrors.verdict)
        expect(ofValues.firstSustainedBucket).toBe(ofErrors.firstSustainedBucket)
      })
    )
  })

  test('of too few samples is ignored', () => {
    const few = bucketsAt(45, 46, 47).map(bucket => ({ ...bucket, samples: 19 }))
    expect(judgeValue(look({ rule: { ...rule, sustained }, buckets: few }))).toMatchObject({
      verdict: 'pass',
      buckets: 0,
      bucketsBeyondRed: 0
    })
  })

  test('counts once, however often it comes and whatever else it holds', () => {
    const good = { bucket: 3, value: 10, samples: 50 }
    const buckets = [...bucketsAt(3), good, ...bucketsAt(3), { ...good, bucket: 4 }]
    expect(judgeValue(look({ buckets }))).toMatchObject({ buckets: 2, bucketsBeyondRed: 1 })
  })

  test('is less than a whole phase beyond red', () => {
    const finding = judgeValue(look({ buckets: bucketsAt(3), whole: { value: 1e6, samples: 100 } }))
    expect(finding.code).toBe('beyond_red')
  })
})

describe('numbers that make no sense are an error and never a pass', () => {
  test.each<[string, Partial<ValueLook>]>([
    ['NaN', { whole: { value: Number.NaN, samples: 100 } }],
    ['infinity', { whole: { value: Number.POSITIVE_INFINITY, samples: 100 } }],
    ['a NaN of samples', { whole: { value: 1, samples: Number.NaN } }],
    ['half a sample', { whole: { value: 1, samples: 99.5 } }],
    ['less than no samples', { whole: { value: 1, samples: -1 } }],
    ['a bucket of NaN', { buckets: [{ bucket: 0, value: Number.NaN, samples: 20 }] }],
    ['a bucket of NaN samples', { buckets: [{ bucket: 0, value: 1, samples: Number.NaN }] }],
    ['a bucket before the phase', { buckets: [{ bucket: -1, value: 1, samples: 20 }] }],
    ['a bucket after the look', { buckets: [{ bucket: 48, value: 1, samples: 20 }] }],
    ['a look in no bucket', { nowBucket: Number.NaN }],
    [
      'more samples in a bucket than in the phase',
      { buckets: [{ bucket: 0, value: 1, samples: 3001 }] }
    ]
  ])('%s', (_, wrong) => {
    expect(judgeValue(look(wrong))).toMatchObject({
      verdict: 'error',
      code: 'bad-counts',
      value: null,
      samples: 0
    })
  })

  test('buckets without a number for the whole phase', () => {
    const { whole: _, ...buckets } = look({ buckets: bucketsAt(3) })
    expect(judgeValue(buckets)).toMatchObject({
      verdict: 'error',
      message: 'the numbers make no sense: bucket 3 has 100 samples and the whole phase 0'
    })
  })

  test.each<[string, Partial<ValueRule>]>([
    ['a NaN bound', { pass: { operator: '<=', value: Number.NaN } }],
    ['an infinite bound', { red: { operator: '>', value: Number.POSITIVE_INFINITY } }],
    ['a NaN warn bound', { warn: { operator: '<=', value: Number.NaN } }],
    ['bounds in one direction', { red: { operator: '<', value: 20_000 } }],
    ['red on the better side of pass', { red: { operator: '>', value: 4999 } }],
    ['bounds that share a number', { red: { operator: '>=', value: 5000 } }],
    ['no samples at least', { minSamples: 0 }],
    ['NaN samples at least', { minSamples: Number.NaN }],
    ['a burst that never is', { sustained: { ...sustained, of: [13, 12] } }]
  ])('%s is an error in the rule', (_, wrong) => {
    const finding = judgeValue(look({ rule: { ...rule, ...wrong } }))
    expect(finding).toMatchObject({ verdict: 'error', code: 'bad-rule' })
  })

  test('anything at all is judged without throwing, and passes only as a number within its bound', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.nat(60))
    const bound = fc.record({
      operator: fc.constantFrom<ValueBound['operator'][]>('>=', '>', '<=', '<'),
      value: anything
    })
    const wild: fc.Arbitrary<ValueLook> = fc.record(
      {
        rule: fc.record({ pass: bound, red: bound, minSamples: anything }),
        buckets: fc.array(fc.record({ bucket: anything, value: anything, samples: anything })),
        whole: fc.record({ value: anything, samples: anything }),
        nowBucket: anything
      },
      { requiredKeys: ['rule', 'buckets', 'nowBucket'] }
    )
    fc.assert(
      fc.property(wild, one => {
        const { verdict, value, samples } = judgeValue(one)
        if (verdict !== 'pass') return
        expect(Number.isFinite(value)).toBe(true)
        expect(samples).toBeGreaterThanOrEqual(one.rule.minSamples)
        expect(samples).toBeGreaterThan(0)
      }),
      { numRuns: 500 }
    )
  })
})

test('messages are plain sentences', () => {
  const message = (changes: Partial<ValueLook>): string => judgeValue(look(changes)).message
  const bursts = { ...rule, sustained }
  expect(message({})).toMatchInlineSnapshot(`"1,840 from 3,000 samples, within <= 5000"`)
  expect(message({ whole: { value: 0, samples: 0 } })).toMatchInlineSnapshot(
    `"no sample yet; needs 20 more samples"`
  )
  expect(message({ whole: { value: 1840, samples: 12 } })).toMatchInlineSnapshot(
    `"1,840 from 12 samples is too little to tell; needs 8 more samples"`
  )
  expect(
    message({ whole: { value: 7300, samples: 1 }, rule: { ...rule, minSamples: 1 } })
  ).toMatchInlineSnapshot(
    `"7,300 from 1 sample does not meet <= 5000, but is within the warn bound <= 10000"`
  )
  expect(message({ whole: { value: 15_000, samples: 300 } })).toMatchInlineSnapshot(
    `"15,000 from 300 samples does not meet <= 5000 and is beyond the warn bound <= 10000"`
  )
  expect(message({ whole: { value: 5000.0004, samples: 300 } })).toMatchInlineSnapshot(
    `"5,000.0004 from 300 samples does not meet <= 5000, but is within the warn bound <= 10000"`
  )
  expect(message({ whole: { value: 23_000, samples: 300 } })).toMatchInlineSnapshot(
    `"23,000 from 300 samples, beyond the red bound > 20000"`
  )
  expect(message({ buckets: bucketsAt(3) })).toMatchInlineSnapshot(
    `"1 of 1 bucket beyond the red bound > 20000; 1,840 from 3,000 samples in the whole phase"`
  )
  expect(message({ buckets: bucketsAt(3, 20), rule: bursts })).toMatchInlineSnapshot(
    `"2 of 2 buckets beyond the red bound > 20000, not sustained; 1,840 from 3,000 samples in the whole phase"`
  )
  expect(message({ buckets: bucketsAt(44, 45, 46), rule: bursts })).toMatchInlineSnapshot(
    `"3 of 3 buckets beyond the red bound > 20000, sustained at bucket 46 and not healed since"`
  )
  expect(message({ buckets: bucketsAt(3, 4, 5), rule: bursts })).toMatchInlineSnapshot(
    `"3 of 3 buckets beyond the red bound > 20000, sustained at bucket 5, clean for the last 2,460 min"`
  )
  expect(message({ rule: { ...rule, red: rule.pass } })).toMatchInlineSnapshot(
    `"the criterion makes no sense: red <= 5000 does not lie beyond pass <= 5000"`
  )
})
