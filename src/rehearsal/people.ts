import type { Announcement, Announcer, Approvals } from '../rollout/ports.ts'

/** The people of the rehearsal: somebody who approves, and somebody who is told. */
export interface People {
  readonly approvals: Approvals
  readonly announcer: Announcer
  readonly announcements: readonly Announcement[]
  /** What was approved, in order: `production-full 0123456789abcdef`. */
  readonly approved: readonly string[]
}

const APPROVER = 'rehearsal-approver'

/** People who approve every briefing they are shown, and never one of their own. */
export function createPeople(): People {
  const announcements: Announcement[] = []
  const approved: string[] = []
  return {
    announcements,
    approved,
    announcer: {
      announce: announcement => {
        announcements.push(announcement)
        return Promise.resolve()
      }
    },
    approvals: {
      prove: ({ phase, digest, environment }) => {
        approved.push(`${phase} ${digest}`)
        return Promise.resolve({
          by: APPROVER,
          comment: 'rehearsed',
          how: `review in environment ${environment} of the rehearsal`
        })
      }
    }
  }
}
