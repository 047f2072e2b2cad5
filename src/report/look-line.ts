import { checkpointName } from '../rollout/duration.ts'
import type { LookBody, LookEvent } from '../rollout/events.ts'
import type { State } from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import { verdictText } from './verdict-mark.ts'

/** What a look was for: "T+6h", "a sentinel at T+6h12m", "the watch after the rollback". */
export function lookName({ purpose, checkpoints, window }: LookBody): string {
  if (purpose === 'watch') return 'the watch after the rollback'
  if (purpose === 'graduation') return 'the time since the promotion'
  if (checkpoints.length > 0) return checkpoints.join(', ')
  if (window === undefined) return 'a sentinel'
  const offsetMs = Date.parse(window.databaseNow) - Date.parse(window.since)
  return `a sentinel at ${checkpointName(offsetMs)}`
}

/**
 * "⚠️ warn → hold": the worst verdict of a look and its decision, where it had one to make. What was
 * not proven but accepted is said to be: "⚠️ warn, accepted → promote".
 */
export function outcomeText({ purpose, judgements, decision, rule }: LookBody): string {
  const verdict = verdictText(worstVerdict(judgements))
  const accepted = rule === 'accepted' ? ', accepted' : ''
  return purpose === 'soak' ? `${verdict}${accepted} → ${decision}` : verdict
}

/**
 * The look that stands for a rollout: the last of the phase it is in, or of the one before while
 * the next is only planned; never of the watch after a rollback.
 */
export function lastLook(state: State): LookEvent | undefined {
  const name = state.rollback?.intent.phase
  const phase =
    state.phases.find(one => one.name === name) ??
    state.phases.findLast(({ status }) => status !== 'planned')
  return phase?.looks.at(-1)
}

/** The look of the same phase and purpose before this one, whether this one is recorded or not. */
export function previousLook(state: State, look: LookBody): LookEvent | undefined {
  return looksLike(state, look).findLast(({ at }) => Date.parse(at) < Date.parse(look.at))
}

/** Whether the ledger keeps this look; a sentinel with nothing new to say leaves no trace. */
export function isRecorded(state: State, look: LookBody): boolean {
  // The ledger stamps a look when it is written, never before it was made.
  return looksLike(state, look).some(({ at }) => Date.parse(at) >= Date.parse(look.at))
}

function looksLike(state: State, { purpose, phase }: LookBody): readonly LookEvent[] {
  const looks =
    purpose === 'watch'
      ? state.rollback?.looks
      : state.phases.find(({ name }) => name === phase)?.looks
  return (looks ?? []).filter(look => look.purpose === purpose)
}
