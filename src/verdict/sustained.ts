import { isSensible, ruleOnBurst, type SustainedRule } from './burst.ts'
import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import { ruleOnSilence } from './silence.ts'
import type { Verdict } from './verdict.ts'
import { manyText } from './wording.ts'

export type { SustainedRule } from './burst.ts'

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

/** Judges every bucket since the phase start, so that a burst between two looks is not missed. Never throws. */
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
  const troubled = new Set(counts.filter(count => count.events > 0).map(count => count.bucket))
  const events = counts.reduce((sum, count) => sum + count.events, 0)
  const ruling =
    troubled.size === 0
      ? ruleOnSilence('no error seen', control)
      : ruleOnErrors(look, [...troubled], events)
  return { kind: 'sustained', ...ruling, bucketsWithErrors: troubled.size, events, ...shown }
}

function ruleOnErrors(look: SustainedLook, troubled: readonly number[], events: number): Ruling {
  const { rule, nowBucket } = look
  const seen = `${manyText(events, 'error')} in ${manyText(troubled.length, 'bucket')} of ${rule.bucketMinutes} min`
  const burst = ruleOnBurst(rule, troubled, nowBucket)
  if (burst === undefined) {
    return { verdict: 'warn', code: 'some_errors', message: `${seen}, not sustained` }
  }
  const { words, ...ruling } = burst
  return { ...ruling, message: `${seen}, ${words}` }
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
