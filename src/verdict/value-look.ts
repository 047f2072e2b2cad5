import { isSensible, type SustainedRule } from './burst.ts'
import { isCount } from './count.ts'

/** One bound on a number, in the metric's own unit, as the definition writes it: "<= 2000". */
export interface ValueBound {
  readonly operator: '>=' | '>' | '<=' | '<'
  readonly value: number
}

/** The bounds of a value criterion; `pass` and `red` look in opposite directions. */
export interface ValueRule {
  readonly pass: ValueBound
  /** Up to where it is only a warning. Informative: nothing is decided by it. */
  readonly warn?: ValueBound
  readonly red: ValueBound
  /** A number made from fewer samples than this says nothing; 1 or more. */
  readonly minSamples: number
  readonly sustained?: SustainedRule
}

/** A number and how many samples it was made from. */
export interface Measure {
  readonly value: number
  readonly samples: number
}

/** The number of one bucket since the phase start; buckets may be missing, unordered and repeated. */
export interface BucketMeasure extends Measure {
  readonly bucket: number
}

/** All that one look at a value criterion knows. */
export interface ValueLook {
  readonly rule: ValueRule
  readonly buckets: readonly BucketMeasure[]
  /** Over the whole phase, which the buckets do not add up to; absent when nothing was measured. */
  readonly whole?: Measure
  /** The bucket that contains the end of the window: not finished yet. */
  readonly nowBucket: number
}

/** Why a look cannot be judged. */
export interface ValueFault {
  readonly code: 'bad-counts' | 'bad-rule'
  readonly message: string
}

/** Whether a number keeps the bound; false for what is no number. */
export function keeps({ operator, value: bound }: ValueBound, value: number): boolean {
  switch (operator) {
    case '>=':
      return value >= bound
    case '>':
      return value > bound
    case '<=':
      return value <= bound
    case '<':
      return value < bound
  }
}

/** The bound as the definition writes it. */
export function valueBoundText({ operator, value }: ValueBound): string {
  return `${operator} ${value}`
}

/** What makes the look impossible to judge, if anything does. */
export function faultOf(look: ValueLook): ValueFault | undefined {
  const ofRule = ruleFault(look.rule)
  if (ofRule !== undefined) {
    return { code: 'bad-rule', message: `the criterion makes no sense: ${ofRule}` }
  }
  const ofNumbers = windowFault(look) ?? wholeFault(look)
  return ofNumbers === undefined
    ? undefined
    : { code: 'bad-counts', message: `the numbers make no sense: ${ofNumbers}` }
}

function ruleFault({ pass, warn, red, minSamples, sustained }: ValueRule): string | undefined {
  const bounds = [pass, red, ...(warn === undefined ? [] : [warn])]
  const wrong = bounds.find(({ value }) => !Number.isFinite(value))
  if (wrong !== undefined) {
    return `${valueBoundText(wrong)} is no bound`
  }
  if (!areApart(pass, red)) {
    return `red ${valueBoundText(red)} does not lie beyond pass ${valueBoundText(pass)}`
  }
  if (!isCount(minSamples) || minSamples === 0) {
    return `the least number of samples is ${minSamples}`
  }
  return sustained === undefined || isSensible(sustained)
    ? undefined
    : 'its rule for sustained trouble cannot be kept'
}

/** Whether the bounds look in opposite directions and no number is within pass and beyond red at once. */
export function areApart(pass: ValueBound, red: ValueBound): boolean {
  const [low, high] = isLowerBound(pass) ? [red, pass] : [pass, red]
  if (isLowerBound(low) || !isLowerBound(high)) {
    return false
  }
  const touch = low.operator === '<=' && high.operator === '>='
  return touch ? low.value < high.value : low.value <= high.value
}

/** True of ">= 3": larger numbers keep the bound. */
export function isLowerBound({ operator }: ValueBound): boolean {
  return operator === '>=' || operator === '>'
}

function windowFault({ buckets, nowBucket }: ValueLook): string | undefined {
  if (!isCount(nowBucket)) {
    return `the look is in bucket ${nowBucket}`
  }
  const wrong = buckets.find(({ bucket, ...measure }) => !(isCount(bucket) && isMeasure(measure)))
  if (wrong !== undefined) {
    return `bucket ${wrong.bucket} has ${wrong.value} from ${wrong.samples} samples`
  }
  const late = buckets.find(({ bucket }) => bucket > nowBucket)
  return late === undefined
    ? undefined
    : `bucket ${late.bucket} lies after the bucket of the look, ${nowBucket}`
}

/** A phase cannot have fewer samples than one of its buckets: a number over the whole of it is missing. */
function wholeFault({ buckets, whole }: ValueLook): string | undefined {
  if (whole !== undefined && !isMeasure(whole)) {
    return `the whole phase has ${whole.value} from ${whole.samples} samples`
  }
  const samples = whole?.samples ?? 0
  const larger = buckets.find(bucket => bucket.samples > samples)
  return larger === undefined
    ? undefined
    : `bucket ${larger.bucket} has ${larger.samples} samples and the whole phase ${samples}`
}

function isMeasure({ value, samples }: Measure): boolean {
  return Number.isFinite(value) && isCount(samples)
}
