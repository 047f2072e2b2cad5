import { filedAs } from './rollout/announcing.ts'
import type { Announcer, Log, Repository } from './rollout/ports.ts'
import { RollgateError } from './rollout/rollgate-error.ts'

/**
 * Tells whoever looks at the run, and files what must not be missed as an issue. Failing to file never
 * changes an outcome: it is logged.
 */
export function createFilingAnnouncer(
  announcer: Announcer,
  repository: Pick<Repository, 'fileIssue'>,
  log: Log
): Announcer {
  return {
    announce: async announcement => {
      await announcer.announce(announcement)
      const draft = filedAs(announcement)
      if (draft === undefined) return
      try {
        const filed = await repository.fileIssue(draft)
        if (filed !== undefined) log.info(`filed as ${filed.url}`)
      } catch (error) {
        if (!(error instanceof RollgateError)) throw error
        log.warning(`no issue was filed: ${error.message} ${error.remedy}`)
      }
    }
  }
}
