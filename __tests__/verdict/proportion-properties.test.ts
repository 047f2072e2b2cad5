import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type HourCount, judgeProportion } from '../../src/verdict/proportion.ts'
import { successRate } from './reference.ts'

const LAST_HOUR = 47

const hourCount: fc.Arbitrary<HourCount> = fc
  .tuple(fc.nat(LAST_HOUR), fc.nat(30), fc.nat(6))
  .map(([hour, good, bad]) => ({ hour, hits: good, total: good + bad }))

const phase = fc.array(hourCount, { minLength: 1, maxLength: 30 })

test('one more good unit instead of a bad one never adds evidence of trouble', () => {
  fc.assert(
    fc.property(phase, fc.nat(), (counts, pick) => {
      const chosen = pick % counts.length
      const better = counts.map((count, index) =>
        index === chosen ? { ...count, hits: Math.min(count.hits + 1, count.total) } : count
      )
      const [before, after] = [judge(counts), judge(better)]
      expect(after.logE).toBeLessThanOrEqual(before.logE + 1e-12)
      expect(after.logG).toBeGreaterThanOrEqual(before.logG)
    })
  )
})

test('splitting a bucket between two hours leaves L1 as it is', () => {
  fc.assert(
    fc.property(phase, fc.nat(LAST_HOUR), (counts, elsewhere) => {
      const split = counts.flatMap(({ hour, hits, total }) => [
        { hour, hits: Math.floor(hits / 2), total: Math.floor(hits / 2) },
        { hour: elsewhere, hits: Math.ceil(hits / 2), total: total - Math.floor(hits / 2) }
      ])
      expect(judge(split).logG).toBe(judge(counts).logG)
    })
  )
})

test('the order of the buckets and whether duplicates are summed do not matter', () => {
  fc.assert(
    fc.property(phase, counts => {
      const doubled = counts.flatMap(({ hour, hits, total }) => [
        { hour, hits, total: hits },
        { hour, hits: 0, total: total - hits }
      ])
      expect(judge(counts.toReversed())).toEqual(judge(counts))
      expect(judge(doubled)).toEqual(judge(counts))
    })
  )
})

test('a million units give finite evidence at every share', () => {
  for (const hits of [0, 1, 500_000, 900_000, 970_000, 999_999, 1_000_000]) {
    const finding = judge([{ hour: 3, hits, total: 1_000_000 }])
    const { logE, logG, sequence } = finding
    expect([logE, logG, ...sequence].every(Number.isFinite)).toBe(true)
    expect(finding.verdict).toBe(hits < 900_000 ? 'red' : hits < 970_000 ? 'warn' : 'pass')
  }
})

test('fewer than 40 good units never pass at 97/90', () => {
  const small = fc.array(hourCount, { maxLength: 4 })
  fc.assert(
    fc.property(small, counts => {
      const finding = judge(counts)
      expect(finding.verdict === 'pass' && finding.good < 40).toBe(false)
    }),
    { numRuns: 1000 }
  )
})

test('numbers of any kind are judged without throwing, and never pass unless they are counts', () => {
  const anything = fc.oneof(fc.double(), fc.integer(), fc.nat(100))
  const wild = fc.array(
    fc.record({ hour: fc.oneof(fc.nat(3), anything), hits: anything, total: anything })
  )
  fc.assert(
    fc.property(wild, anything, anything, (counts, nowHour, strictMinN) => {
      const rule = { ...successRate, strictMinN }
      const finding = judgeProportion({ rule, counts, nowHour })
      const numbers = counts.flatMap(({ hour, hits, total }) => [hour, hits, total])
      const isSound = [...numbers, nowHour, strictMinN].every(
        value => Number.isSafeInteger(value) && value >= 0
      )
      expect(finding.verdict === 'error' || isSound).toBe(true)
    })
  )
})

function judge(counts: readonly HourCount[]): ReturnType<typeof judgeProportion> {
  return judgeProportion({ rule: successRate, counts, nowHour: LAST_HOUR })
}
