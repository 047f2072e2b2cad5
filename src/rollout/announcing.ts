import type { HoldCause } from './events.ts'
import type { Announcement, IssueDraft } from './ports.ts'

/**
 * The label of every issue that Rollgate files. Nobody but a collaborator can put it on one: in a
 * public repository anybody can file an issue with our key in it, and close it or change its title at
 * will.
 */
export const ISSUE_LABEL = 'rollgate'

/**
 * The issue that an announcement is filed as; undefined for what only concerns whoever looks at the
 * run. A rollback and its failure are one matter, and so are all holds of a rollout for one cause.
 */
export function filedAs(announcement: Announcement): IssueDraft | undefined {
  const { rollout, title, body } = announcement
  switch (announcement.kind) {
    case 'rolled-back':
    case 'rollback-failed':
      return { key: `rollback ${rollout}`, title, body }
    // Whoever set it going may have been no person, whom GitHub would have told.
    case 'failed':
      return { key: `failure ${rollout}`, title, body }
    case 'held':
      return waitsForPerson(announcement)
        ? { key: `hold ${rollout} ${announcement.cause ?? 'cut-off'}`, title, body }
        : undefined
    // Graduation files the clean-up itself, since it records where it was filed.
    case 'graduated':
    case 'promoted':
    case 'warning':
      return undefined
  }
}

/**
 * Whoever held it knows, and the others end by themselves. Without a cause nobody can know that it
 * does.
 */
const NEEDS_NOBODY: readonly (HoldCause | undefined)[] = ['person', 'frozen', 'error', 'integrity']

function waitsForPerson({ cause }: Announcement): boolean {
  return !NEEDS_NOBODY.includes(cause)
}
