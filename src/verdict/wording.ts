import type { Threshold } from './threshold.ts'

const MOST_DECIMALS = 6
const LN_MILLION = Math.log(1e6)

/** "1,234". */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/gu, ',')
}

/** "1 bad unit", "3 bad units". */
export function manyText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "85 : 1" from a natural logarithm, never rounded up. */
export function oddsText(log: number): string {
  if (log >= LN_MILLION) {
    return 'more than a million : 1'
  }
  const odds = Math.exp(log)
  return `${odds < 10 ? odds.toFixed(1) : countText(Math.floor(odds))} : 1`
}

/** "96.97%": as few decimals as keep the share on the side of the bound on which it is. */
export function shareText(hits: number, total: number, bound: Threshold): string {
  const percent = (100 * hits) / total
  const side = Math.sign(percent - bound.percent)
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals += 1) {
    const text = percent.toFixed(decimals)
    if (Math.sign(Number(text) - bound.percent) === side && isClose(Number(text), percent)) {
      return `${text}%`
    }
  }
  return `${percent.toFixed(MOST_DECIMALS)}%`
}

/** One decimal is enough for a reader unless a bound is nearer than that. */
function isClose(rounded: number, percent: number): boolean {
  return Math.abs(rounded - percent) <= 0.05
}
