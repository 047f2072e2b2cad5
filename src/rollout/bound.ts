import type { Threshold } from '../verdict/threshold.ts'

const BOUND = /^(>=|<=|>|<) ?(\d{1,3}(?:\.\d+)?)%$/u

/** Reads a bound on a share, `>= 97%`; undefined when the text is none or above 100 %. */
export function parseBound(text: string): Threshold | undefined {
  const [, operator, percent] = BOUND.exec(text) ?? []
  if (operator === undefined || Number(percent) > 100) return undefined
  return { operator: operator as Threshold['operator'], percent: Number(percent) }
}
