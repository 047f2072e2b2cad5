import { findingText, wayToAccept } from './acceptance.ts'
import type { LookBody } from './events.ts'
import type { Announcement } from './ports.ts'
import type { RolloutStatus } from './state.ts'

type Told = Pick<
  LookBody,
  'phase' | 'decision' | 'rule' | 'reason' | 'judgements' | 'cause' | 'final'
>

/**
 * What people who are not looking are told of a look: a hold once, when it begins, gets another
 * cause or, at the end of a soak, something more that could be accepted; and a warning when it begins; a rollback and a promotion always. `previous` is the last look on
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
      return previous?.decision === 'hold' &&
        previous.cause === cause &&
        status !== 'running' &&
        !findsMore(look, previous)
        ? []
        : [
            {
              kind: 'held',
              rollout,
              title: `${rollout} is held in ${phase}`,
              body: heldBody(look),
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
      return [
        {
          kind: 'promoted',
          rollout,
          title: `${rollout}: ${phase} is promoted${look.rule === 'accepted' ? ' on what a person accepted' : ''}`,
          body
        }
      ]
    case 'continue':
      return warns(look) && !warns(previous)
        ? [{ kind: 'warning', rollout, title: `${rollout}: a warning in ${phase}`, body }]
        : []
  }
}

/** Nobody accepts by a command what they were not told of. */
function findsMore({ final, judgements }: Told, previous: Pick<LookBody, 'judgements'>): boolean {
  const known = new Set(previous.judgements.map(findingText))
  return final && judgements.some(one => one.verdict !== 'pass' && !known.has(findingText(one)))
}

/** Whoever is told of a hold that only a person ends is told how. */
function heldBody(look: Told): string {
  const accept =
    look.cause === 'warn' || look.cause === 'insufficient' ? wayToAccept(look) : undefined
  return accept === undefined
    ? look.reason
    : `${look.reason}\n\nTo take it upon yourself and let it pass: ${accept}`
}

function warns(look: Pick<LookBody, 'judgements'> | undefined): boolean {
  return look?.judgements.some(({ verdict }) => verdict === 'warn') ?? false
}
