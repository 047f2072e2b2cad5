import { parseEventLog } from '../../src/rollout/event-log.ts'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import {
  checkContinues,
  checkEntry,
  EMPTY_LOG,
  entryFiles,
  eventLogPath,
  isRecorded,
  type LogText,
  newestNumber,
  rolloutNumbers,
  staleHead
} from '../../src/rollout/ledger-entry.ts'
import type { Ledger } from '../../src/rollout/ports.ts'

/** A ledger that is forgotten with its process; writing to a disk is three quarters of a case's time. */
export interface MemoryLedger extends Ledger {
  /** Every file by its path from the root; a test may change them by hand. */
  readonly files: Map<string, string>
  /** Subjects, newest first. */
  readonly history: string[]
}

export function createMemoryLedger(): MemoryLedger {
  const files = new Map<string, string>()
  const history: string[] = []
  // Between two entries a log is read many times over.
  let parsed: LogText = EMPTY_LOG
  const head = () => (history.length === 0 ? undefined : `head-${history.length}`)
  const logOf = (definition: string, number: number): readonly LedgerEvent[] => {
    const path = eventLogPath(definition, number)
    const text = files.get(path) ?? ''
    if (parsed.text !== text) parsed = { text, events: parseEventLog(text, path) }
    return parsed.events
  }
  return {
    files,
    history,
    read: async (definition, wanted) => {
      const folders = [...files.keys()].filter(path => path.startsWith(`${definition}/`))
      const known = rolloutNumbers(folders.map(path => path.split('/')[1] ?? ''))
      const number = newestNumber(known, wanted)
      const events = number === 0 ? [] : logOf(definition, number)
      return { head: head(), number, events, dashboard: files.get('README.md') }
    },
    append: async entry => {
      checkEntry(entry)
      const { definition, number, expectedHead, message } = entry
      const log = logOf(definition, number)
      const now = head()
      if (now !== undefined && isRecorded(entry, log)) return now
      if (now !== expectedHead) throw staleHead(entry, now)
      checkContinues(entry, log)
      const text = files.get(eventLogPath(definition, number)) ?? ''
      for (const [path, content] of entryFiles(entry, text)) files.set(path, content)
      history.unshift(message.replaceAll(/\s+/gu, ' '))
      return head() ?? ''
    }
  }
}
