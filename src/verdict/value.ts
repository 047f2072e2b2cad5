import { ruleOnBurst } from './burst.ts'
import {
  faultOf,
  keeps,
  type Measure,
  type ValueFault,
  type ValueLook,
  valueBoundText
} from './value-look.ts'
import type { Verdict } from './verdict.ts'
import { countText, manyText, numberText } from './wording.ts'

export type { BucketMeasure, Measure, ValueBound, ValueLook, ValueRule } from './value-look.ts'

/** Why a value criterion got its verdict; stable, public, for machines. */
export type ValueCode =
  | ValueFault['code']
  | 'no-data'
  | 'thin'
  | 'thin_short'
  | 'beyond_red'
  | 'sustained'
  | 'healed'
  | 'bucket_beyond_red'
  | 'short_of_pass'
  | 'within_pass'

/** The verdict on a number that must keep a bound, and what a report shows beside it. */
export interface ValueFinding {
  readonly kind: 'value'
  readonly verdict: Verdict
  readonly code: ValueCode
  readonly message: string
  /** Over the whole phase; null when nothing was measured or it could not be judged. */
  readonly value: number | null
  readonly samples: number
  /** Buckets with enough samples to be judged. */
  readonly buckets: number
  readonly bucketsBeyondRed: number
  /** Further samples until the number is judged; only where they are too few. */
  readonly needs?: number
  /** The first bucket, of the whole phase, at which being beyond red was sustained. */
  readonly firstSustainedBucket?: number
}

type Ruling = Pick<ValueFinding, 'verdict' | 'code' | 'message' | 'needs' | 'firstSustainedBucket'>

/** What the rules look at, once a look is known to make sense. */
interface Measured {
  readonly look: ValueLook
  readonly whole: Measure
  /** Indexes of the buckets with enough samples, each once. */
  readonly judged: ReadonlySet<number>
  readonly beyondRed: ReadonlySet<number>
}

/**
 * Judges a number, such as a percentile, by its bounds: over the whole phase, and in every bucket of it
 * that has enough samples. No statistics are claimed: a number a little beyond its bound is beyond it,
 * by chance or not, and `minSamples` is all that protects against the former. Never throws: numbers or
 * bounds that make no sense are an `error`.
 */
export function judgeValue(look: ValueLook): ValueFinding {
  const fault = faultOf(look)
  if (fault !== undefined) {
    const nothing = { value: null, samples: 0, buckets: 0, bucketsBeyondRed: 0 }
    return { kind: 'value', verdict: 'error', ...fault, ...nothing }
  }
  const measured = measure(look)
  const { whole, judged, beyondRed } = measured
  return {
    kind: 'value',
    ...ruleOn(measured),
    value: whole.samples === 0 ? null : whole.value,
    samples: whole.samples,
    buckets: judged.size,
    bucketsBeyondRed: beyondRed.size
  }
}

function measure(look: ValueLook): Measured {
  const { rule, buckets, whole = { value: 0, samples: 0 } } = look
  const enough = buckets.filter(({ samples }) => samples >= rule.minSamples)
  const beyond = enough.filter(({ value }) => keeps(rule.red, value))
  return {
    look,
    whole,
    judged: new Set(enough.map(({ bucket }) => bucket)),
    beyondRed: new Set(beyond.map(({ bucket }) => bucket))
  }
}

/** The first that applies, from red down to pass. */
function ruleOn(measured: Measured): Ruling {
  return (
    ruleOnSamples(measured) ??
    ruleOnRed(measured) ??
    ruleOnBuckets(measured) ??
    ruleOnPass(measured)
  )
}

/** No bucket has more samples than the phase, so where these are too few, those are too. */
function ruleOnSamples({ look: { rule }, whole }: Measured): Ruling | undefined {
  const needs = rule.minSamples - whole.samples
  if (needs <= 0) {
    return undefined
  }
  const needText = `needs ${manyText(needs, 'more sample')}`
  if (whole.samples === 0) {
    const message = `no sample yet; ${needText}`
    return { verdict: 'insufficient', code: 'no-data', message, needs }
  }
  const seen = `${wholeText(whole)} is too little to tell`
  // Merely thin is what meets its bound.
  return keeps(rule.pass, whole.value)
    ? { verdict: 'insufficient', code: 'thin', message: `${seen}; ${needText}`, needs }
    : {
        verdict: 'insufficient',
        code: 'thin_short',
        message: `${seen}, and short of ${valueBoundText(rule.pass)}; ${needText}`,
        needs
      }
}

function ruleOnRed({ look: { rule }, whole }: Measured): Ruling | undefined {
  if (!keeps(rule.red, whole.value)) {
    return undefined
  }
  const message = `${wholeText(whole, rule.red.value)}, beyond the red bound ${valueBoundText(rule.red)}`
  return { verdict: 'red', code: 'beyond_red', message }
}

function ruleOnBuckets({ look, whole, judged, beyondRed }: Measured): Ruling | undefined {
  const { rule, nowBucket } = look
  if (beyondRed.size === 0) {
    return undefined
  }
  const seen = `${countText(beyondRed.size)} of ${manyText(judged.size, 'bucket')} beyond the red bound ${valueBoundText(rule.red)}`
  const burst = rule.sustained && ruleOnBurst(rule.sustained, [...beyondRed], nowBucket)
  if (burst !== undefined) {
    const { words, ...ruling } = burst
    return { ...ruling, message: `${seen}, ${words}` }
  }
  const unsustained = rule.sustained === undefined ? '' : ', not sustained'
  const message = `${seen}${unsustained}; ${wholeText(whole, rule.red.value)} in the whole phase`
  return { verdict: 'warn', code: 'bucket_beyond_red', message }
}

function ruleOnPass({ look: { rule }, whole }: Measured): Ruling {
  const seen = wholeText(whole, rule.pass.value)
  const pass = valueBoundText(rule.pass)
  if (keeps(rule.pass, whole.value)) {
    return { verdict: 'pass', code: 'within_pass', message: `${seen}, within ${pass}` }
  }
  const message = `${seen} does not meet ${pass}${warnText(rule.warn, whole.value)}`
  return { verdict: 'warn', code: 'short_of_pass', message }
}

function warnText(warn: ValueLook['rule']['warn'], value: number): string {
  if (warn === undefined) {
    return ''
  }
  const bound = `the warn bound ${valueBoundText(warn)}`
  return keeps(warn, value) ? `, but is within ${bound}` : ` and is beyond ${bound}`
}

/** "1,840 from 3,000 samples". */
function wholeText({ value, samples }: Measure, bound?: number): string {
  return `${numberText(value, bound)} from ${manyText(samples, 'sample')}`
}
