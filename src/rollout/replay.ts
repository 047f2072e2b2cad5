import { type Definition, enabledPhases } from './definition.ts'
import { type ReadLog, readEventLog } from './event-log.ts'
import type { LedgerEvent, LookEvent } from './events.ts'
import { keptDigest } from './kept-definition.ts'
import { type KeptLook, parseKeptLook, readingPath } from './kept-look.ts'
import { eventLogPath } from './ledger-entry.ts'
import { type KeptDefinitions, openDefinitions } from './replay-definitions.ts'
import { type Difference, differencesBetween } from './replay-difference.ts'
import { NotReplayable, type Recomputed, recompute } from './replay-look.ts'
import { contradictionsIn, purposeOf } from './replay-order.ts'
import { RollgateError } from './rollgate-error.ts'
import { fold, type State } from './state.ts'

/** Everything that a ledger holds of one rollout and that its verdicts follow from. */
export interface RecordedRollout {
  readonly definition: string
  readonly number: number
  /** The text of its `events.jsonl`; undefined when there is none. */
  readonly log: string | undefined
  /** Paths of everything that is kept of it, below its folder. */
  readonly files: readonly string[]
  /** By path, the texts of those that it is made again from. */
  readonly texts: ReadonlyMap<string, string>
}

/** One look, made again. */
export interface ReplayedLook {
  readonly look: LookEvent
  /** Why it cannot be made again; undefined when it was. */
  readonly obstacle: string | undefined
  /** Of a look that cannot be made again at the most that its reading was changed. */
  readonly differences: readonly Difference[]
}

export interface ReplayedRollout {
  readonly definition: string
  readonly number: number
  readonly looks: readonly ReplayedLook[]
  /** What the record contradicts itself in beside its looks, one sentence each. */
  readonly contradictions: readonly string[]
  /** What of the rollout cannot be read, so that more cannot be made again, one sentence each. */
  readonly obstacles: readonly string[]
}

/** What a replay comes to, from the best to the worst. */
export const REPLAY_OUTCOMES = ['agrees', 'incomplete', 'differs'] as const

/** `incomplete`: nothing differs, and not everything could be made again. */
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number]

/** `agrees` only of a look that came to the same again, bit for bit. */
export function lookOutcome({ obstacle, differences }: ReplayedLook): ReplayOutcome {
  if (differences.length > 0) return 'differs'
  return obstacle === undefined ? 'agrees' : 'incomplete'
}

/** `agrees` only when everything that was recorded follows from what was kept. */
export function replayOutcome(rollouts: readonly ReplayedRollout[]): ReplayOutcome {
  const found = new Set(rollouts.flatMap(outcomesIn))
  return REPLAY_OUTCOMES.findLast(outcome => found.has(outcome)) ?? 'agrees'
}

function outcomesIn(rollout: ReplayedRollout): readonly ReplayOutcome[] {
  const { looks, contradictions, obstacles } = rollout
  return [
    ...looks.map(lookOutcome),
    ...contradictions.map(() => 'differs' as const),
    ...obstacles.map(() => 'incomplete' as const)
  ]
}

/** Which of a rollout's files it is made again from, as far as its log can be read. */
export function filesToReplay(log: string, files: readonly string[]): readonly string[] {
  const { events } = readEventLog(log, '')
  const readings = new Set(looksIn(events).map(({ evidence = '' }) => readingPath(evidence)))
  return files.filter(path => readings.has(path) || keptDigest(path) !== undefined)
}

/**
 * Makes every look of a rollout again from what was kept and compares it with what was recorded.
 * Nothing is left out: a look that cannot be made again is told as such, and so is where the log
 * cannot be read any further. `sha256` of a text, in hex.
 */
export function replayRollout(
  recorded: RecordedRollout,
  sha256: (text: string) => string
): ReplayedRollout {
  const { definition, number, log, texts } = recorded
  const definitions = openDefinitions(texts, sha256)
  const file = eventLogPath(definition, number)
  const read = readEventLog(log ?? '', file)
  const { events, fault } = read
  const stateBefore = foldedBefore(events)
  const replay = (look: LookEvent): ReplayedLook => {
    const lost = (obstacle: string): ReplayedLook => {
      return { look, obstacle, differences: compareReading(look, texts, sha256) }
    }
    const evidence = evidenceOf(look, texts, definitions.find)
    if (typeof evidence === 'string') return lost(evidence)
    const state = stateBefore(look.seq, evidence.definition)
    const again = attempt({ look, state, ...evidence })
    if (typeof again === 'string') return lost(again)
    const made = { again, kept: evidence.kept, digest: sha256(evidence.text) }
    return { look, obstacle: undefined, differences: compareLook(look, read, made) }
  }
  return {
    definition,
    number,
    looks: looksIn(events).map(replay),
    contradictions: [
      ...(log === undefined ? [] : contradictionsIn(recorded, events, fault === undefined)),
      ...definitions.changed
    ],
    obstacles: [
      ...(log === undefined ? [`${file} is missing`] : []),
      ...(fault === undefined ? [] : [`from here on nothing can be made again: ${fault.message}`]),
      ...definitions.unreadable
    ]
  }
}

