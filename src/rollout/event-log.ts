import { type LedgerEvent, ledgerEvent } from './events.ts'
import { InputError } from './rollgate-error.ts'

/**
 * The text of an `events.jsonl`: one event per line, from `seq` 1 on without a gap, every line ended.
 * Every ledger keeps this same text, so they can be copied into one another.
 */

const LEADING_KEYS = ['seq', 'id', 'at', 'by', 'run', 'kind']

/** Keys in one order whatever the order they were set in, so that equal events are equal lines. */
export function renderEventLog(events: readonly LedgerEvent[]): string {
  return events.map(event => `${JSON.stringify(ordered(event, LEADING_KEYS))}\n`).join('')
}

/** `file` is only named in what is thrown. @throws InputError `ledger_corrupt` */
export function parseEventLog(text: string, file: string): readonly LedgerEvent[] {
  const { events, fault } = readEventLog(text, file)
  if (fault !== undefined) throw fault
  return events
}

/** As much of a log as can be read. */
export interface ReadLog {
  /** The events before the first line that is none. */
  readonly events: readonly LedgerEvent[]
  /** What is wrong with that line; undefined when the whole log was read. */
  readonly fault: InputError | undefined
}

/** Reads a log up to the first line that is no event; `file` is only named in the fault. */
export function readEventLog(text: string, file: string): ReadLog {
  const lines = text.split('\n')
  const rest = lines.pop()
  const events: LedgerEvent[] = []
  try {
    for (const [index, line] of lines.entries()) {
      events.push(parseLine(line, `${file}:${index + 1}`, index + 1))
    }
  } catch (error) {
    if (error instanceof InputError) return { events, fault: error }
    throw error
  }
  const cutOff = `${file}: the last line is cut off.`
  return { events, fault: rest === '' ? undefined : corrupt(cutOff) }
}

function parseLine(line: string, place: string, seq: number): LedgerEvent {
  const parsed = ledgerEvent.safeParse(parseJson(line, place))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.length ? ` at ${issue.path.join('.')}` : ''
    throw corrupt(`${place}: not a ledger event${where}: ${issue?.message}.`)
  }
  if (parsed.data.seq !== seq) {
    throw corrupt(`${place}: seq is ${parsed.data.seq} where ${seq} is due.`)
  }
  return parsed.data
}

function parseJson(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw corrupt(`${place}: not JSON.`, cause)
  }
}

function corrupt(message: string, cause?: unknown): InputError {
  return new InputError(
    'ledger_corrupt',
    message,
    'The ledger is only ever appended to: revert the commit that changed the file by hand, or use the version of Rollgate that wrote it.',
    cause
  )
}

function ordered(value: unknown, first: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map(item => ordered(item))
  if (typeof value !== 'object' || value === null) return value
  const rest = Object.keys(value).filter(key => !first.includes(key))
  const keys = [...first.filter(key => key in value), ...rest.sort()]
  return Object.fromEntries(
    keys.map(key => [key, ordered((value as Record<string, unknown>)[key])])
  )
}
