import { isAnswered } from './answered.ts'
import type { LookBody, LookEvent } from './events.ts'
import type { RolloutStatus } from './state.ts'

/** A quiet sentinel leaves a trace only when the last look on record is this old. */
export const HEARTBEAT_MS = 3_600_000

/**
 * Whether a look belongs into the ledger. Checkpoints, decisions and changes always do; a sentinel
 * that has nothing new to say only as a sign of life, so that the history stays readable and
 * everybody can see when the rollout was last looked at.
 */
export function isWorthRecording(
  look: LookBody,
  previous: LookEvent | undefined,
  status: RolloutStatus
): boolean {
  const { decision } = look
  if (isLookedAt(look) || decision === 'promote' || decision === 'rollback') return true
  // After a resume the last look on record may say hold while the rollout runs again.
  if (decision === 'hold' && status === 'running') return true
  return (
    previous === undefined ||
    previous.decision !== decision ||
    previous.cause !== look.cause ||
    signature(previous) !== signature(look) ||
    Date.parse(look.at) - Date.parse(previous.at) >= HEARTBEAT_MS
  )
}

/** A checkpoint that was not answered stays due, and is tried again at every wake-up. */
function isLookedAt(look: LookBody): boolean {
  return look.checkpoints.length > 0 && isAnswered(look)
}

/**
 * What of a look people would want to hear about when it changes. Once the soak is over that is also
 * why a criterion does not pass: it is what can be accepted.
 */
function signature({
  judgements,
  integrity,
  final
}: Pick<LookEvent, 'judgements' | 'integrity' | 'final'>): string {
  const verdicts = judgements.map(({ criterion, verdict, code }) => {
    const why = final && verdict !== 'pass' ? `:${code}` : ''
    return `${criterion}=${verdict}${why}`
  })
  const world = integrity.map(({ code, ok }) => `${code}=${ok}`)
  return [...verdicts, ...world].join(' ')
}
