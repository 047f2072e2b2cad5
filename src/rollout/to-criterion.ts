import type { Threshold } from '../verdict/threshold.ts'
import type { ValueBound } from '../verdict/value.ts'
import { parseBound, parseValueBound } from './bound.ts'
import type {
  Control,
  Criterion,
  ProportionCriterion,
  StateMachineCriterion,
  SustainedSettings,
  ValueCriterion
} from './definition.ts'
import type { RawCriterion } from './definition-schema.ts'
import { parseDuration } from './duration.ts'
import { reportedMetric } from './reported.ts'

const STRICT_MIN_N = 50
const MIN_SAMPLES = 20
const CONTROL_SLOT = '1h'
const HEAL = '6h'
const BUCKET_OF_EVENTS = '5m'
const BUCKET_OF_VALUES = '1h'

/** A criterion whose shape and rules have been checked, every default filled in. */
export function toCriterion(name: string, raw: RawCriterion): Criterion {
  if (raw.reported !== undefined) {
    const label = raw.reported
    return { kind: 'reports', name, metric: reportedMetric(label), label }
  }
  const named = { name, metric: raw.metric ?? '' }
  const control = toControl(raw)
  if (raw.zero_tolerance) return { kind: 'zero-tolerance', ...named, control }
  if (raw.legal) return { kind: 'state-machine', ...named, ...toStateMachine(raw), control }
  if (parseValueBound(raw.pass ?? '')) return { kind: 'value', ...named, ...toValue(raw) }
  if (raw.sustained) {
    const settings = toSustained(raw, raw.sustained, BUCKET_OF_EVENTS)
    return { kind: 'sustained', ...named, ...settings, control }
  }
  const asked = raw.control === undefined ? {} : { control }
  return { kind: 'proportion', ...named, ...toProportion(raw), ...asked }
}

function toControl({ control, control_slot }: RawCriterion): Control {
  return { metric: control ?? '', slotMs: ms(control_slot ?? CONTROL_SLOT) }
}

type Rest<T> = Omit<T, 'kind' | 'name' | 'metric' | 'control'>

function toProportion(raw: RawCriterion): Rest<ProportionCriterion> {
  return {
    pass: toShare(raw.pass ?? ''),
    warn: raw.warn === undefined ? undefined : toShare(raw.warn),
    red: toShare(raw.red ?? ''),
    strictMinN: raw.strict_min_n ?? STRICT_MIN_N
  }
}

function toValue(raw: RawCriterion): Rest<ValueCriterion> {
  return {
    pass: toNumber(raw.pass ?? ''),
    warn: raw.warn === undefined ? undefined : toNumber(raw.warn),
    red: toNumber(raw.red ?? ''),
    minSamples: raw.min_samples ?? MIN_SAMPLES,
    sustained: raw.sustained && toSustained(raw, raw.sustained, BUCKET_OF_VALUES)
  }
}

function toSustained(
  { heal, healed }: RawCriterion,
  { bucket, run, of }: NonNullable<RawCriterion['sustained']>,
  usualBucket: string
): SustainedSettings {
  return {
    bucketMs: ms(bucket ?? usualBucket),
    run,
    of,
    healMs: ms(heal ?? HEAL),
    healed: healed ?? 'red'
  }
}

function toStateMachine({ legal = {}, stuck }: RawCriterion): Rest<StateMachineCriterion> {
  return {
    legal,
    stuck: stuck && { state: stuck.state, warnMs: ms(stuck.warn), redMs: ms(stuck.red) }
  }
}

/** A bound that the rules have already accepted, as all that follow. */
function toShare(text: string): Threshold {
  return parseBound(text) ?? { operator: '>=', percent: Number.NaN }
}

function toNumber(text: string): ValueBound {
  return parseValueBound(text) ?? { operator: '>=', value: Number.NaN }
}

function ms(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}
