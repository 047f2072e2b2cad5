/** k good units of n. */
export interface Tally {
  readonly good: number
  readonly all: number
}

/** What one good and one bad unit add to a log likelihood ratio of "trouble" against "fine". */
export interface Odds {
  readonly good: number
  readonly bad: number
}

/** The part of the phase that speaks loudest for trouble: the whole of it (L1) or all since an hour (L2). */
export interface Segment extends Tally {
  readonly component: 'L1' | 'L2'
  readonly start: number
}

/** Natural logs of E (evidence of trouble) and G (evidence of health), and the largest term of E. */
export interface Evidence {
  readonly logE: number
  readonly logG: number
  readonly segment: Segment
}

/** What is weighed: the bounds as odds, the longest duration in hours, all units since each hour reached. */
export interface Scales {
  readonly steady: Odds
  readonly broken: Odds
  readonly horizon: number
  readonly whole: Tally
  /** Index s: everything since hour s, for the hours below the horizon that have begun. */
  readonly since: readonly Tally[]
}

/** ln 20: evidence this strong decides. P(E ever reaches 20 | healthy) ≤ 1/20 (Ville 1939). */
export const LN_DECISIVE = Math.log(20)

const STEADY_WEIGHT = 0.6
const BROKEN_WEIGHT = 0.4

/** The odds of L1: bad share f1 ("red") against f0 ("fine"), both between 0 and 1. */
export function steadyOdds(f0: number, f1: number): Odds {
  return { good: Math.log1p(-f1) - Math.log1p(-f0), bad: Math.log(f1 / f0) }
}

/**
 * The odds of L2: f1' = min(2·f1, 1/2) against f0' = max(f0, f1'/4). A red bound that is itself worse
 * than one half stands for the break, since 1/2 would be milder than red and, with f0 ≥ 1/2, count
 * good units as trouble.
 */
export function brokenOdds(f0: number, f1: number): Odds {
  const broken = Math.max(Math.min(2 * f1, 0.5), f1)
  return steadyOdds(Math.max(f0, broken / 4), broken)
}

/** ln of the likelihood ratio of a tally. */
export function logRatio(odds: Odds, tally: Tally): number {
  return tally.good * odds.good + (tally.all - tally.good) * odds.bad
}

/**
 * E = 0.6·L1 + (0.4/H)·Σ_{s<H} L2(s) and G = 1/L1, in natural logs. Starts not reached yet count
 * as 1 and are never the dominating segment; ties go to the earliest, the whole phase first.
 */
export function weigh(scales: Scales): Evidence {
  const { steady, broken, horizon, whole, since } = scales
  const logL1 = logRatio(steady, whole)
  const share = Math.log(BROKEN_WEIGHT / horizon)
  const begun = [Math.log(STEADY_WEIGHT) + logL1, ...since.map(t => share + logRatio(broken, t))]
  // ln 0 = −∞ once every hour has begun, which adds nothing.
  const ahead = share + Math.log(horizon - since.length)
  const segment = dominating(begun, whole, since)
  return { logE: logSum([...begun, ahead]), logG: 0 - logL1, segment }
}

function dominating(terms: readonly number[], whole: Tally, since: readonly Tally[]): Segment {
  const largest = terms.reduce((best, term) => Math.max(best, term), Number.NEGATIVE_INFINITY)
  const start = terms.indexOf(largest) - 1
  const tally = since[start]
  return tally === undefined
    ? { component: 'L1', start: 0, ...whole }
    : { component: 'L2', start, ...tally }
}

/** ln Σ exp(term), without overflow. */
function logSum(terms: readonly number[]): number {
  const largest = terms.reduce((best, term) => Math.max(best, term), Number.NEGATIVE_INFINITY)
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0))
}
