import type { ControlFinding } from './control.ts'
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
  readonly control?: ControlFinding
}

const LONG_TAIL_HOURS = 6

/**
 * Sums a faultless look. Hours at or beyond the horizon belong to every segment that began before
 * it, but no segment begins there: the weights 0.4/H are spent, and E stays a martingale.
 */
export function compile(look: ProportionLook): Dossier {
  const { rule, counts, nowHour, control } = look
  const goodHits = isFloor(rule.pass)
  const [f0, f1] = [badShare(rule.pass, goodHits), badShare(rule.red, goodHits)]
  const horizon = Math.ceil(rule.horizonHours)
  const since = sinceEachHour(counts, Math.min(nowHour + 1, horizon), goodHits)
  const whole = sinceHour(counts, 0, goodHits)
  const odds = { steady: steadyOdds(f0, f1), broken: brokenOdds(f0, f1) }
  const heard = control === undefined ? {} : { control }
  return { rule, ...odds, horizon, whole, since, tails: tailsOf(look, goodHits), ...heard }
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

/** Before the first checkpoint nothing is since it. */
function tailsOf(
  { counts, nowHour, checkpointHour = Number.POSITIVE_INFINITY }: ProportionLook,
  goodHits: boolean
): readonly Tail[] {
  return [
    { span: 'hour', ...sinceHour(counts, nowHour, goodHits) },
    { span: 'six-hours', ...sinceHour(counts, nowHour - LONG_TAIL_HOURS + 1, goodHits) },
    { span: 'checkpoint', ...sinceHour(counts, checkpointHour, goodHits) }
  ]
}

function sinceHour(counts: readonly HourCount[], start: number, goodHits: boolean): Tally {
  const within = counts.filter(count => count.hour >= start)
  return within.reduce((sum, count) => plus(sum, tallyOf(count, goodHits)), NOTHING)
}

/** Suffix sums over the first `length` hours; whatever came later is in each of them. */
function sinceEachHour(
  counts: readonly HourCount[],
  length: number,
  goodHits: boolean
): readonly Tally[] {
  const sums: Tally[] = Array.from({ length }, () => NOTHING)
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
