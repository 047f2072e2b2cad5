import * as z from 'zod'
import { parseEventLog } from '../rollout/event-log.ts'
import {
  continuedLog,
  EMPTY_LOG,
  eventLogPath,
  type LogText,
  newestNumber,
  rolloutNumbers
} from '../rollout/ledger-entry.ts'
import type { LedgerEntry } from '../rollout/ports.ts'
import { type GithubApi, settled } from './api.ts'
import type { Branches } from './branches.ts'

/** One rollout as one commit of the ledger holds it. */
export interface Point {
  readonly head: string
  /** 0 when there is no such rollout. */
  readonly number: number
  readonly log: LogText
  readonly dashboard: string | undefined
}

/** What the ledger holds at a commit. A commit never changes, so what was read of one is kept. */
export interface LedgerReader {
  /**
   * The wanted rollout, or the newest; undefined when the repository has no such commit.
   * @throws ProviderError
   * @throws InputError when the log is spoilt
   */
  at(head: string, definition: string, number?: number): Promise<Point | undefined>
  /** The newest rollout at that commit, when it is known without asking. */
  newest(head: string, definition: string): Point | undefined
  /** Takes note of what the commit holds that this entry, on top of this log, has just become. */
  extend(entry: LedgerEntry, head: string, base: LogText): void
}

const text = z
  .object({
    oid: z.string().optional(),
    text: z.string().nullish(),
    isTruncated: z.boolean().optional()
  })
  .nullable()
const answer = z.object({
  repository: z.object({
    commit: z.object({ oid: z.string() }).nullable(),
    readme: text,
    folder: z
      .object({ entries: z.array(z.object({ name: z.string(), type: z.string() })).nullish() })
      .nullable(),
    log: text
  })
})

type Answer = z.infer<typeof answer>['repository']

const DOCUMENT = `query RollgateLedger($owner: String!, $repo: String!, $head: GitObjectID!, $readme: String!, $folder: String!, $log: String!) {
  repository(owner: $owner, name: $repo) {
    commit: object(oid: $head) { oid }
    readme: object(expression: $readme) { ...text }
    folder: object(expression: $folder) { ... on Tree { entries { name type } } }
    log: object(expression: $log) { ...text }
  }
}
fragment text on Blob { oid text isTruncated }`

/** Reads with one query as a rule: the rollout read last is most often the one that is wanted again. */
export function createLedgerReader(api: GithubApi, branches: Branches): LedgerReader {
  const kept = new Map<string, Point>()
  const keyOf = (definition: string, number: number | undefined) =>
    JSON.stringify([definition, number])

  const newest = (head: string, definition: string): Point | undefined => {
    const point = kept.get(keyOf(definition, undefined))
    return point?.head === head ? point : undefined
  }

  const ask = async (head: string, definition: string, number: number): Promise<Answer> => {
    const { repository } = settled(
      await api.query({
        needs: 'contents: read',
        what: 'the query of the ledger',
        document: DOCUMENT,
        variables: {
          ...api.repository,
          head,
          readme: `${head}:README.md`,
          folder: `${head}:${definition}`,
          log: `${head}:${eventLogPath(definition, number)}`
        },
        answer,
        repeatable: true
      })
    )
    return repository
  }

  const textOf = async (blob: z.infer<typeof text>): Promise<string | undefined> => {
    // Anything but a blob answers the fragment with nothing.
    if (blob?.oid === undefined) return undefined
    return blob.isTruncated || typeof blob.text !== 'string'
      ? branches.readText(blob.oid)
      : blob.text
  }

  const fetch = async (
    head: string,
    definition: string,
    wanted: number | undefined
  ): Promise<Point | undefined> => {
    const guess = wanted ?? Math.max(1, kept.get(keyOf(definition, undefined))?.number ?? 1)
    const first = await ask(head, definition, guess)
    if (first.commit === null) return undefined
    const dashboard = await textOf(first.readme)
    const number = newestNumber(rolloutNumbers(foldersOf(first)), wanted)
    if (number === 0) return { head, number, log: EMPTY_LOG, dashboard }
    const { log: blob } = number === guess ? first : await ask(head, definition, number)
    const log = await textOf(blob)
    return {
      head,
      number,
      log: log === undefined ? EMPTY_LOG : parsed(log, eventLogPath(definition, number)),
      dashboard
    }
  }

  return {
    at: async (head, definition, number) => {
      const key = keyOf(definition, number)
      const known = kept.get(key)
      if (known?.head === head) return known
      const point = await fetch(head, definition, number)
      if (point !== undefined) kept.set(key, point)
      return point
    },
    newest,
    extend: (entry, head, base) => {
      const { definition, number, expectedHead } = entry
      const before = expectedHead === undefined ? NOTHING : newest(expectedHead, definition)
      if (before === undefined || number < before.number) return
      const dashboard = entry.dashboard ?? before.dashboard
      const log = continuedLog(entry, base)
      kept.set(keyOf(definition, undefined), { head, number, log, dashboard })
    }
  }
}

const NOTHING = { number: 0, dashboard: undefined }

function parsed(log: string, path: string): LogText {
  return { text: log, events: parseEventLog(log, path) }
}

function foldersOf({ folder }: Answer): readonly string[] {
  return (folder?.entries ?? []).filter(({ type }) => type === 'tree').map(({ name }) => name)
}
