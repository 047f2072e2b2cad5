import { type BurstRule, firstBurst } from './burst.ts'
import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import type { Verdict } from './verdict.ts'
import { countText, manyText } from './wording.ts'

/** When errors are sustained, when that has healed, and what a healed burst still means. */
export interface SustainedRule extends BurstRule {
  readonly bucketMinutes: number
  readonly healMinutes: number
  readonly healed: 'red' | 'warn'
}

/** Errors of one bucket since the phase start; buckets may be missing, unordered and repeated. */
export interface BucketCount {
  readonly bucket: number
  readonly events: number
}

/** All that one look at a criterion for sustained errors knows. */
export interface SustainedLook {
  readonly rule: SustainedRule
  readonly counts: readonly BucketCount[]
  /** The bucket that contains the end of the window: not finished yet. */
  readonly nowBucket: number
  readonly control?: ControlFinding
}

/** The verdict on a count of errors that may occur, but not keep occurring. */
export interface SustainedFinding {
  readonly kind: 'sustained'
  readonly verdict: Verdict
  readonly code:
    | 'bad-counts'
    | 'bad-rule'
    | 'sustained'
    | 'healed'
    | 'some_errors'
    | 'none_seen'
    | 'control_dead'
  readonly message: string
  /** The first bucket, of the whole phase, at which the errors were sustained. */
  readonly firstSustainedBucket?: number
  readonly bucketsWithErrors: number
  readonly events: number
  readonly control?: ControlFinding
}

type Ruling = Pick<SustainedFinding, 'verdict' | 'code' | 'message' | 'firstSustainedBucket'>

/**
 * Judges every bucket since the phase start, so that a burst between two looks is not missed.
 * Healed means that only complete clean buckets, worth at least `healMinutes`, have followed the last
 * error of any kind and the present bucket is clean so far. Never throws.
 */
export function judgeSustained(look: SustainedLook): SustainedFinding {
  const { counts, control } = look
  const shown = control === undefined ? {} : { control }
  const fault = faultOf(look)
  if (fault !== undefined) {
    return {
      kind: 'sustained',
      verdict: 'error',
      ...fault,
      bucketsWithErrors: 0,
      events: 0,
      ...shown
    }
  }
  const withErrors = counts.filter(count => count.events > 0).map(count => count.bucket)
  const troubled = [...new Set(withErrors)].sort((left, right) => left - right)
  const events = counts.reduce((sum, count) => sum + count.events, 0)
  const ruling =
    troubled.length === 0 ? ruleOnSilence(control) : ruleOnErrors(look, troubled, events)
  return { kind: 'sustained', ...ruling, bucketsWithErrors: troubled.length, events, ...shown }
}

function ruleOnErrors(look: SustainedLook, troubled: readonly number[], events: number): Ruling {
  const { rule, nowBucket } = look
  const seen = `${manyText(events, 'error')} in ${manyText(troubled.length, 'bucket')} of ${rule.bucketMinutes} min`
  const first = firstBurst(rule, troubled)
  if (first === undefined) {
    return { verdict: 'warn', code: 'some_errors', message: `${seen}, not sustained` }
  }
  const sustained = `${seen}, sustained at bucket ${countText(first)}`
  const last = troubled.at(-1) ?? nowBucket
  const cleanMinutes = Math.max(nowBucket - last - 1, 0) * rule.bucketMinutes
  if (cleanMinutes < rule.healMinutes) {
    const message = `${sustained} and not healed since`
    return { verdict: 'red', code: 'sustained', message, firstSustainedBucket: first }
  }
  const message = `${sustained}, clean for the ${countText(Math.floor(cleanMinutes))} min since the last error`
  return { verdict: rule.healed, code: 'healed', message, firstSustainedBucket: first }
}

function ruleOnSilence(control: ControlFinding | undefined): Ruling {
  if (control?.alive === true) {
    return { verdict: 'pass', code: 'none_seen', message: `no error seen, and ${control.message}` }
  }
  const why = control === undefined ? 'no control was read' : control.message
  const message = `no error seen, but silence proves nothing: ${why}`
  return { verdict: 'insufficient', code: 'control_dead', message }
}

function faultOf({
  rule,
  counts,
  nowBucket
}: SustainedLook):
  | (Pick<Ruling, 'message'> & { readonly code: 'bad-counts' | 'bad-rule' })
  | undefined {
  if (!isSensible(rule)) {
    return { code: 'bad-rule', message: 'the rule for sustained errors makes no sense' }
  }
  if (!isCount(nowBucket)) {
    return {
      code: 'bad-counts',
      message: `the counts make no sense: the look is in bucket ${nowBucket}`
    }
  }
  const wrong = counts.find(
    ({ bucket, events }) => !isCount(bucket) || !isCount(events) || bucket > nowBucket
  )
  if (wrong !== undefined) {
    const message = `the counts make no sense: bucket ${wrong.bucket} has ${wrong.events} errors, the look is in bucket ${nowBucket}`
    return { code: 'bad-counts', message }
  }
  return undefined
}

function isSensible({
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
