import {
  checkContinues,
  checkEntry,
  checkedBranch,
  EMPTY_LOG,
  entryFiles,
  isRecorded,
  type LogText,
  staleHead
} from '../rollout/ledger-entry.ts'
import { refusingRules } from '../rollout/ledger-rules.ts'
import { oneLine } from '../rollout/one-line.ts'
import type { Clock, Ledger, LedgerEntry } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { GithubApi, Outcome } from './api.ts'
import type { Failure } from './api-problem.ts'
import { activeRules } from './branch-rules.ts'
import type { Branches } from './branches.ts'
import { createLedgerReader } from './ledger-reader.ts'

export interface LedgerParts {
  readonly api: GithubApi
  readonly branches: Branches
  readonly branch: string
  readonly clock: Clock
}

type Refused = Extract<Failure, { kind: 'refused' }>

// A commit names the head it goes on, so one that did arrive is refused when it is sent again.
const TRIES = 3
const FIRST_WAIT_MS = 1000

/**
 * The ledger on a branch of the repository. An entry is one commit that GitHub makes if and only if
 * the branch still points at the head it was decided on; the first one makes the branch. Whatever
 * becomes of an answer, what was written is recognised by its events.
 * @throws InputError when the branch cannot be one
 */
export function createGithubLedger({ api, branches, branch: name, clock }: LedgerParts): Ledger {
  const branch = checkedBranch(name)
  const reader = createLedgerReader(api, branches)
  const successors = new Map<string | undefined, string>()

  // GitHub may still tell the head from before our own commit: the branch only ever grows.
  const readHead = async (): Promise<string | undefined> => {
    let head = await branches.head(branch)
    while (successors.has(head)) head = successors.get(head)
    return head
  }

  /** The log that the entry was decided on; undefined when it cannot be the newest one. */
  const baseOf = async (entry: LedgerEntry): Promise<LogText | undefined> => {
    const { expectedHead, definition, number } = entry
    if (expectedHead === undefined) return (await readHead()) === undefined ? EMPTY_LOG : undefined
    const newest = reader.newest(expectedHead, definition)
    if (newest !== undefined && newest.number <= number)
      return newest.number === number ? newest.log : EMPTY_LOG
    return (await reader.at(expectedHead, definition, number))?.log
  }

  /** For an entry whose head is not, or no longer, the newest: it is in there already, or it is late. */
  const settle = async (entry: LedgerEntry, head: string | undefined): Promise<string> => {
    const point = head && (await reader.at(head, entry.definition, entry.number))
    if (point && isRecorded(entry, point.log.events)) return point.head
    throw staleHead(entry, head)
  }

  const checkBase = async (entry: LedgerEntry, base: LogText): Promise<string | undefined> => {
    try {
      checkContinues(entry, base.events)
      return undefined
    } catch (error) {
      const head = await readHead()
      if (head === entry.expectedHead) throw error
      return settle(entry, head)
    }
  }

  const send = async (entry: LedgerEntry, base: LogText): Promise<Outcome<string>> => {
    const files = entryFiles(entry, base.text)
    const headline = oneLine(entry.message)
    const { expectedHead } = entry
    if (expectedHead !== undefined)
      return branches.commit({ branch, expectedHead, headline, files })
    const root = await branches.writeRoot(headline, files)
    const made = await branches.create(branch, root)
    return made.kind === 'done' ? { kind: 'done', value: root } : made
  }

  const pause = (tries: number) => clock.sleep(FIRST_WAIT_MS * 2 ** (tries - 1))

  /** The head once GitHub has said that it is not this one: what it reads may lag behind. */
  const headPast = async (expected: string | undefined): Promise<string | undefined> => {
    for (let tries = 1; ; tries += 1) {
      const head = await readHead()
      if (head !== expected || tries === TRIES) return head
      await pause(tries)
    }
  }

  const refused = async (entry: LedgerEntry, refusal: Refused): Promise<string> => {
    if (refusal.types.includes('STALE_DATA'))
      return settle(entry, await headPast(entry.expectedHead))
    const head = await readHead()
    if (head !== entry.expectedHead) return settle(entry, head)
    throw await explained(refusal, head !== undefined)
  }

  /** The refusal, or the rules behind it when there are some. */
  const explained = async (refusal: Refused, exists: boolean): Promise<ProviderError> => {
    const said = refusal.types.includes('BRANCH_PROTECTION_RULE_VIOLATION')
    const maybe = ['github_refused', 'github_forbidden'].includes(refusal.error.code)
    if (!said && (refusal.lacksPermission || !maybe)) return refusal.error
    const rules = (await activeRules(api, branch).catch(() => undefined)) ?? []
    const guilty = refusingRules(rules, exists)
    return said || guilty.length > 0
      ? protectedBranch(api.page, branch, guilty, refusal.error)
      : refusal.error
  }

  const write = async (entry: LedgerEntry, base: LogText): Promise<string> => {
    for (let tries = 1; ; tries += 1) {
      const outcome = await send(entry, base)
      if (outcome.kind === 'done') {
        successors.set(entry.expectedHead, outcome.value)
        reader.extend(entry, outcome.value, base)
        return outcome.value
      }
      if (outcome.kind === 'refused') return refused(entry, outcome)
      const head = await readHead()
      if (head !== entry.expectedHead) return settle(entry, head)
      if (tries === TRIES) throw outcome.error
      await pause(tries)
    }
  }

  return {
    read: async (definition, number) => {
      const head = await readHead()
      const point = head && (await reader.at(head, definition, number))
      if (!point) return { head, number: 0, events: [], dashboard: undefined }
      return { head, number: point.number, events: point.log.events, dashboard: point.dashboard }
    },
    append: async entry => {
      checkEntry(entry)
      const base = await baseOf(entry)
      if (base === undefined) return settle(entry, await readHead())
      return (await checkBase(entry, base)) ?? write(entry, base)
    }
  }
}

function protectedBranch(
  page: string,
  branch: string,
  rules: readonly string[],
  refusal: ProviderError
): ProviderError {
  const named = rules.length > 0 ? `: ${rules.join(', ')}` : ''
  return new ProviderError(
    'ledger_protected',
    `The rules of the branch ${branch} do not let Rollgate write its ledger${named}. ${refusal.message}`,
    `See ${page}/rules?ref=refs/heads/${branch} and, in ${page}/settings/rules or ${page}/settings/branches, leave ${branch} out of ${rules.length > 0 ? rules.join(', ') : 'what protects it'}; blocking force pushes and restricting deletions may stay.`
  )
}
