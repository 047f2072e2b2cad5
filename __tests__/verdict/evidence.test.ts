import { expect, test } from '@jest/globals'
import { brokenOdds, logRatio, type Odds, steadyOdds } from '../../src/verdict/evidence.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { look, manualReview, rows, successRate, vectors } from './reference.ts'

test.each(rows.map(row => [row.k, row.n, row] as const))(
  'L1 and G for %d good of %d are the reference',
  (k, n, row) => {
    const { logG } = judgeProportion(look([[k, n]]))
    const logL1 = logRatio(steadyOdds(0.03, 0.1), { good: k, all: n })
    expect(Math.abs(logL1 - row.log_lr_red)).toBeLessThan(1e-9)
    expect(Math.abs(logG + row.log_lr_red)).toBeLessThan(1e-9)
    expect(Math.abs(Math.exp(logG) / row.lr_green - 1)).toBeLessThan(1e-9)
    expect(Math.abs(Math.exp(logL1) / row.lr_red - 1)).toBeLessThan(1e-9)
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

test('under the pass bound itself L1 expects 1, and less than 1 under anything better', () => {
  const odds = steadyOdds(0.03, 0.1)
  for (const n of [1, 2, 7, 30]) {
    expect(Math.abs(expectation(odds, n, 0.03) - 1)).toBeLessThan(1e-12)
    expect(expectation(odds, n, 0.029)).toBeLessThan(1)
    expect(expectation(odds, n, 0)).toBeLessThan(1)
    expect(expectation(odds, n, 0.031)).toBeGreaterThan(1)
  }
})

test('L2 never expects more than 1 from a healthy service, whatever the bounds are', () => {
  for (const [f0, f1] of [
    [0.03, 0.1],
    [0.01, 0.05],
    [0.06, 0.07],
    [0.4, 0.45],
    [0.6, 0.8]
  ] as const) {
    for (const bad of [0, f0 / 2, f0]) {
      expect(expectation(brokenOdds(f0, f1), 12, bad)).toBeLessThanOrEqual(1 + 1e-12)
    }
  }
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
