import { brokenOdds, type Scales, steadyOdds, type Tally } from './evidence.ts'
import type { HourCount, ProportionLook, ProportionRule } from './proportion-look.ts'
import { badShare, isFloor } from './threshold.ts'

/** The latest units of a phase, up to the look. */
export interface Tail extends Tally {
  readonly span: 'hour' | 'six-hours' | 'checkpoint'
}

/** All that a ruling needs, summed once: O(hours + counts) to compile. */
export interface Dossier extends Scales {
  readonly rule: ProportionRule
  readonly tails: readonly Tail[]
}

const LONG_TAIL_HOURS = 6

/**
 * Sums a faultless look. Hours at or beyond the horizon belong to every segment that began before
 * it, but no segment begins there: the weights 0.4/H are spent, and E stays a martingale.
 */
export function compile(look: ProportionLook): Dossier {
  const { rule, counts, nowHour } = look
  const goodHits = isFloor(rule.pass)
  const [f0, f1] = [badShare(rule.pass, goodHits), badShare(rule.red, goodHits)]
  const horizon = Math.ceil(rule.horizonHours)
  const since = sinceEachHour(counts, Math.min(nowHour + 1, horizon), goodHits)
  const whole = sinceHour(counts, 0, goodHits)
  const odds = { steady: steadyOdds(f0, f1), broken: brokenOdds(f0, f1) }
  return { rule, ...odds, horizon, whole, since, tails: tailsOf(look, goodHits) }
}

/** The same dossier after more units in the hour of the look, which every segment and tail contains. */
export function further(dossier: Dossier, good: number, bad: number): Dossier {
  const grow = <T extends Tally>(tally: T): T => ({
    ...tally,
    good: tally.good + good,
    all: tally.all + good + bad
  })
  const { whole, since, tails } = dossier
  return { ...dossier, whole: grow(whole), since: since.map(grow), tails: tails.map(grow) }
}

function tailsOf({ counts, nowHour, checkpointHour }: ProportionLook, goodHits: boolean): Tail[] {
  const tails: Tail[] = [
    { span: 'hour', ...sinceHour(counts, nowHour, goodHits) },
    { span: 'six-hours', ...sinceHour(counts, nowHour - LONG_TAIL_HOURS + 1, goodHits) }
  ]
  if (checkpointHour !== undefined && checkpointHour <= nowHour) {
    tails.push({ span: 'checkpoint', ...sinceHour(counts, checkpointHour, goodHits) })
  }
  return tails
}

function sinceHour(counts: readonly HourCount[], start: number, goodHits: boolean): Tally {
  const within = counts.filter(count => count.hour >= start)
  return within.reduce((sum, count) => plus(sum, tallyOf(count, goodHits)), { good: 0, all: 0 })
}

/** Suffix sums over the first `length` hours; whatever came later is in each of them. */
function sinceEachHour(
  counts: readonly HourCount[],
  length: number,
  goodHits: boolean
): readonly Tally[] {
  const sums: Tally[] = Array.from({ length }, () => ({ good: 0, all: 0 }))
  for (const count of counts) {
    const index = Math.min(count.hour, length - 1)
    sums[index] = plus(sums[index], tallyOf(count, goodHits))
  }
  for (let index = length - 2; index >= 0; index -= 1) {
    sums[index] = plus(sums[index], sums[index + 1])
  }
  return sums
}

function tallyOf({ hits, total }: HourCount, goodHits: boolean): Tally {
  return { good: goodHits ? hits : total - hits, all: total }
}

const NOTHING: Tally = { good: 0, all: 0 }

function plus(left: Tally = NOTHING, right: Tally = NOTHING): Tally {
  return { good: left.good + right.good, all: left.all + right.all }
}
