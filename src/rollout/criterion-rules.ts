import { isFloor } from '../verdict/threshold.ts'
import { parseBound } from './bound.ts'
import type { MetricKinds } from './definition.ts'
import type { RawCriterion } from './definition-schema.ts'
import type { MetricKind } from './ports.ts'
import type { Path, Problem, YamlSource } from './yaml-source.ts'

/** A part of a definition and where it stands. */
export interface Placed<T> {
  readonly path: Path
  readonly value: T
}

/** The rules a criterion can have, and the keys that mean something beside each. */
const RULES = [
  { rule: 'pass and red', marks: ['pass', 'red'], keys: ['pass', 'warn', 'red', 'strict_min_n'] },
  {
    rule: 'zero_tolerance',
    marks: ['zero_tolerance'],
    keys: ['zero_tolerance', 'control', 'control_slot']
  },
  {
    rule: 'sustained',
    marks: ['sustained'],
    keys: ['sustained', 'heal', 'healed', 'control', 'control_slot']
  }
] as const

/** Every mistake in one criterion that has the right shape; names of metrics only with `metrics`. */
export function checkCriterion(
  source: YamlSource,
  criterion: Placed<RawCriterion>,
  metrics?: MetricKinds
): readonly Problem[] {
  const { path, value } = criterion
  const rules = RULES.filter(({ marks }) => marks.some(mark => value[mark] !== undefined))
  const [rule] = rules
  if (rule === undefined || rules.length > 1) {
    const message = rule === undefined ? 'has no rule' : 'has more than one rule'
    const fix = 'write exactly one of: pass and red; zero_tolerance: true; sustained'
    return [source.problem(path, message, fix)]
  }
  const idle = checkIdleKeys(source, criterion, rule)
  return rule.rule === 'pass and red'
    ? [
        ...checkMetric(source, criterion, 'metric', 'proportion', metrics),
        ...checkBounds(source, criterion),
        ...idle
      ]
    : [
        ...checkMetric(source, criterion, 'metric', 'count', metrics),
        ...checkControl(source, criterion, metrics),
        ...checkSustained(source, criterion),
        ...idle
      ]
}

/** A key that nothing reads would promise a safety that is not there. */
function checkIdleKeys(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>,
  { rule, keys }: (typeof RULES)[number]
): readonly Problem[] {
  const useful: readonly string[] = ['metric', ...keys]
  return Object.keys(value)
    .filter(key => !useful.includes(key))
    .map(key => source.keyProblem(path, key, `does nothing beside ${rule}`, 'remove it'))
}

function checkSustained(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>
): readonly Problem[] {
  const [enough, window] = value.sustained?.of ?? [0, 0]
  return enough <= window
    ? []
    : [
        source.problem(
          [...path, 'sustained', 'of'],
          `asks for ${enough} of ${window} buckets`,
          'write the smaller number first: [4, 12]'
        )
      ]
}

function checkMetric(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>,
  key: 'metric' | 'control',
  kind: MetricKind,
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (metrics === undefined) return []
  const name = value[key] ?? ''
  const found = Object.hasOwn(metrics, name) ? metrics[name] : undefined
  if (found === kind) return []
  const known = Object.keys(metrics).filter(metric => metrics[metric] === kind)
  const message = found === undefined ? 'is not a known metric' : `is a ${found}, not a ${kind}`
  const fix = `write one of ${known.join(', ') || '(there is none)'}, or add its SQL file`
  return [source.problem([...path, key], message, fix)]
}

function checkControl(
  source: YamlSource,
  criterion: Placed<RawCriterion>,
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (criterion.value.control !== undefined) {
    return checkMetric(source, criterion, 'control', 'count', metrics)
  }
  return [
    source.problem(
      criterion.path,
      'has no control, and silence proves nothing when the microphone may be off',
      'add control: telemetry'
    )
  ]
}

function checkBounds(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>
): readonly Problem[] {
  const pass = parseBound(value.pass ?? '')
  const red = parseBound(value.red ?? '')
  if (!(pass && red)) {
    const missing = pass ? 'red' : 'pass'
    return [
      source.problem(
        path,
        `has no ${missing} bound`,
        `add ${missing}, as in pass: ">= 97%", red: "< 90%"`
      )
    ]
  }
  if (isFloor(pass) === isFloor(red)) {
    const fix = 'let pass and red look in opposite directions: ">= 97%" and "< 90%"'
    return [source.problem([...path, 'red'], 'looks in the same direction as pass', fix)]
  }
  const apart = isFloor(pass) ? pass.percent > red.percent : pass.percent < red.percent
  return apart && isOpen(pass.percent) && isOpen(red.percent)
    ? []
    : [
        source.problem(
          [...path, 'red'],
          'leaves no room between pass and red',
          'keep both strictly between 0% and 100%, and pass on the better side of red'
        )
      ]
}

/** The likelihoods of 3.3 need a share that is neither impossible nor certain. */
function isOpen(percent: number): boolean {
  return percent > 0 && percent < 100
}
