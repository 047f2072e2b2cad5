import { type DecisionMade, decide } from './decide.ts'
import type { Definition, Phase } from './definition.ts'
import type { EventBody, LookBody } from './events.ts'
import { soakLookFolder } from './evidence-folder.ts'
import type { JudgingFrame } from './judge.ts'
import { rollbackRequest } from './rollback-request.ts'
import { dueLook, judgingFrame } from './schedule.ts'
import { figuresOf, judgeSight, type Seen, windowOf } from './sight.ts'
import { lastSeenMs, type PhaseState, type State } from './state.ts'

export interface SoakLookCase extends Seen {
  readonly definition: Definition
  readonly phase: Phase
  /** As the ledger has it when the look is recorded. */
  readonly state: State
  /** The phase in that state. */
  readonly current: PhaseState
  /** Why nothing may move forward at the moment; undefined when it may. */
  readonly frozen: string | undefined
}

/** A look as it is recorded, and what its criteria were judged by. */
export interface LookMade {
  readonly look: LookBody
  readonly frame: JudgingFrame
}

/** The whole look at a phase: what it is for, its verdicts and its decision. Same case, same look. */
export function soakLook(one: SoakLookCase): LookMade {
  const { definition, phase, current, sight, nowMs, integrity, frozen, at, wokenBy } = one
  const due = dueLook(phase, current, nowMs)
  const frame = judgingFrame(phase, current, nowMs)
  const judgements = [...judgeSight(definition.criteria[phase.criteria] ?? [], sight, frame)]
  const made = decide({
    judgements,
    integrity,
    due,
    hold: one.state.hold,
    accepted: current.accepted ?? [],
    frozen,
    blind: definition.blind,
    unseenMs: nowMs - lastSeenMs(current)
  })
  const look: LookBody = {
    kind: 'look',
    at,
    phase: phase.name,
    purpose: 'soak',
    checkpoints: due.checkpoints.map(({ name }) => name),
    final: due.final,
    wokenBy,
    ...(due.dueMs === undefined ? {} : { dueAt: new Date(due.dueMs).toISOString() }),
    lateMs: due.lateMs,
    ...windowOf(sight),
    judgements,
    ...figuresOf(definition, sight),
    integrity: [...integrity],
    definition: definition.digest,
    ...(frozen === undefined ? {} : { frozen }),
    ...decisionOf(made),
    evidence: soakLookFolder(current, due, judgements, nowMs)
  }
  return { look, frame }
}

/**
 * What is recorded beside a look: a red one and the intent to roll back are one commit. `served` is the
 * deployment that the look found live, where it did.
 */
export function soakConsequences(
  state: State,
  { decision, reason }: Pick<LookBody, 'decision' | 'reason'>,
  served: string | undefined
): readonly EventBody[] {
  return decision === 'rollback' ? rollbackRequest(state, reason, served) : []
}

function decisionOf({ decision, rule, reason, cause }: DecisionMade) {
  return { decision, rule, reason, ...(cause === undefined ? {} : { cause }) }
}
