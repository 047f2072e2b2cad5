import type { Definition, Graduation, Phase } from './definition.ts'
import type { LookBody } from './events.ts'
import { GRADUATION_FOLDER } from './evidence-folder.ts'
import { judgeGraduation } from './graduation.ts'
import { figuresOf, judgeSight, type Seen, windowOf } from './sight.ts'
import type { LookMade } from './soak-look.ts'
import type { PhaseState } from './state.ts'

export interface GraduationLookCase extends Seen {
  readonly definition: Definition
  readonly graduation: Graduation
  readonly phase: Phase
  readonly current: PhaseState
}

export interface GraduationMade extends LookMade {
  /** What stands in the way, one sentence each; none: it graduates. */
  readonly obstacles: readonly string[]
}

/** Where the time that a graduation looks back on begins, ISO 8601. */
export function graduationSince({ endedAt, since = '' }: PhaseState): string {
  return endedAt ?? since
}

/**
 * The look back on the whole time since the last promotion. Same case, same look; it is recorded only
 * when nothing stands in the way.
 */
export function graduationLook(one: GraduationLookCase): GraduationMade {
  const { definition, graduation, phase, current, sight, nowMs, integrity, at, wokenBy } = one
  const elapsedMs = nowMs - Date.parse(graduationSince(current))
  const frame = { horizonMs: Math.max(graduation.afterMs, elapsedMs), checkpointMs: undefined }
  const judgements = [...judgeSight(definition.criteria[phase.criteria] ?? [], sight, frame)]
  const { ready, reason } = judgeGraduation(judgements)
  const broken = integrity.filter(({ ok }) => !ok).map(({ message }) => message)
  const look: LookBody = {
    kind: 'look',
    at,
    phase: phase.name,
    purpose: 'graduation',
    checkpoints: [],
    final: true,
    wokenBy,
    lateMs: 0,
    ...windowOf(sight),
    judgements,
    ...figuresOf(definition, sight),
    integrity: [...integrity],
    definition: definition.digest,
    decision: 'continue',
    rule: 'graduation',
    reason,
    evidence: GRADUATION_FOLDER
  }
  return { look, frame, obstacles: [...broken, ...(ready ? [] : [reason])] }
}
