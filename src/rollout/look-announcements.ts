import type { LookBody } from './events.ts'
import type { Announcement } from './ports.ts'

type Told = Pick<LookBody, 'phase' | 'decision' | 'reason' | 'judgements'>

/**
 * What people who are not looking are told of a look: a hold and a warning once, when they begin; a
 * rollback and a promotion always. `previous` is the last look on record.
 */
export function lookAnnouncements(
  rollout: string,
  look: Told,
  previous: Pick<LookBody, 'decision' | 'judgements'> | undefined
): readonly Announcement[] {
  const { phase, reason: body } = look
  switch (look.decision) {
    case 'hold':
      return previous?.decision === 'hold'
        ? []
        : [{ kind: 'held', title: `${rollout} is held in ${phase}`, body }]
    case 'rollback':
      return [{ kind: 'rolled-back', title: `${rollout} is being rolled back from ${phase}`, body }]
    case 'promote':
      return [{ kind: 'promoted', title: `${rollout}: ${phase} is promoted`, body }]
    case 'continue':
      return warns(look) && !warns(previous)
        ? [{ kind: 'warning', title: `${rollout}: a warning in ${phase}`, body }]
        : []
  }
}

function warns(look: Pick<LookBody, 'judgements'> | undefined): boolean {
  return look?.judgements.some(({ verdict }) => verdict === 'warn') ?? false
}
