import { readFileSync } from 'node:fs'
import { type Definition, type Phase, phaseNamed } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import type { MetricKind } from '../../src/rollout/ports.ts'

/** The runbook's rollout as it stands in the repository. */
export const FILE = 'rollouts/assignment-pipeline-v3.yml'
export const TEXT = readFileSync(FILE, 'utf8')

export const METRICS: Readonly<Record<string, MetricKind>> = {
  outcomes: 'proportion',
  'manual-review': 'proportion',
  errors: 'count',
  'circuit-open': 'count',
  'coordinator-events': 'count',
  'coordinator-starts': 'count',
  legacy: 'count',
  telemetry: 'count',
  transitions: 'transitions',
  'duration-p95': 'value',
  'runbook-figure': 'proportion'
}

export const example: Definition = parseDefinition({
  file: FILE,
  text: TEXT,
  digest: 'd1'.repeat(32),
  metrics: METRICS
})

export const LAST_PHASE = 'production-full'

export function phase(name: string): Phase {
  const found = phaseNamed(example, name)
  if (found === undefined) throw new Error(`the worked example has no phase ${name}`)
  return found
}
