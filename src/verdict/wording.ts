import type { Threshold } from './threshold.ts'

const MOST_DECIMALS = 6
const LN_MILLION = Math.log(1e6)
/** One decimal of a percentage is enough for a reader, and half a percent of any other number. */
const CLOSE_PERCENT = 0.05
const CLOSE_SHARE = 0.005

/** "1,234". */
export function countText(count: number): string {
  return grouped(String(count))
}

/** "1 bad unit", "3 bad units". */
export function manyText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "85 : 1" from a natural logarithm; from 10 on never rounded up. */
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
  const text = besideText(percent, bound.percent, CLOSE_PERCENT)
  return `${text ?? percent.toFixed(MOST_DECIMALS)}%`
}

/** "1,840", "0.0123": as few decimals as tell the number, and its side of the bound where there is one. */
export function numberText(value: number, bound?: number): string {
  const text = besideText(value, bound, Math.abs(value) * CLOSE_SHARE) ?? String(value)
  const [whole = '', ...fraction] = text.split('.')
  return [grouped(whole), ...fraction].join('.')
}

function besideText(
  value: number,
  bound: number | undefined,
  tolerance: number
): string | undefined {
  const sideOf = (other: number): number => (bound === undefined ? 0 : Math.sign(other - bound))
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals += 1) {
    const text = value.toFixed(decimals)
    const isClose = Math.abs(Number(text) - value) <= tolerance
    if (isClose && sideOf(Number(text)) === sideOf(value)) {
      return text
    }
  }
  return undefined
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/gu, ',')
}
