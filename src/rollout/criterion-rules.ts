import { checkBounds } from './bound-rules.ts'
import { hasBounds, LEGAL, type Rule, rulesOf, usefulKeys } from './criterion-shape.ts'
import type { MetricKinds } from './definition.ts'
import type { RawCriterion } from './definition-schema.ts'
import type { MetricKind } from './ports.ts'
import { checkStates } from './state-machine-rules.ts'
import type { Placed, Problem, YamlSource } from './yaml-source.ts'

/** Every mistake in one criterion that has the right shape; names of metrics only with `metrics`. */
export function checkCriterion(
  source: YamlSource,
  criterion: Placed<RawCriterion>,
  metrics?: MetricKinds
): readonly Problem[] {
  const { path, value } = criterion
  const [rule, ...others] = rulesOf(value)
  if (rule === undefined || others.length > 0) {
    const message = rule === undefined ? 'has no rule' : 'has more than one rule'
    const fix =
      'write exactly one of: pass and red; zero_tolerance: true; sustained; legal; reported'
    return [source.problem(path, message, fix)]
  }
  return [
    ...checkMetric(source, criterion, rule, metrics),
    ...(hasBounds(value) ? checkBounds(source, criterion) : []),
    ...checkControl(source, criterion, rule, metrics),
    ...(rule === LEGAL ? checkStates(source, criterion) : []),
    ...checkSustained(source, criterion),
    ...checkIdleKeys(source, criterion, rule)
  ]
}

/** A key that nothing reads would promise a safety that is not there. */
function checkIdleKeys(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>,
  rule: Rule
): readonly Problem[] {
  const useful = usefulKeys(value, rule)
  return Object.keys(value)
    .filter(key => !useful.includes(key))
    .map(key => source.keyProblem(path, key, `does nothing beside ${rule.name}`, 'remove it'))
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
  { path, value: { metric } }: Placed<RawCriterion>,
  { kinds }: Rule,
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (kinds.length === 0) return []
  const place = [...path, 'metric']
  if (metric === undefined) {
    return [
      source.problem(place, 'is missing', 'add metric; lower-case letters, digits and dashes')
    ]
  }
  return checkKind(source, { path: place, value: metric }, kinds, metrics)
}

/** Names of metrics are checked only where it is known which there are. */
function checkKind(
  source: YamlSource,
  { path, value }: Placed<string>,
  wanted: readonly MetricKind[],
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (metrics === undefined) return []
  const found = kindOf(metrics, value)
  if (found !== undefined && wanted.includes(found)) return []
  const message =
    found === undefined
      ? 'is not a known metric'
      : `is of kind ${found}, not ${wanted.join(' or ')}`
  return [source.problem(path, message, boundFix(found, wanted) ?? nameFix(metrics, wanted))]
}

function nameFix(metrics: MetricKinds, wanted: readonly MetricKind[]): string {
  const known = Object.entries(metrics).filter(([, kind]) => wanted.includes(kind))
  const names = known.map(([name]) => name).join(', ') || '(there is none)'
  return `write one of ${names}, or add its SQL file`
}

/** The metric may be the right one, and the % behind its bounds be wrong. */
function boundFix(
  found: MetricKind | undefined,
  [wanted]: readonly MetricKind[]
): string | undefined {
  if (found === 'value' && wanted === 'proportion') return 'write its bounds without %'
  return found === 'proportion' && wanted === 'value' ? 'write its bounds with %' : undefined
}

function kindOf(metrics: MetricKinds, name: string): MetricKind | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined
}

function checkControl(
  source: YamlSource,
  { path, value: { control } }: Placed<RawCriterion>,
  rule: Rule,
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (rule.control === undefined) return []
  if (control !== undefined) {
    return checkKind(source, { path: [...path, 'control'], value: control }, ['count'], metrics)
  }
  return rule.control === 'possible'
    ? []
    : [
        source.problem(
          path,
          'has no control, and silence proves nothing when the microphone may be off',
          'add control: telemetry'
        )
      ]
}
