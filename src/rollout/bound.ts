import type { Threshold } from '../verdict/threshold.ts'
import type { ValueBound } from '../verdict/value.ts'

const SHARE = /^(>=|<=|>|<) ?(\d{1,3}(?:\.\d+)?)%$/u
const VALUE = /^(>=|<=|>|<) ?(-?\d{1,15}(?:\.\d+)?)$/u

/** Reads a bound on a share, `>= 97%`; undefined when the text is none or above 100 %. */
export function parseBound(text: string): Threshold | undefined {
  const [, operator, percent] = SHARE.exec(text) ?? []
  if (operator === undefined || Number(percent) > 100) return undefined
  return { operator: operator as Threshold['operator'], percent: Number(percent) }
}

/** Reads a bound on a value, `<= 2000`; undefined when the text is none, as every share. */
export function parseValueBound(text: string): ValueBound | undefined {
  const [, operator, value] = VALUE.exec(text) ?? []
  return operator === undefined
    ? undefined
    : { operator: operator as ValueBound['operator'], value: Number(value) }
}
