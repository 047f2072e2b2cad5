import { formatDuration } from './duration.ts'
import type { IntegrityFinding, Judgement } from './events.ts'

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
 * watch, with flags and deployment seen as they should be; a red criterion means that the rollback
 * did not take effect.
 */
export function decideWatch(
  judgements: readonly Judgement[],
  integrity: readonly IntegrityFinding[],
  { passedMs, watchMs }: { readonly passedMs: number; readonly watchMs: number }
): WatchMade {
  const reason = judgements.map(({ criterion, message }) => `${criterion}: ${message}`).join('; ')
  if (judgements.some(({ verdict }) => verdict === 'red')) {
    return { outcome: 'failed', rule: 'watch-red', reason }
  }
  if (passedMs < watchMs) {
    const left = formatDuration(watchMs - passedMs)
    return { outcome: 'watching', rule: 'watching', reason: `${left} of the watch are left` }
  }
  const unsure = integrity.filter(({ ok }) => !ok)
  const passed = judgements.length > 0 && judgements.every(({ verdict }) => verdict === 'pass')
  if (passed && integrity.length > 0 && unsure.length === 0) {
    return { outcome: 'verified', rule: 'watch-pass', reason }
  }
  const open = [...unsure.map(({ message }) => message), reason].join('; ')
  return passedMs >= PATIENCE * watchMs
    ? { outcome: 'unproven', rule: 'watch-over', reason: open }
    : { outcome: 'watching', rule: 'watch-extended', reason: open }
}
