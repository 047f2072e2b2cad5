import { formatDuration } from './duration.ts'
import type { Judgement } from './events.ts'

/** What the watch after a rollback has come to. */
export interface WatchMade {
  readonly outcome: 'watching' | 'verified' | 'unproven' | 'failed'
  readonly rule: string
  readonly reason: string
}

/** After this many times its length, a watch that saw too little stops waiting for more. */
const PATIENCE = 8

/**
 * Whether the old state is really back. It is `verified` only by explicit passes after the whole
 * watch; a red criterion means that the rollback did not take effect.
 */
export function decideWatch(
  judgements: readonly Judgement[],
  passedMs: number,
  watchMs: number
): WatchMade {
  const reason = judgements.map(({ criterion, message }) => `${criterion}: ${message}`).join('; ')
  if (judgements.some(({ verdict }) => verdict === 'red')) {
    return { outcome: 'failed', rule: 'watch-red', reason }
  }
  if (passedMs < watchMs) {
    const left = formatDuration(watchMs - passedMs)
    return { outcome: 'watching', rule: 'watching', reason: `${left} of the watch are left` }
  }
  if (judgements.length > 0 && judgements.every(({ verdict }) => verdict === 'pass')) {
    return { outcome: 'verified', rule: 'watch-pass', reason }
  }
  return passedMs >= PATIENCE * watchMs
    ? { outcome: 'unproven', rule: 'watch-over', reason }
    : { outcome: 'watching', rule: 'watch-extended', reason }
}
