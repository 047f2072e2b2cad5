import { lnBeta } from './gamma.ts'

/** Odds at which a rate leaves the sequence: 1/α for α = 5 %. */
const LN_LIMIT = Math.log(20)

/**
 * The 95 % confidence sequence for the good share: all p with B(1+k, 1+n−k) / (p^k (1−p)^(n−k)) < 20,
 * the beta-binomial mixture with a uniform prior (Robbins 1970; Howard et al. 2021), two-sided and
 * valid at every look. Shown, never deciding. [0, 1] when nothing was counted.
 */
export function confidenceSequence(good: number, all: number): readonly [number, number] {
  const bad = all - good
  const floor = lnBeta(1 + good, 1 + bad) - LN_LIMIT
  const holds = (p: number): boolean => logLikelihood(good, bad, p) > floor
  const rate = good / all
  const low = good === 0 ? 0 : boundary(rate, 0, holds)
  const high = bad === 0 ? 1 : boundary(rate, 1, holds)
  return [low, high]
}

/** For p between 0 and 1, both excluded. */
function logLikelihood(good: number, bad: number, p: number): number {
  return good * Math.log(p) + bad * Math.log1p(-p)
}

/** Bisects between a point that holds and one that does not, until no number lies between them. */
function boundary(inside: number, outside: number, holds: (p: number) => boolean): number {
  let [held, failed] = [inside, outside]
  for (;;) {
    const middle = (held + failed) / 2
    if (middle === held || middle === failed) {
      return held
    }
    if (holds(middle)) {
      held = middle
    } else {
      failed = middle
    }
  }
}
