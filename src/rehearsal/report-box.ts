import type { ReportReader } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { createIdentifiers } from './github/identifier.ts'
import { createIssueHands, type IssueHands } from './github/issue-hands.ts'
import { createIssueTable } from './github/issue-table.ts'
import { iso } from './github/world.ts'

/** The issues of a simulated repository, read without an API in between. */
export interface ReportBox {
  readonly reports: ReportReader
  /** What people do with the issues. */
  readonly hands: IssueHands
}

/** No issues yet, and these labels; issues are opened by that clock. */
export function createReportBox(now: () => number, labels: readonly string[]): ReportBox {
  const issues = createIssueTable(createIdentifiers(), now)
  const hands = createIssueHands(issues)
  for (const label of labels) hands.addLabel(label)
  const openedSince: ReportReader['openedSince'] = async (label, since) => {
    const wanted = issues.label(label)?.name.toLowerCase()
    if (wanted === undefined) {
      throw new ProviderError(
        'label_missing',
        `The rehearsed repository has no label "${label}".`,
        'Name a label that the definition names.'
      )
    }
    const sinceMs = Math.floor(Date.parse(since) / 1000) * 1000
    return issues
      .list()
      .filter(({ pull }) => pull === undefined)
      .filter(issue => issue.labels.some(name => name.toLowerCase() === wanted))
      .map(({ createdMs }) => new Date(iso(createdMs)).toISOString())
      .filter(opened => Date.parse(opened) >= sinceMs)
  }
  return { reports: { openedSince }, hands }
}
