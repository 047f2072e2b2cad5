import type { MetricKinds } from '../../src/rollout/definition.ts'
import { definitionProblems, parseDefinition } from '../../src/rollout/definition-file.ts'
import { formatProblem } from '../../src/rollout/yaml-source.ts'

/** The least that a definition needs, one thought a line, so that a mistake has an obvious place. */
export const SMALL = `name: small
owner: "@acme/booking"
database: { secret: DATABASE_URL, environment_filter: none }
targets:
  preview: { keys: staging }
  production: { keys: production }
phases:
  - name: first
    target: preview
    flags: { FEATURE: "true" }
    soak: 1h
    checkpoints: [0m, 30m, 1h]
    criteria: full
  - name: second
    target: production
    flags: { FEATURE: "true" }
    soak: 48h
    checkpoints: [0m, 48h]
    criteria: full
criteria:
  full:
    rate: { metric: outcomes, pass: ">= 97%", red: "< 90%" }
    quiet: { metric: events, zero_tolerance: true, control: telemetry }
    errors: { metric: errors, sustained: {}, control: telemetry }
rollback: { flags: { FEATURE: "false" }, criteria: full }
`

export const SMALL_METRICS: MetricKinds = {
  outcomes: 'proportion',
  events: 'count',
  errors: 'count',
  telemetry: 'count',
  latency: 'value'
}

const FILE = 'small.yml'

export function parse(text: string) {
  return parseDefinition({ file: FILE, text, digest: 'd0', metrics: SMALL_METRICS })
}

/** The lines a person would read. */
export function refusals(text: string): readonly string[] {
  const problems = definitionProblems({
    file: FILE,
    text,
    digest: 'd0',
    metrics: SMALL_METRICS
  })
  return problems.map(formatProblem)
}

/** The small definition with one part of it written differently. */
export function smallWith(part: string, other: string): string {
  if (!SMALL.includes(part)) throw new Error(`the small definition has no ${part}`)
  return SMALL.replace(part, () => other)
}
