import { parseDuration } from '../rollout/duration.ts'
import { type Answers, hasShadowPhases } from './answers.ts'

/** One phase of the definition that is written. */
export interface PlannedPhase {
  readonly name: string
  readonly target: 'preview' | 'production'
  /** Which values the flags take. */
  readonly step: 'shadow' | 'full'
  readonly soak: string
  readonly extend: string
  readonly checkpoints: readonly string[]
  /** The GitHub environment whose reviewers approve it; undefined when it has no gate. */
  readonly gate: string | undefined
}

interface PhaseShape {
  readonly name: string
  readonly target: PlannedPhase['target']
  readonly step: PlannedPhase['step']
  /** Undefined: as long as the soak. */
  readonly extend?: string
  /** Looks before the end of the soak, as far as they lie in it. */
  readonly looks: readonly string[]
}

/** The four phases of the worked example, or two of them when the new code cannot run silently. */
const SHAPES: readonly PhaseShape[] = [
  {
    name: 'staging-shadow',
    target: 'preview',
    step: 'shadow',
    extend: '2h',
    looks: ['0m', '1h', '6h', '12h', '24h']
  },
  {
    name: 'staging-full',
    target: 'preview',
    step: 'full',
    looks: ['0m', '1h', '6h', '12h', '24h', '36h', '48h', '72h', '96h', '120h', '144h']
  },
  {
    name: 'production-shadow',
    target: 'production',
    step: 'shadow',
    extend: '6h',
    looks: ['0m', '1h', '6h', '12h', '24h']
  },
  {
    name: 'production-full',
    target: 'production',
    step: 'full',
    looks: [
      ...['0m', '30m', '1h', '2h', '4h', '6h', '12h', '24h', '48h'],
      ...['72h', '96h', '120h', '144h']
    ]
  }
]

/** The phases that these answers lead to, in order. */
export function plannedPhases(answers: Answers): readonly PlannedPhase[] {
  const shapes = SHAPES.filter(({ step }) => step === 'full' || hasShadowPhases(answers))
  return shapes.map(({ name, target, step, extend, looks }, index) => {
    const soak = answers.soaks[index] ?? '48h'
    return {
      name,
      target,
      step,
      soak,
      extend: extend ?? soak,
      checkpoints: [...looks.filter(look => isBefore(look, soak)), soak],
      gate: target === 'production' ? `approve-${name}` : undefined
    }
  })
}

function isBefore(look: string, soak: string): boolean {
  return (parseDuration(look) ?? 0) < (parseDuration(soak) ?? 0)
}
