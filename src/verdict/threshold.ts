import { isCount } from './count.ts'

/** One bound on a share, in percent of the counted side, as the definition writes it: ">= 97%", "< 1%". */
export interface Threshold {
  readonly operator: '>=' | '>' | '<=' | '<'
  readonly percent: number
}

/** Shares of exactly 0 and 1 are moved by this much, so that every likelihood stays finite. */
const SMALLEST_SHARE = 1e-9

/**
 * Whether `hits` of `total` keep the bound, compared exactly: both sides are whole numbers after the
 * percentage is read as the decimal it was written as, so 7 of 10,000 is neither above nor below
 * 0.07%. False for anything that is no count and for a total of 0.
 */
export function meets(threshold: Threshold, hits: number, total: number): boolean {
  if (!isCount(hits) || !isCount(total) || total === 0 || !isPercent(threshold.percent)) {
    return false
  }
  const { digits, scale } = decimal(threshold.percent)
  const share = BigInt(hits) * 100n * scale
  const bound = BigInt(total) * digits
  switch (threshold.operator) {
    case '>=':
      return share >= bound
    case '>':
      return share > bound
    case '<=':
      return share <= bound
    case '<':
      return share < bound
  }
}

/** True when the bound is a floor (">= 97%"): as a pass bound it says that hits are good units. */
export function isFloor(threshold: Threshold): boolean {
  return threshold.operator === '>=' || threshold.operator === '>'
}

/** True for a number between 0 and 100. */
export function isPercent(value: number): boolean {
  return value >= 0 && value <= 100
}

/** The bound as a bad share between 0 and 1, both excluded, when hits are good (`goodHits`) or bad units. */
export function badShare(threshold: Threshold, goodHits: boolean): number {
  const percent = goodHits ? 100 - threshold.percent : threshold.percent
  return Math.min(Math.max(percent / 100, SMALLEST_SHARE), 1 - SMALLEST_SHARE)
}

/** The bound as the definition writes it. */
export function thresholdText(threshold: Threshold): string {
  return `${threshold.operator} ${threshold.percent}%`
}

/** percent = digits / scale, from the shortest decimal that denotes it ("0.07", "1.5e-7"). */
function decimal(percent: number): { readonly digits: bigint; readonly scale: bigint } {
  const [mantissa = '0', exponent = '0'] = String(percent).split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  const places = fraction.length - Number(exponent)
  return { digits: BigInt(whole + fraction), scale: 10n ** BigInt(places) }
}
