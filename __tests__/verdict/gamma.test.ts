import { expect, test } from '@jest/globals'
import { lnBeta, lnGamma } from '../../src/verdict/gamma.ts'

test('lnGamma is the logarithm of the factorial', () => {
  let sum = 0
  for (let n = 1; n <= 170; n += 1) {
    expect(Math.abs(lnGamma(n) - sum)).toBeLessThan(1e-14 * Math.max(1, sum))
    sum += Math.log(n)
  }
})

test.each([
  [0.5, 0.5723649429247001],
  [1.5, -0.12078223763524522],
  [100, 359.1342053695754],
  [1000.5, 5908.674175848679],
  [1e6, 12815504.56914766]
])('lnGamma(%d) is the published value', (x, value) => {
  expect(Math.abs(lnGamma(x) - value)).toBeLessThan(1e-14 * Math.max(1, value))
})

test.each([
  [1, 1, 0],
  [2, 3, -Math.log(12)],
  [41, 1, -Math.log(41)],
  [1, 1_000_000, -Math.log(1_000_000)]
])('lnBeta(%d, %d) is exact where the integral is', (a, b, value) => {
  expect(Math.abs(lnBeta(a, b) - value)).toBeLessThan(1e-8)
})

test('lnBeta keeps B(a, b+1) = B(a, b)·b/(a+b) up to a million', () => {
  for (const [a, b] of [
    [3, 5],
    [970, 30],
    [30_000, 970_000]
  ] as const) {
    const step = lnBeta(a, b + 1) - lnBeta(a, b)
    expect(Math.abs(step - Math.log(b / (a + b)))).toBeLessThan(1e-8)
  }
})
