import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { firstBurst } from '../../src/verdict/burst.ts'
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
const alive: ControlFinding = { alive: true, share: 1, expected: 1, withEvents: 1, message: 'on' }

test.each([
  ['three buckets in a row', [7, 8, 9], 9, 'red', 'sustained', 9],
  ['three in a row across the boundary of a look', [11, 12, 13], 14, 'red', 'sustained', 13],
  ['three in a row long before the look', [11, 12, 13, 60], 70, 'red', 'sustained', 13],
  ['four of the last twelve', [0, 4, 8, 11], 12, 'red', 'sustained', 11],
  ['four of the last thirteen', [0, 4, 8, 12], 12, 'warn', 'some_errors', undefined],
  ['three of twelve', [0, 5, 11], 12, 'warn', 'some_errors', undefined],
  ['two in a row, twice, far apart', [0, 1, 20, 21], 22, 'warn', 'some_errors', undefined],
  ['one error', [5], 500, 'warn', 'some_errors', undefined],
  ['six clean hours less one bucket', [7, 8, 9], 9 + 72, 'red', 'sustained', 9],
  ['six complete clean hours', [7, 8, 9], 9 + 73, 'red', 'healed', 9],
  ['an error within the six hours', [7, 8, 9, 40], 9 + 73, 'red', 'sustained', 9]
])('%s', (_, buckets, nowBucket, verdict, code, first) => {
  const finding = judgeSustained({ rule, counts: errorsIn(buckets), nowBucket, control: alive })
  expect(finding).toMatchObject({ kind: 'sustained', verdict, code, control: alive })
  expect(finding.firstSustainedBucket).toBe(first)
  expect([finding.bucketsWithErrors, finding.events]).toEqual([buckets.length, 2 * buckets.length])
})

test('a healed burst is a warning only where the criterion says so', () => {
  const look = {
    rule: { ...rule, healed: 'warn' },
    counts: errorsIn([1, 2, 3]),
    nowBucket: 100
  } as const
  expect(judgeSustained(look)).toMatchObject({ verdict: 'warn', code: 'healed' })
  expect(judgeSustained({ ...look, nowBucket: 50 })).toMatchObject({
    verdict: 'red',
    code: 'sustained'
  })
})

test('no errors pass only while the control is alive', () => {
  const silent = { rule, counts: [{ bucket: 3, events: 0 }], nowBucket: 100 }
  const dead = { ...alive, alive: false }
  expect(judgeSustained({ ...silent, control: alive })).toMatchObject({
    verdict: 'pass',
    code: 'none_seen'
  })
  expect(judgeSustained({ ...silent, control: dead })).toMatchObject({
    verdict: 'insufficient',
    code: 'control_dead'
  })
  expect(judgeSustained(silent)).toMatchObject({ verdict: 'insufficient', code: 'control_dead' })
})

test('order and duplicates of the buckets do not matter', () => {
  const counts = [...errorsIn([9, 7, 8]), ...errorsIn([7]), { bucket: 8, events: 0 }]
  const finding = judgeSustained({ rule, counts, nowBucket: 20 })
  expect(finding).toMatchObject({ code: 'sustained', bucketsWithErrors: 3, events: 8 })
})

test.each<[string, Partial<SustainedLook>, string]>([
  ['NaN events', { counts: [{ bucket: 0, events: Number.NaN }] }, 'bad-counts'],
  ['negative events', { counts: [{ bucket: 0, events: -1 }] }, 'bad-counts'],
  ['half a bucket', { counts: [{ bucket: 0.5, events: 0 }] }, 'bad-counts'],
  ['a bucket after the look', { counts: [{ bucket: 101, events: 0 }] }, 'bad-counts'],
  ['a look in no bucket', { nowBucket: Number.NaN }, 'bad-counts'],
  ['a run of NaN', { rule: { ...rule, run: Number.NaN } }, 'bad-rule'],
  ['a run of none', { rule: { ...rule, run: 0 } }, 'bad-rule'],
  ['13 of 12', { rule: { ...rule, of: [13, 12] } }, 'bad-rule'],
  ['buckets of no time', { rule: { ...rule, bucketMinutes: 0 } }, 'bad-rule'],
  ['healing in NaN minutes', { rule: { ...rule, healMinutes: Number.NaN } }, 'bad-rule']
])('%s is an error and never a pass', (_, wrong, code) => {
  const look: SustainedLook = { rule, counts: [], nowBucket: 100, control: alive, ...wrong }
  expect(judgeSustained(look)).toMatchObject({ verdict: 'error', code })
})

test('the first burst is where a bucket-by-bucket scan finds it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(80), { maxLength: 20 }), buckets => {
      const troubled = buckets.toSorted((left, right) => left - right)
      expect(firstBurst(rule, troubled)).toBe(scan(new Set(buckets)))
    }),
    { numRuns: 1000 }
  )
})

test('a burst once seen stays seen at every later look', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(80), { maxLength: 20 }), fc.nat(400), (buckets, later) => {
      const counts = errorsIn(buckets)
      const nowBucket = Math.max(...buckets, 0)
      const now = judgeSustained({ rule, counts, nowBucket, control: alive })
      const then = judgeSustained({ rule, counts, nowBucket: nowBucket + later, control: alive })
      expect(then.verdict).toBe(now.verdict)
      expect(then.firstSustainedBucket).toBe(now.firstSustainedBucket)
    })
  )
})

function errorsIn(buckets: readonly number[]): SustainedLook['counts'] {
  return buckets.map(bucket => ({ bucket, events: 2 }))
}

function scan(troubled: ReadonlySet<number>): number | undefined {
  const inLast = (bucket: number, length: number): number =>
    Array.from({ length }, (_, back) => bucket - back).filter(b => troubled.has(b)).length
  for (let bucket = 0; bucket <= 80; bucket += 1) {
    if (troubled.has(bucket) && (inLast(bucket, 3) === 3 || inLast(bucket, 12) >= 4)) {
      return bucket
    }
  }
  return undefined
}
