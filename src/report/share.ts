import type { Threshold } from '../verdict/threshold.ts'
import type { ValueBound } from '../verdict/value.ts'
import { countText, manyText, numberText, shareText } from '../verdict/wording.ts'

/** "97.0%": with the criterion's bound at hand, always on the side of it on which the share is. */
export function percentText(hits: number, all: number, bound: Threshold | undefined): string {
  return bound === undefined ? `${((100 * hits) / all).toFixed(1)}%` : shareText(hits, all, bound)
}

/** "97 of 100 (97%)". */
export function tallyText(hits: number, all: number, bound: Threshold | undefined): string {
  const counts = `${countText(hits)} of ${countText(all)}`
  return all === 0 ? counts : `${counts} (${percentText(hits, all, bound)})`
}

/** "1,840 from 3,000 samples"; the unit is the metric's own. */
export function measureText(
  { value, samples }: { readonly value: number | null; readonly samples: number },
  bound: ValueBound | undefined
): string {
  const from = manyText(samples, 'sample')
  return value === null ? from : `${numberText(value, bound?.value)} from ${from}`
}

/** "92.1% – 99.4%", rounded outwards so that it never claims more than it knows. */
export function sequenceText([low, high]: readonly [number, number]): string {
  return `${(Math.floor(low * 1000) / 10).toFixed(1)}% – ${(Math.ceil(high * 1000) / 10).toFixed(1)}%`
}
