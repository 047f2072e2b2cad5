import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { brokenOdds, logRatio, type Odds, steadyOdds } from '../../src/verdict/evidence.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { look, manualReview, rows, successRate, vectors } from './reference.ts'

test.each(rows.map(row => [row.k, row.n, row] as const))(
  'L1 and G for %d good of %d are the reference',
  (k, n, row) => {
    const { logG, good, all, rate } = judgeProportion(look([[k, n]]))
    const logL1 = logRatio(steadyOdds(0.03, 0.1), { good: k, all: n })
    expect(Math.abs(logL1 - row.log_lr_red)).toBeLessThan(1e-9)
    expect(Math.abs(logG + row.log_lr_red)).toBeLessThan(1e-9)
    expect(Math.abs(Math.exp(logG) / row.lr_green - 1)).toBeLessThan(1e-9)
    expect(Math.abs(Math.exp(logL1) / row.lr_red - 1)).toBeLessThan(1e-9)
    expect([good, all, rate]).toEqual([k, n, row.p_hat])
  }
)

test.each(vectors)('E, G and the dominating segment: %s', (_, vector) => {
  const goodHits = vector.p0 === 0.97
  const hours = vector.hours.map(([k, n]) => [goodHits ? k : n - k, n] as const)
  const rule = { ...(goodHits ? successRate : manualReview), horizonHours: vector.H }
  const finding = judgeProportion(look(hours, rule))
  const { component, start, k, n } = vector.dominating
  expect(Math.abs(finding.logE - vector.log_E)).toBeLessThan(1e-9)
  expect(Math.abs(finding.logG - vector.log_G)).toBeLessThan(1e-9)
  expect(finding.segment).toEqual({ component, start, good: k, all: n })
  expect([finding.good, finding.all]).toEqual([vector.k, vector.n])
  expect(finding.code === 'red_evidence').toBe(vector.red_by_evidence)
  expect(finding.code === 'red_strict').toBe(vector.red_by_strict)
})

/** Bad shares of a pass bound and of a red one beyond it, and how many units there are. */
const bounds = fc
  .tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 99 }), fc.nat(40))
  .map(([f0, apart, n]) => ({ f0: f0 / 1000, f1: (f0 + apart) / 1000, n: n + 1 }))

test('at the pass bound itself L1 expects exactly 1, whatever the bounds and the number of units', () => {
  fc.assert(
    fc.property(bounds, ({ f0, f1, n }) => {
      expect(expectation(steadyOdds(f0, f1), n, f0)).toBeCloseTo(1, 9)
    })
  )
})

test('above the pass bound L1 expects less than 1, and below it more', () => {
  fc.assert(
    fc.property(bounds, fc.double({ min: 0, max: 0.99, noNaN: true }), ({ f0, f1, n }, part) => {
      const odds = steadyOdds(f0, f1)
      expect(expectation(odds, n, f0 * part)).toBeLessThan(1)
      expect(expectation(odds, n, 1 - (1 - f0) * part)).toBeGreaterThan(1)
    })
  )
})

test('L2 never expects more than 1 from a service that keeps the pass bound, whatever the bounds', () => {
  fc.assert(
    fc.property(bounds, fc.double({ min: 0, max: 1, noNaN: true }), ({ f0, f1, n }, part) => {
      expect(expectation(brokenOdds(f0, f1), n, f0 * part)).toBeLessThanOrEqual(1 + 1e-9)
    })
  )
})

test('E starts at 1 and expects at most 1 after every hour of a healthy service', () => {
  const rule = { ...successRate, horizonHours: 4 }
  expect(judgeProportion(look([], rule)).logE).toBeCloseTo(0, 12)
  let expected = 0
  const sizes = [2, 0, 3, 2]
  const outcomes = sizes.reduce<readonly (readonly number[])[]>(
    (paths, n) => paths.flatMap(path => Array.from({ length: n + 1 }, (_, k) => [...path, k])),
    [[]]
  )
  for (const path of outcomes) {
    const hours = path.map((k, hour) => [k, sizes[hour] ?? 0] as const)
    const probability = hours.reduce((p, [k, n]) => p * binomial(n, k, 0.97), 1)
    expected += probability * Math.exp(judgeProportion(look(hours, rule)).logE)
  }
  expect(expected).toBeLessThanOrEqual(1)
  expect(expected).toBeGreaterThan(0.85)
})

function expectation(odds: Odds, n: number, bad: number): number {
  let sum = 0
  for (let good = 0; good <= n; good += 1) {
    sum += binomial(n, good, 1 - bad) * Math.exp(logRatio(odds, { good, all: n }))
  }
  return sum
}

function binomial(n: number, k: number, p: number): number {
  let ways = 1
  for (let index = 1; index <= k; index += 1) {
    ways = (ways * (n - k + index)) / index
  }
  return ways * p ** k * (1 - p) ** (n - k)
}
