import { LN_DECISIVE } from '../verdict/evidence.ts'
import { judgeProportion, type ProportionFinding } from '../verdict/proportion.ts'
import { isFloor, meets } from '../verdict/threshold.ts'
import {
  type Definition,
  enabledPhases,
  type Phase,
  type ProportionCriterion
} from './definition.ts'
import { formatDuration } from './duration.ts'
import type { PreflightItem } from './preflight.ts'

const DAY_MS = 86_400_000
/** A criterion that needs more than this is out of reach. */
const MOST_UNITS = 10_000_000

/** The least evidence that a share can pass on, and how long it takes to come in. */
export interface SoonestPass {
  readonly units: number
  readonly ms: number
}

/**
 * How soon a share can pass when every single unit is good, at that many units a day; undefined when it
 * never can.
 */
export function soonestPass(
  criterion: ProportionCriterion,
  unitsPerDay: number
): SoonestPass | undefined {
  const units = fewestUnits(criterion)
  return units === undefined ? undefined : { units, ms: (units / unitsPerDay) * DAY_MS }
}

/**
 * How soon a share can pass when units go on ending as these did, so many of them a day; undefined when it
 * never can. The evidence of health grows evenly with them: G = 1/L1 (docs/verdicts.md).
 */
export function steadyPass(
  criterion: ProportionCriterion,
  { hits, all }: { readonly hits: number; readonly all: number },
  unitsPerDay: number
): SoonestPass | undefined {
  const { logG } = judgeAtOnce(criterion, hits, all)
  if (!meets(criterion.pass, hits, all) || logG <= 0) return undefined
  const units = Math.ceil((LN_DECISIVE * all) / logG)
  return { units, ms: (units / unitsPerDay) * DAY_MS }
}

/** Whether the soaks are long enough for the shares to be proven in them, at best. */
export function judgeSampleSize(definition: Definition): readonly PreflightItem[] {
  const { unitsPerDay } = definition
  const pairs = enabledPhases(definition).flatMap(phase =>
    (definition.criteria[phase.criteria] ?? [])
      .filter(criterion => criterion.kind === 'proportion')
      .map(criterion => ({ phase, criterion }))
  )
  if (pairs.length === 0) return []
  if (unitsPerDay === undefined) {
    const message =
      'not estimated: units_per_day in the definition says how many units end on a usual day'
    return [{ name: NAME, outcome: 'ok', message }]
  }
  return pairs.map(({ phase, criterion }) => judgePair(phase, criterion, unitsPerDay))
}

const NAME = 'sample size'

function judgePair(
  phase: Phase,
  criterion: ProportionCriterion,
  unitsPerDay: number
): PreflightItem {
  const soonest = soonestPass(criterion, unitsPerDay)
  const rate = unitsPerDay === 1 ? '1 unit/day' : `${unitsPerDay} units/day`
  const { soakMs, extendMs } = phase
  const longestMs = soakMs + extendMs
  if (soonest === undefined) {
    return {
      name: NAME,
      outcome: 'fail',
      message: `${criterion.name} can never pass in ${phase.name}`,
      remedy: 'Let pass and red lie further apart.'
    }
  }
  const { units, ms } = soonest
  const says = `${rate}: ${criterion.name} can pass after ≈ ${roughly(ms)} at best (${units} good units)`
  if (ms > longestMs) {
    return {
      name: NAME,
      outcome: 'fail',
      message: `${says}; ${phase.name} lasts ${formatDuration(longestMs)} at most`,
      remedy: `Give ${phase.name} a longer soak or extend, or let pass and red of ${criterion.name} lie further apart.`
    }
  }
  return ms > soakMs
    ? {
        name: NAME,
        outcome: 'warn',
        message: `${says}; the soak of ${phase.name} is ${formatDuration(soakMs)}, so it will be extended`,
        remedy: `Nothing, or give ${phase.name} a longer soak: it may be extended by ${formatDuration(extendMs)}.`
      }
    : {
        name: NAME,
        outcome: 'ok',
        message: `${says}; ${phase.name} soaks ${formatDuration(soakMs)}`
      }
}

/** Whole hours from an hour on: nobody knows the rate better than that. */
export function roughly(ms: number): string {
  const unitMs = ms < 3_600_000 ? 60_000 : 3_600_000
  return formatDuration(Math.ceil(ms / unitMs) * unitMs)
}

/** Good units add up to a proof one by one, so the least number can be bisected. */
function fewestUnits(criterion: ProportionCriterion): number | undefined {
  if (!passes(criterion, MOST_UNITS)) return undefined
  let [few, enough] = [0, MOST_UNITS]
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2)
    if (passes(criterion, middle)) enough = middle
    else few = middle
  }
  return enough
}

function passes(criterion: ProportionCriterion, units: number): boolean {
  const hits = isFloor(criterion.pass) ? units : 0
  return judgeAtOnce(criterion, hits, units).verdict === 'pass'
}

function judgeAtOnce(
  { pass, warn, red, strictMinN }: ProportionCriterion,
  hits: number,
  total: number
): ProportionFinding {
  const rule = { pass, red, strictMinN, horizonHours: 1, ...(warn === undefined ? {} : { warn }) }
  return judgeProportion({ rule, counts: [{ hour: 0, hits, total }], nowHour: 0 })
}
