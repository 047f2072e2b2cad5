import { renderEventLog } from './event-log.ts'
import { type LedgerEvent, ledgerEvent } from './events.ts'
import type { LedgerEntry } from './ports.ts'
import { ConflictError, InputError } from './rollgate-error.ts'
import { rolloutFolder, rolloutId } from './rollout-id.ts'

/** What every ledger asks of an entry before it writes it, and the files it then writes. */

// Names that git refuses in a tree, or that leave the folder when it is checked out.
const UNSAFE_SEGMENT = /^(|\.{1,2}|\.git|git~\d)$|[/\\\p{Cc}]/iu

/** The branch that a ledger is kept on unless told. */
export const DEFAULT_BRANCH = 'rollgate-ledger'

/** A log as it is written, and what it says. */
export interface LogText {
  readonly text: string
  readonly events: readonly LedgerEvent[]
}

/** The log of a rollout that nothing was recorded of yet. */
export const EMPTY_LOG: LogText = { text: '', events: [] }

/** Paths are relative to the ledger's root; all of them change in one commit. */
export type EntryFiles = ReadonlyMap<string, string>

/** The log of a rollout inside the ledger. */
export function eventLogPath(definition: string, number: number): string {
  return `${rolloutFolder(definition, number)}/events.jsonl`
}

/** The rollouts of a definition, given the names of the folders in its own folder. */
export function rolloutNumbers(folders: readonly string[]): readonly number[] {
  return folders.filter(name => /^[1-9]\d*$/u.test(name)).map(Number)
}

/** Which of these rollouts a reader gets: the wanted one, or the newest; 0 when there is none. */
export function newestNumber(known: readonly number[], wanted: number | undefined): number {
  if (wanted === undefined) return Math.max(0, ...known)
  return known.includes(wanted) ? wanted : 0
}

/** @throws InputError `ledger_branch` when git would not take it for a branch */
export function checkedBranch(branch: string): string {
  if (/^(?!.*(?:\.\.|\.lock(?:\/|$)|\.$|\/\.))[\w][\w.-]*(?:\/[\w.-]+)*$/u.test(branch))
    return branch
  throw new InputError(
    'ledger_branch',
    `"${branch}" cannot be the ledger’s branch.`,
    'Use letters, digits, dashes and dots, as rollgate-ledger.'
  )
}

/**
 * Refuses what could never be written whatever the ledger holds: an event that would not be read
 * back, or a path that leaves the rollout's folder or touches its log.
 * @throws InputError
 */
export function checkEntry(entry: LedgerEntry): void {
  for (const event of entry.events) checkEvent(event)
  checkSegments(entry.definition, [entry.definition])
  const paths = entry.files.map(file => file.path)
  for (const path of paths) checkPath(path)
  paths.forEach((path, index) => {
    const other = paths.find((p, i) => i !== index && (p === path || p.startsWith(`${path}/`)))
    if (other !== undefined) throw badPath(path, `stands in the way of "${other}"`)
  })
}

/**
 * The entry is already the newest thing in this log: its response was lost and it is being repeated.
 * Once somebody else's event follows, it no longer counts, because the sender has not seen that one.
 */
export function isRecorded(entry: LedgerEntry, log: readonly LedgerEvent[]): boolean {
  if (entry.events.length === 0) return false
  const newest = log.slice(-entry.events.length).map(event => event.id)
  return entry.events.every((event, index) => event.id === newest[index])
}

/** @throws InputError when the entry's events are not the next ones of this log */
export function checkContinues(entry: LedgerEntry, log: readonly LedgerEvent[]): void {
  const ids = new Set(log.map(event => event.id))
  entry.events.forEach((event, index) => {
    const due = log.length + index + 1
    if (event.seq !== due)
      throw outOfOrder(entry, `${event.kind} has seq ${event.seq}, ${due} is due`)
    if (ids.has(event.id)) throw outOfOrder(entry, `an event with id ${event.id} is already in it`)
    ids.add(event.id)
  })
}

/** Everything the entry's commit changes, given the text its log has now. */
export function entryFiles(entry: LedgerEntry, logText: string): EntryFiles {
  const folder = rolloutFolder(entry.definition, entry.number)
  const files = new Map(entry.files.map(file => [`${folder}/${file.path}`, file.content]))
  if (entry.events.length > 0) {
    files.set(eventLogPath(entry.definition, entry.number), logText + renderEventLog(entry.events))
  }
  if (entry.dashboard !== undefined) {
    files.set('README.md', entry.dashboard)
    files.set('vercel.json', NOT_DEPLOYED)
  }
  return files
}

/** A project that is connected to the repository would build a preview of every entry. */
const NOT_DEPLOYED = `${JSON.stringify({ git: { deploymentEnabled: false } }, null, 2)}\n`

/** The log as it stands once the entry is written. */
export function continuedLog(entry: LedgerEntry, { text, events }: LogText): LogText {
  return { text: text + renderEventLog(entry.events), events: [...events, ...entry.events] }
}

/** What a ledger throws when its head is not the one the entry was decided on. */
export function staleHead(entry: LedgerEntry, head: string | undefined): ConflictError {
  return new ConflictError(
    'stale_head',
    `The ledger moved to ${head ?? 'nothing'} while ${rolloutId(entry.definition, entry.number)} was decided on ${entry.expectedHead ?? 'an empty ledger'}.`,
    'Read the ledger again and decide again; nothing was written.'
  )
}

function checkEvent(event: LedgerEvent): void {
  const parsed = ledgerEvent.safeParse(event)
  if (parsed.success) return
  const [issue] = parsed.error.issues
  throw new InputError(
    'ledger_event',
    `The ${event.kind} event ${event.seq} would not be read back: ${issue?.path.join('.')}: ${issue?.message}.`,
    'This is a defect of Rollgate; nothing was written. Please report it.'
  )
}

function checkPath(path: string): void {
  const segments = path.split('/')
  checkSegments(path, segments)
  // Compared without case: Windows and macOS check trees out without it.
  if (segments[0]?.toLowerCase() === 'events.jsonl') throw badPath(path, 'is the append-only log')
}

function checkSegments(path: string, segments: readonly string[]): void {
  const bad = segments.find(segment => UNSAFE_SEGMENT.test(segment))
  if (bad !== undefined) throw badPath(path, `has the segment "${bad}"`)
}

function badPath(path: string, problem: string): InputError {
  return new InputError(
    'ledger_path',
    `The ledger cannot hold "${path}": it ${problem}.`,
    'Name the file by a plain path below the rollout’s folder, as evidence/staging-full/T+6h/manifest.json.'
  )
}

function outOfOrder(entry: LedgerEntry, problem: string): InputError {
  return new InputError(
    'ledger_order',
    `The entry does not continue ${rolloutId(entry.definition, entry.number)}: ${problem}.`,
    'Number events from the log that was read; nothing was written.'
  )
}
