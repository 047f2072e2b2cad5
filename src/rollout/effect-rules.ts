import type { MetricKinds } from './definition.ts'
import { nameSchema } from './definition-schema.ts'
import { type Path, type Problem, record, type YamlSource } from './yaml-source.ts'

/** The rules of what phases want proven; a phase with another mistake is checked all the same. */
export function checkEffects(source: YamlSource, metrics?: MetricKinds): readonly Problem[] {
  const file = record(source.data)
  const phases = Array.isArray(file?.['phases']) ? file['phases'] : []
  const bound = Object.keys(record(file?.['parameters']) ?? {})
  return phases.flatMap((phase, index) => {
    const effect = record(record(phase)?.['effect'])
    if (effect === undefined) return []
    const path = ['phases', index, 'effect']
    return [
      ...checkParts(source, path, effect),
      ...checkExposure(source, [...path, 'exposure'], {
        exposure: record(effect['exposure']) ?? {},
        bound,
        metrics
      })
    ]
  })
}

function checkParts(
  source: YamlSource,
  path: Path,
  { probe, exposure }: Readonly<Record<string, unknown>>
): readonly Problem[] {
  if (probe !== undefined || exposure !== undefined) return []
  const fix = 'add probe or exposure, or leave effect out: the flags are proven without it'
  return [source.problem(path, 'names nothing that is to be seen', fix)]
}

interface Drawn {
  readonly exposure: Readonly<Record<string, unknown>>
  /** Names of the definition's own parameters. */
  readonly bound: readonly string[]
  readonly metrics: MetricKinds | undefined
}

function checkExposure(
  source: YamlSource,
  path: Path,
  { exposure, bound, metrics }: Drawn
): readonly Problem[] {
  const parameters = Object.keys(record(exposure['parameters']) ?? {})
  return [
    ...checkMetric(source, [...path, 'metric'], exposure['metric'], metrics),
    ...parameters
      .filter(parameter => bound.includes(parameter))
      .map(parameter => {
        const message = 'is a parameter of the whole definition already'
        const fix = 'remove one of the two, or rename it in the SQL file'
        return source.keyProblem([...path, 'parameters'], parameter, message, fix)
      })
  ]
}

function checkMetric(
  source: YamlSource,
  path: Path,
  metric: unknown,
  metrics: MetricKinds | undefined
): readonly Problem[] {
  if (metrics === undefined || !nameSchema.safeParse(metric).success) return []
  const kind = Object.hasOwn(metrics, String(metric)) ? metrics[String(metric)] : undefined
  if (kind === 'proportion') return []
  const shares = Object.keys(metrics).filter(name => metrics[name] === 'proportion')
  const message =
    kind === undefined ? 'is not a metric' : `is of kind ${kind}, and a share is wanted`
  return [source.problem(path, message, `write one of ${shares.join(', ')}`)]
}