interface Evidence {
  readonly definition: Definition
  readonly kept: KeptLook
  /** Of the reading file. */
  readonly text: string
}

/** What the look was made from, or why it is not there. */
function evidenceOf(
  { definition: digest, evidence }: LookEvent,
  texts: ReadonlyMap<string, string>,
  find: KeptDefinitions['find']
): Evidence | string {
  if (digest === undefined || evidence === undefined) return OLDER
  const found = find(digest)
  if (found.kind === 'lost') return found.why
  const file = readingPath(evidence)
  const text = texts.get(file)
  if (text === undefined) return `${file} is missing`
  const kept = parseKeptLook(text)
  if (kept === undefined) {
    return `${file} is no reading to this version of Rollgate`
  }
  return { definition: found.definition, kept, text }
}

const OLDER =
  'it was recorded by an older version of Rollgate, which kept no definition to judge it by again'

function attempt(one: Parameters<typeof recompute>[0]): Recomputed | string {
  try {
    return recompute(one)
  } catch (error) {
    if (error instanceof NotReplayable || error instanceof RollgateError) return error.message
    // Rows that no database answers: what judges them is not made for them.
    return `its reading cannot be judged: ${(error as Error).message}`
  }
}

/** Of a look that cannot be made again: what it was made from may have been changed all the same. */
function compareReading(
  { evidence = '', reading }: LookEvent,
  texts: ReadonlyMap<string, string>,
  sha256: (text: string) => string
): readonly Difference[] {
  const text = texts.get(readingPath(evidence))
  return reading === undefined || text === undefined
    ? []
    : differencesBetween({ reading }, { reading: sha256(text) })
}

interface Comparison {
  readonly again: Recomputed
  readonly kept: KeptLook
  /** Of the reading file. */
  readonly digest: string
}

function compareLook(
  look: LookEvent,
  log: ReadLog,
  { again, kept, digest }: Comparison
): readonly Difference[] {
  const { seq: _seq, id: _id, by: _by, run: _run, ...recorded } = look
  const now = new Date(again.nowMs).toISOString()
  return [
    ...differencesBetween(recorded, { ...again.look, reading: digest }),
    ...differencesBetween({ now: kept.now, frame: kept.frame }, { now, frame: again.frame }),
    ...compareConsequences(look, log, again.consequences)
  ]
}

/** What was to be recorded right after the look, and what only a look can have led to. */
function compareConsequences(
  { seq }: LookEvent,
  { events, fault }: ReadLog,
  wanted: Recomputed['consequences']
): readonly Difference[] {
  const next = events[seq]
  const unwanted =
    wanted.length === 0 && next !== undefined && purposeOf(next) !== undefined ? [next] : []
  // Where the log cannot be read any further, nobody knows what followed.
  const known = fault === undefined ? wanted : wanted.slice(0, events.length - seq)
  return [
    ...known.flatMap((one, index) => {
      const place = seq + 1 + index
      const followed = pick(events[place - 1], Object.keys(one))
      return differencesBetween({ [`event ${place}`]: followed }, { [`event ${place}`]: one })
    }),
    ...unwanted.flatMap(({ kind }) => differencesBetween({ [`event ${seq + 1}`]: { kind } }, {}))
  ]
}

function pick(event: LedgerEvent | undefined, keys: readonly string[]): object | undefined {
  if (event === undefined) return undefined
  const members: Readonly<Record<string, unknown>> = event
  return Object.fromEntries(keys.map(key => [key, members[key]]))
}

/** The state before an event, as whoever used that definition had it; asked for in the order of events. */
function foldedBefore(
  events: readonly LedgerEvent[]
): (seq: number, definition: Definition) => State {
  const known = new Map<string, { readonly state: State; readonly count: number }>()
  return (seq, definition) => {
    const lastPhase = enabledPhases(definition).at(-1)?.name ?? ''
    const before = known.get(lastPhase)
    const state = fold(events.slice(before?.count ?? 0, seq - 1), lastPhase, before?.state)
    known.set(lastPhase, { state, count: seq - 1 })
    return state
  }
}

function looksIn(events: readonly LedgerEvent[]): readonly LookEvent[] {
  return events.filter(event => event.kind === 'look')
}
