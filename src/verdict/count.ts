/** True for what a count or a bucket index may be: a whole, non-negative, exactly representable number. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
