import { exitCodeOf } from '../rollout/exit-code.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { PhaseState, State } from '../rollout/state.ts'

/** A whole rehearsal as one document; its times are virtual. */
export function rehearsalDocument(end: {
  readonly scenario: string
  readonly state: State
  readonly folder: string
}): object {
  const { scenario, state, folder } = end
  return {
    version: 1,
    scenario,
    rollout: rolloutId(state.definition, state.number),
    status: state.status,
    exitCode: exitCodeOf(state.status),
    startedAt: state.startedAt ?? null,
    hold: state.hold ?? null,
    phases: state.phases.map(phaseDocument),
    rollback: rollbackDocument(state),
    folder
  }
}

function phaseDocument(phase: PhaseState): object {
  return {
    name: phase.name,
    status: phase.status,
    target: phase.intent?.target ?? null,
    flags: phase.intent?.flags ?? {},
    deployment: phase.deployment ?? null,
    since: phase.since ?? null,
    endedAt: phase.endedAt ?? null,
    looks: phase.looks.map(look => ({
      at: look.at,
      checkpoints: look.checkpoints,
      verdicts: Object.fromEntries(look.judgements.map(j => [j.criterion, j.verdict])),
      decision: look.decision,
      rule: look.rule,
      reason: look.reason
    }))
  }
}

function rollbackDocument({ rollback }: State): object | null {
  if (rollback === undefined) return null
  const { intent, steps, finished } = rollback
  return {
    phase: intent.phase,
    requestedAt: intent.at,
    reason: intent.reason,
    steps: steps.map(({ step, at, message }) => ({ step, at, message })),
    outcome: finished?.outcome ?? null,
    finishedAt: finished?.at ?? null
  }
}
