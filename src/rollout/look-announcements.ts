import type { LookBody } from './events.ts'
import type { Announcement } from './ports.ts'
import type { RolloutStatus } from './state.ts'

type Told = Pick<LookBody, 'phase' | 'decision' | 'reason' | 'judgements' | 'cause'>

/**
 * What people who are not looking are told of a look: a hold once, when it begins or gets another
 * cause, and a warning when it begins; a rollback and a promotion always. `previous` is the last look on
 * record, and the rollout was in that `status` before this one.
 */
export function lookAnnouncements(
  rollout: string,
  look: Told,
  previous: Pick<LookBody, 'decision' | 'judgements' | 'cause'> | undefined,
  status: RolloutStatus
): readonly Announcement[] {
  const { phase, reason: body, cause } = look
  switch (look.decision) {
    case 'hold':
      // One that somebody has ended since is another hold, for whatever cause.
      return previous?.decision === 'hold' && previous.cause === cause && status !== 'running'
        ? []
        : [
            {
              kind: 'held',
              rollout,
              title: `${rollout} is held in ${phase}`,
              body,
              ...(cause === undefined ? {} : { cause })
            }
          ]
    case 'rollback':
      return [
        {
          kind: 'rolled-back',
          rollout,
          title: `${rollout} is being rolled back from ${phase}`,
          body
        }
      ]
    case 'promote':
      return [{ kind: 'promoted', rollout, title: `${rollout}: ${phase} is promoted`, body }]
    case 'continue':
      return warns(look) && !warns(previous)
        ? [{ kind: 'warning', rollout, title: `${rollout}: a warning in ${phase}`, body }]
        : []
  }
}

function warns(look: Pick<LookBody, 'judgements'> | undefined): boolean {
  return look?.judgements.some(({ verdict }) => verdict === 'warn') ?? false
}
