import { decideWatch, type WatchMade } from './decide-watch.ts'
import type { Definition } from './definition.ts'
import type { EventBody, EventOf, LookBody } from './events.ts'
import { watchFolder } from './evidence-folder.ts'
import { judgeSight, type Seen, windowOf } from './sight.ts'
import type { LookMade } from './soak-look.ts'
import type { RollbackState } from './state.ts'

export interface WatchLookCase extends Seen {
  readonly definition: Definition
  /** As the ledger has it when the look is recorded. */
  readonly rollback: RollbackState
  /** Start of the watch, ISO 8601. */
  readonly since: string
}

/** The whole look at what follows a rollback, and what the watch has come to. Same case, same look. */
export function watchLook(one: WatchLookCase): LookMade & { readonly made: WatchMade } {
  const { definition, rollback, since, sight, nowMs, integrity, at, wokenBy } = one
  const { watchMs, criteria } = definition.rollback
  const frame = { horizonMs: watchMs, checkpointMs: undefined }
  const judgements = [...judgeSight(definition.criteria[criteria] ?? [], sight, frame)]
  const passedMs = nowMs - Date.parse(since)
  const made = decideWatch(judgements, integrity, { passedMs, watchMs })
  const look: LookBody = {
    kind: 'look',
    at,
    phase: rollback.intent.phase,
    purpose: 'watch',
    checkpoints: [],
    final: made.outcome !== 'watching',
    wokenBy,
    lateMs: 0,
    ...windowOf(sight),
    judgements,
    integrity: [...integrity],
    definition: definition.digest,
    decision: 'continue',
    rule: made.rule,
    reason: made.reason,
    evidence: watchFolder(rollback, passedMs)
  }
  return { look, frame, made }
}

/** What is recorded beside the look that ends a watch; nothing while it goes on. */
export function watchEnding(
  { id }: EventOf<'rollback-requested'>,
  { outcome, reason }: WatchMade
): readonly EventBody[] {
  return outcome === 'watching'
    ? []
    : [{ kind: 'rollback-finished', intent: id, outcome, message: reason }]
}
