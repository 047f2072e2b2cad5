import { type Definition, enabledPhases } from './definition.ts'
import type { Judgement } from './events.ts'
import type { State } from './state.ts'

/** Whether the time after the last promotion is over; `dueMs` is undefined when it will never be. */
export function graduationDue(
  { graduation }: Pick<Definition, 'graduation'>,
  state: State,
  nowMs: number
): { readonly due: boolean; readonly dueMs: number | undefined } {
  const promotedAt = state.phases.at(-1)?.endedAt
  if (graduation === undefined || state.status !== 'promoted' || promotedAt === undefined) {
    return { due: false, dueMs: undefined }
  }
  const dueMs = Date.parse(promotedAt) + graduation.afterMs
  return { due: nowMs >= dueMs, dueMs }
}

/**
 * Whether the rollout has proven itself for good. Every share must pass, everything must have been
 * judged, and nothing may be red; a warning of another kind is told and does not stand in the way.
 */
export function judgeGraduation(judgements: readonly Judgement[]): {
  readonly ready: boolean
  readonly reason: string
} {
  if (judgements.length === 0) return { ready: false, reason: 'nothing was judged' }
  const open = judgements.filter(standsInTheWay)
  if (open.length > 0) return { ready: false, reason: tell(open) }
  const warnings = judgements.filter(({ verdict }) => verdict !== 'pass')
  const passes = tell(judgements.filter(({ verdict }) => verdict === 'pass'))
  const reason = warnings.length === 0 ? passes : `${passes}; a warning stays: ${tell(warnings)}`
  return { ready: true, reason }
}

/** The flags that the last target ends with: what a new checkout should start from. */
export function finalFlags(definition: Definition): Readonly<Record<string, string>> {
  const phases = enabledPhases(definition)
  const target = phases.at(-1)?.target
  const steps = phases.filter(phase => phase.target === target)
  return Object.fromEntries(steps.flatMap(phase => Object.entries(phase.flags)))
}

function standsInTheWay({ verdict, finding }: Judgement): boolean {
  switch (verdict) {
    case 'pass':
      return false
    case 'warn':
      return finding['kind'] === 'proportion'
    case 'red':
    case 'error':
    case 'insufficient':
      return true
  }
}

function tell(judgements: readonly Judgement[]): string {
  return judgements.map(({ criterion, message }) => `${criterion}: ${message}`).join('; ')
}
