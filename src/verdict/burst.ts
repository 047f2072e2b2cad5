import { isCount } from './count.ts'
import { countText } from './wording.ts'

/** When buckets that have trouble in them make a burst: `run` in a row, or `of[0]` of the last `of[1]`. */
export interface BurstRule {
  readonly run: number
  readonly of: readonly [number, number]
}

/** When trouble is sustained, when that has healed, and what a healed burst still means. */
export interface SustainedRule extends BurstRule {
  readonly bucketMinutes: number
  readonly healMinutes: number
  readonly healed: 'red' | 'warn'
}

/** What a burst means, and the end of a sentence about it. */
export interface BurstRuling {
  readonly verdict: 'red' | 'warn'
  readonly code: 'sustained' | 'healed'
  readonly words: string
  /** The first bucket, of the whole phase, at which the trouble was sustained. */
  readonly firstSustainedBucket: number
}

/**
 * Judges every bucket since the phase start, so that a burst between two looks is not missed; undefined
 * when none was sustained. Healed means that only complete clean buckets, worth at least `healMinutes`,
 * have followed the last trouble of any kind and the present bucket is clean so far. `troubled` may come
 * in any order and repeat itself.
 */
export function ruleOnBurst(
  rule: SustainedRule,
  troubled: readonly number[],
  nowBucket: number
): BurstRuling | undefined {
  const ordered = [...new Set(troubled)].sort((left, right) => left - right)
  const first = firstBurst(rule, ordered)
  if (first === undefined) {
    return undefined
  }
  const last = ordered.at(-1) ?? nowBucket
  const cleanMinutes = Math.max(nowBucket - last - 1, 0) * rule.bucketMinutes
  const sustained = `sustained at bucket ${countText(first)}`
  return cleanMinutes < rule.healMinutes
    ? {
        verdict: 'red',
        code: 'sustained',
        words: `${sustained} and not healed since`,
        firstSustainedBucket: first
      }
    : {
        verdict: rule.healed,
        code: 'healed',
        words: `${sustained}, clean for the last ${countText(Math.floor(cleanMinutes))} min`,
        firstSustainedBucket: first
      }
}

/**
 * The first bucket at which trouble was sustained, looking back from every bucket and not only from
 * the last one; the bucket itself must be one with trouble. `troubled` is in ascending order, each
 * bucket once.
 */
export function firstBurst(rule: BurstRule, troubled: readonly number[]): number | undefined {
  const [enough, window] = rule.of
  return troubled.find((bucket, index) => {
    const since = (many: number): number =>
      bucket - (troubled[index - many + 1] ?? Number.NEGATIVE_INFINITY)
    return since(rule.run) === rule.run - 1 || since(enough) < window
  })
}

/** Whether the rule can be kept at all: whole numbers from 1 on, lengths of time above zero. */
export function isSensible({
  run,
  of: [enough, window],
  bucketMinutes,
  healMinutes
}: SustainedRule): boolean {
  const ordered =
    [run, enough, window].every(isCount) && run >= 1 && enough >= 1 && enough <= window
  return ordered && isPositive(bucketMinutes) && isPositive(healMinutes)
}

function isPositive(minutes: number): boolean {
  return Number.isFinite(minutes) && minutes > 0
}
