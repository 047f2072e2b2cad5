import { readFileSync } from 'node:fs'
import type {
  HourCount,
  ProportionLook,
  ProportionRule
} from '../../src/verdict/proportion-look.ts'

/**
 * A row of the reference table: k good of n at p0 = 0.97, p1 = 0.90. The table has further columns, of
 * methods that decide nothing here: fixed-sample intervals and one-sided mixtures.
 */
export interface Row {
  readonly k: number
  readonly n: number
  readonly p_hat: number
  readonly cs_two_sided: readonly [number, number]
  readonly log_lr_red: number
  readonly lr_red: number
  readonly lr_green: number
}

/** One worked phase: (good, all) per hour and what E, G and the dominating segment must be. */
export interface Vector {
  readonly hours: readonly (readonly [number, number])[]
  readonly H: number
  readonly p0: number
  readonly p1: number
  readonly k: number
  readonly n: number
  readonly log_E: number
  readonly log_G: number
  readonly dominating: {
    readonly component: 'L1' | 'L2'
    readonly start: number
    readonly k: number
    readonly n: number
  }
  readonly red_by_evidence: boolean
  readonly red_by_strict: boolean
}

const statistics: { readonly rows: readonly Row[] } = read('statistics.json')
const changePoints: { readonly vectors: Readonly<Record<string, Vector>> } =
  read('change-points.json')

export const rows = statistics.rows
export const vectors = Object.entries(changePoints.vectors)

/** ">= 97%" and "< 90%" over 48 hours, the success rate of the runbook. */
export const successRate: ProportionRule = {
  pass: { operator: '>=', percent: 97 },
  warn: { operator: '>=', percent: 90 },
  red: { operator: '<', percent: 90 },
  strictMinN: 50,
  horizonHours: 48
}

/** "< 1%" and "> 5%" over 48 hours, the manual-review rate of the runbook. */
export const manualReview: ProportionRule = {
  pass: { operator: '<', percent: 1 },
  warn: { operator: '<=', percent: 5 },
  red: { operator: '>', percent: 5 },
  strictMinN: 50,
  horizonHours: 48
}

/** A look in the last of these hours, each [hits, total]. */
export function look(
  hours: readonly (readonly [number, number])[],
  rule: ProportionRule = successRate
): ProportionLook {
  const counts = hours.map(([hits, total], hour): HourCount => ({ hour, hits, total }))
  return { rule, counts, nowHour: Math.max(hours.length - 1, 0) }
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8')) as T
}
