import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import { badShare, isFloor, isPercent, type Threshold, thresholdText } from './threshold.ts'

/**
 * Counts of one hour since the phase start (0, 1, 2, …). Hours may be missing, come in any order and
 * more than once; duplicates add up.
 */
export interface HourCount {
  readonly hour: number
  readonly hits: number
  readonly total: number
}

/** The bounds of a proportion criterion. Hits are good units when `pass` is a floor, else bad units. */
export interface ProportionRule {
  readonly pass: Threshold
  /** Up to where it is only a warning. Informative: nothing is decided by it. */
  readonly warn?: Threshold
  readonly red: Threshold
  /** Units from which a share beyond red is red without further proof; 1 restores the bare percentage. */
  readonly strictMinN: number
  /** H: the longest the phase can last, fixed at its start; a part of an hour counts as a whole one. */
  readonly horizonHours: number
}

/** All that one look at a proportion criterion knows. */
export interface ProportionLook {
  readonly rule: ProportionRule
  readonly counts: readonly HourCount[]
  /** The bucket that contains the end of the window; the buckets up to it exist even when empty. */
  readonly nowHour: number
  /** First bucket since the last checkpoint; absent before the first one. */
  readonly checkpointHour?: number
  /** Whether telemetry arrives at all; it matters only while no unit has come. */
  readonly control?: ControlFinding
}

/** Why a look cannot be judged. */
export interface LookFault {
  readonly code: 'bad-counts' | 'bad-rule'
  readonly message: string
}

/** More than eleven years; the work of one judgement grows with the horizon. */
const LONGEST_HORIZON_HOURS = 100_000

/** What makes the look impossible to judge, if anything does. */
export function faultOf(look: ProportionLook): LookFault | undefined {
  const ofRule = ruleFault(look.rule)
  if (ofRule !== undefined) {
    return { code: 'bad-rule', message: `the criterion makes no sense: ${ofRule}` }
  }
  const ofCounts = windowFault(look) ?? countsFault(look)
  return ofCounts === undefined
    ? undefined
    : { code: 'bad-counts', message: `the counts make no sense: ${ofCounts}` }
}

function ruleFault(rule: ProportionRule): string | undefined {
  const bounds = [rule.pass, rule.red, ...(rule.warn === undefined ? [] : [rule.warn])]
  const wrong = bounds.find(bound => !isPercent(bound.percent))
  if (wrong !== undefined) {
    return `${thresholdText(wrong)} is not between 0% and 100%`
  }
  if (!isCount(rule.strictMinN)) {
    return `the strict minimum is ${rule.strictMinN} units`
  }
  if (!(rule.horizonHours > 0 && rule.horizonHours <= LONGEST_HORIZON_HOURS)) {
    return `the phase can last ${rule.horizonHours} hours`
  }
  return separationFault(rule)
}

function separationFault({ pass, red }: ProportionRule): string | undefined {
  const goodHits = isFloor(pass)
  const apart = badShare(pass, goodHits) < badShare(red, goodHits)
  return goodHits !== isFloor(red) && apart
    ? undefined
    : `red ${thresholdText(red)} does not lie beyond pass ${thresholdText(pass)}`
}

function windowFault({ nowHour, checkpointHour }: ProportionLook): string | undefined {
  if (!isCount(nowHour)) {
    return `the look is in hour ${nowHour}`
  }
  return checkpointHour === undefined || isCount(checkpointHour)
    ? undefined
    : `the last checkpoint was in hour ${checkpointHour}`
}

function countsFault({ counts, nowHour }: ProportionLook): string | undefined {
  const wrong = counts.find(count => !isPossible(count))
  if (wrong !== undefined) {
    return `hour ${wrong.hour} has ${wrong.hits} of ${wrong.total}`
  }
  const late = counts.find(count => count.hour > nowHour)
  if (late !== undefined) {
    return `hour ${late.hour} lies after the hour of the look, ${nowHour}`
  }
  const total = counts.reduce((sum, count) => sum + count.total, 0)
  return isCount(total) ? undefined : `${total} units are more than can be counted exactly`
}

function isPossible({ hour, hits, total }: HourCount): boolean {
  return isCount(hour) && isCount(hits) && isCount(total) && hits <= total
}
