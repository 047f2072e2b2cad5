import type { Identifiers } from './identifier.ts'

export interface SimulatedLabel {
  readonly id: number
  readonly name: string
  readonly color: string
  readonly description: string | null
}

export interface SimulatedComment {
  readonly id: number
  readonly body: string
  readonly by: string
  readonly createdMs: number
}

/** An issue, or the issue that every pull request also is. */
export interface SimulatedIssue {
  readonly id: number
  readonly number: number
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  readonly state: 'open' | 'closed'
  readonly by: string
  readonly comments: readonly SimulatedComment[]
  readonly createdMs: number
  /** When anything about it was last changed. */
  readonly updatedMs: number
  readonly closedMs: number | undefined
  readonly pull: SimulatedBranches | undefined
}

/** What a pull request is about. */
export interface SimulatedBranches {
  readonly id: number
  readonly head: string
  readonly base: string
  readonly draft: boolean
}

export interface SimulatedPullRequest extends SimulatedIssue {
  readonly pull: SimulatedBranches
}

export interface IssueDraft {
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  readonly by: string
  readonly pull?: Omit<SimulatedBranches, 'id'>
}

/** Issues and pull requests, which share their numbers, and the labels they carry. */
export interface IssueTable {
  create(draft: IssueDraft): SimulatedIssue
  find(number: number): SimulatedIssue | undefined
  /** Oldest first, pull requests included. */
  list(): readonly SimulatedIssue[]
  comment(number: number, body: string, by: string): SimulatedComment
  setState(number: number, state: 'open' | 'closed'): void
  relabel(number: number, labels: readonly string[]): void
  /** Deleted, or transferred to another repository; its number is not given out again. */
  remove(number: number): void
  labels(): readonly SimulatedLabel[]
  label(name: string): SimulatedLabel | undefined
  addLabel(draft: Omit<SimulatedLabel, 'id'>): SimulatedLabel
}

/** No issues and no labels yet; numbers start at 1. */
export function createIssueTable(identifiers: Identifiers, now: () => number): IssueTable {
  const issues = new Map<number, SimulatedIssue>()
  const labels = new Map<string, SimulatedLabel>()
  let numbers = 0

  const label = (name: string) => labels.get(name.toLowerCase())
  const addLabel: IssueTable['addLabel'] = draft => {
    const added = { ...draft, id: identifiers.next('label') }
    labels.set(draft.name.toLowerCase(), added)
    return added
  }
  const change = (number: number, changed: Partial<SimulatedIssue>): void => {
    const issue = issues.get(number)
    if (!issue) throw new Error(`There is no issue ${number} in the simulated GitHub.`)
    issues.set(number, { ...issue, ...changed, updatedMs: now() })
  }
  // Whoever may label can also make a label by using it.
  const addMissing = (names: readonly string[]): void => {
    for (const name of names)
      if (!label(name)) addLabel({ name, color: 'ededed', description: null })
  }

  return {
    find: number => issues.get(number),
    list: () => [...issues.values()],
    labels: () => [...labels.values()],
    label,
    addLabel,
    create: ({ pull, ...draft }) => {
      addMissing(draft.labels)
      numbers += 1
      const issue: SimulatedIssue = {
        ...draft,
        id: identifiers.next('issue'),
        number: numbers,
        state: 'open',
        comments: [],
        createdMs: now(),
        updatedMs: now(),
        closedMs: undefined,
        pull: pull && { ...pull, id: identifiers.next('pull') }
      }
      issues.set(issue.number, issue)
      return issue
    },
    comment: (number, body, by) => {
      const comment = { id: identifiers.next('comment'), body, by, createdMs: now() }
      change(number, { comments: [...(issues.get(number)?.comments ?? []), comment] })
      return comment
    },
    setState: (number, state) =>
      change(number, { state, closedMs: state === 'closed' ? now() : undefined }),
    relabel: (number, names) => {
      addMissing(names)
      change(number, { labels: names })
    },
    remove: number => {
      issues.delete(number)
    }
  }
}
