import { isAnswered } from './answered.ts'
import { checkpointName } from './duration.ts'
import type { Judgement, LookEvent } from './events.ts'
import type { DueLook } from './schedule.ts'
import type { PhaseState, RollbackState } from './state.ts'

/**
 * Where a look keeps what it saw, below the rollout's folder. No two looks on record share a folder:
 * what one was decided on is never written over by another.
 */

const MINUTE_MS = 60_000

/** The look that a rollout is graduated on; there is one at the most. */
export const GRADUATION_FOLDER = 'evidence/graduation'

/** A soak that began anew has a folder of its own. */
export function soakFolder({ name, soak }: Pick<PhaseState, 'name' | 'soak'>): string {
  return soak === undefined ? `evidence/${name}` : `evidence/${name}/soak-${soak}`
}

/** `…/T+6h` for a checkpoint, `…/T+5h30m-sentinel` for a look in between, `-unanswered` for a blind one. */
export function soakLookFolder(
  current: PhaseState,
  due: DueLook,
  judgements: readonly Judgement[],
  nowMs: number
): string {
  const label = labelOf(current, due, judgements, nowMs)
  return unused(`${soakFolder(current)}/${label}`, current.looks)
}

/** `evidence/rollback/T+30m-watch`: no phase that is named rollback has one like it. */
export function watchFolder({ looks }: RollbackState, passedMs: number): string {
  return unused(`evidence/rollback/${minuteName(passedMs)}-watch`, looks)
}

function labelOf(
  { since = '' }: PhaseState,
  due: DueLook,
  judgements: readonly Judgement[],
  nowMs: number
): string {
  const elapsed = minuteName(nowMs - Date.parse(since))
  const checkpoint = due.checkpoints.at(-1)?.name
  if (checkpoint === undefined) return `${elapsed}-sentinel`
  // The same checkpoint is looked at again later, and that look keeps its own evidence.
  return isAnswered({ judgements }) ? checkpoint : `${elapsed}-unanswered`
}

function minuteName(ms: number): string {
  return checkpointName(Math.floor(ms / MINUTE_MS) * MINUTE_MS)
}

/** Two looks of one minute may both be worth recording: `T+5m-sentinel`, `T+5m-sentinel-2`. */
function unused(folder: string, looks: readonly LookEvent[]): string {
  const used = new Set(looks.map(({ evidence }) => evidence))
  let free = folder
  for (let number = 2; used.has(free); number += 1) free = `${folder}-${number}`
  return free
}
