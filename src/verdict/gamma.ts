/** Below this the series is not accurate enough; the argument is shifted up first. */
const SERIES_FROM = 16
const HALF_LN_TWO_PI = 0.5 * Math.log(2 * Math.PI)

/** B(2j) / (2j(2j−1)) for j = 1…8, B the Bernoulli numbers. */
const STIRLING = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400
] as const

/**
 * ln Γ(x) for x > 0: Stirling's series (NIST DLMF 5.11.1, Abramowitz & Stegun 6.1.41) after the
 * recurrence Γ(x+1) = xΓ(x) (DLMF 5.5.1) has brought x to 16 or more, where eight terms err by
 * less than 1e-19.
 */
export function lnGamma(x: number): number {
  let product = 1
  let shifted = x
  while (shifted < SERIES_FROM) {
    product *= shifted
    shifted += 1
  }
  return stirling(shifted) - Math.log(product)
}

/** ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a+b) for a, b > 0 (DLMF 5.12.1). */
export function lnBeta(a: number, b: number): number {
  return lnGamma(a) + lnGamma(b) - lnGamma(a + b)
}

function stirling(x: number): number {
  const inverseSquare = 1 / (x * x)
  const series = STIRLING.reduceRight((sum, term) => sum * inverseSquare + term, 0)
  return (x - 0.5) * Math.log(x) - x + HALF_LN_TWO_PI + series / x
}
