/** When buckets that have trouble in them make a burst: `run` in a row, or `of[0]` of the last `of[1]`. */
export interface BurstRule {
  readonly run: number
  readonly of: readonly [number, number]
}

/**
 * The first bucket at which trouble was sustained, looking back from every bucket and not only from
 * the last one; the bucket itself must be one with trouble. `troubled` is in ascending order, each
 * bucket once.
 */
export function firstBurst(rule: BurstRule, troubled: readonly number[]): number | undefined {
  const [enough, window] = rule.of
  return troubled.find((bucket, index) => {
    const runStart = troubled[index - rule.run + 1]
    const windowStart = troubled[index - enough + 1]
    return (
      (runStart !== undefined && bucket - runStart === rule.run - 1) ||
      (windowStart !== undefined && bucket - windowStart < window)
    )
  })
}
