import type { IssueTable, SimulatedIssue } from './issue-table.ts'

/** What people do with issues in the browser, by the clock of the world. */
export interface IssueHands {
  /** A customer, or whoever speaks for one, says that something is wrong. */
  report(label: string, more?: { readonly title?: string; readonly by?: string }): SimulatedIssue
  /** From now on it carries these labels and no others. */
  relabel(number: number, labels: readonly string[]): void
  /** Closed, or opened again; a pull request as well. */
  setState(number: number, state: 'open' | 'closed'): void
  /** Deleted, or transferred to another repository. */
  remove(number: number): void
  /** There is such a label from now on. */
  addLabel(name: string): void
}

/** Hands on the issues of that table. */
export function createIssueHands(issues: IssueTable): IssueHands {
  const { relabel, setState, remove } = issues
  return {
    relabel,
    setState,
    remove,
    report: (label, { title = 'My booking failed', by = 'a-customer' } = {}) =>
      issues.create({ title, body: '', labels: [label], assignees: [], by }),
    addLabel: name => {
      if (issues.label(name)) return
      issues.addLabel({ name, color: 'd93f0b', description: null })
    }
  }
}
