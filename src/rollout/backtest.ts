import type { Verdict } from '../verdict/verdict.ts'
import { isAnswered } from './answered.ts'
import type { DecisionMade } from './decide.ts'
import { type Criterion, type Definition, enabledPhases, type Phase } from './definition.ts'
import type { IntegrityFinding, Judgement, LookBody } from './events.ts'
import type { PastSpan } from './past.ts'
import { horizonMs } from './schedule.ts'
import type { Sight } from './sight.ts'
import { soakLook } from './soak-look.ts'
import { endsByItself, type PhaseState, type State } from './state.ts'

const HOUR_MS = 3_600_000

/** A phase, and the past that it is imagined to have happened in. */
export interface Course extends PastSpan {
  /** With no criterion but those that can be walked. */
  readonly definition: Definition
  readonly phase: Phase
}

/** How an imaginary phase ended; `blind`: held at its end because nobody could look. */
export type Outcome = 'promoted' | 'held' | 'rolled-back' | 'blind' | 'unfinished'

/** A criterion said something else than at the look before; it begins with too little to go by. */
export interface Turn {
  readonly atMs: number
  readonly criterion: string
  readonly was: Verdict
  readonly verdict: Verdict
  readonly code: string
  readonly message: string
}

/** What a criterion said last, errors apart. */
export interface Told {
  readonly atMs: number
  readonly judgement: Judgement
}

/** One phase that might have been. */
export interface ImaginaryPhase {
  /** At a whole hour; milliseconds since the epoch, like every time here. */
  readonly beganMs: number
  /** When its last look was made. */
  readonly endedMs: number
  readonly outcome: Outcome
  /** It went on after its soak, for want of evidence. */
  readonly extended: boolean
  /** Of its last look, as are the judgements. */
  readonly decided: DecisionMade
  readonly judgements: readonly Judgement[]
  readonly told: readonly Told[]
  readonly turns: readonly Turn[]
  readonly looks: number
  /** Looks at which some criterion was not answered. */
  readonly unanswered: number
}

/** The way through a course so far. */
export interface Walk {
  readonly course: Course
  /** The imaginary phases that were begun, the last of them `unfinished` as long as it goes on. */
  readonly phases: readonly ImaginaryPhase[]
  /** The phase that goes on, as a ledger would have it; undefined between two. */
  readonly soak: PhaseState | undefined
}

/** The question of one look: the window from the beginning of the phase to the moment of the look. */
export interface PastLook {
  readonly sinceMs: number
  readonly atMs: number
}

/** Nobody can know how the flags and deployments of the past stood. */
const PAST: IntegrityFinding = {
  code: 'past',
  ok: true,
  message: 'flags and deployments of the past are taken to have been in order'
}

/**
 * The phases to walk when nobody names one: for every criteria set of the enabled phases the phase that
 * soaks longest by it, and of several the last, which is the nearest to all users.
 */
export function phasesToWalk(definition: Definition): readonly Phase[] {
  const longest = new Map<string, Phase>()
  for (const phase of enabledPhases(definition)) {
    const known = longest.get(phase.criteria)
    if (known === undefined || phase.soakMs >= known.soakMs) longest.set(phase.criteria, phase)
  }
  return [...longest.values()]
}

/** The definition without the criteria that no database answers: reported issues are not asked about. */
export function walkable(definition: Definition): Definition {
  const sets = Object.entries(definition.criteria).map(([name, set]) => [
    name,
    set.filter(({ kind }) => kind !== 'reports')
  ])
  return { ...definition, criteria: Object.fromEntries(sets) }
}

/** What a walk is judged by. */
export function criteriaOf({ definition, phase }: Course): readonly Criterion[] {
  return definition.criteria[phase.criteria] ?? []
}

/** A walk before its first look. */
export function beginWalk(course: Course): Walk {
  return { course, phases: [], soak: undefined }
}

/** The look that comes next; undefined when the past is walked through. */
export function nextLook(walk: Walk): PastLook | undefined {
  return comingLooks(walk)[0]
}

/**
 * The looks that come next if the phase that goes on, or the one that begins, lasts as long as it can;
 * none when the past is walked through.
 */
export function comingLooks({ course, phases, soak }: Walk): readonly PastLook[] {
  const offsets = lookOffsets(course.phase)
  const sinceMs = soak === undefined ? beginning(course, phases) : sinceOf(soak)
  // A phase of which only the first moment lies in the past is not begun.
  const soonest = offsets.find(offset => offset > 0) ?? 0
  if (soak === undefined && sinceMs + soonest > course.untilMs) return []
  const lastMs = soak === undefined ? sinceMs - 1 : (phases.at(-1)?.endedMs ?? sinceMs)
  return offsets
    .map(offset => ({ sinceMs, atMs: sinceMs + offset }))
    .filter(({ atMs }) => atMs > lastMs && atMs <= course.untilMs)
}

/** The walk after its next look, which is judged and decided as a check would have at that moment. */
export function takeLook(walk: Walk, sight: Sight): Walk {
  const next = nextLook(walk)
  if (next === undefined) return walk
  const { course, phases } = walk
  const begun = walk.soak ?? soakFrom(course.phase, next.sinceMs)
  const look = lookAt(course, begun, sight, next.atMs)
  const outcome = outcomeOf(look, next.atMs >= next.sinceMs + horizonMs(course.phase))
  const before = walk.soak === undefined ? undefined : phases.at(-1)
  const earlier = before === undefined ? phases : phases.slice(0, -1)
  const grown: ImaginaryPhase = {
    ...grownBy(before, look.judgements, next.atMs),
    beganMs: next.sinceMs,
    endedMs: next.atMs,
    outcome: outcome ?? 'unfinished',
    extended: next.atMs > next.sinceMs + course.phase.soakMs,
    decided: decisionOf(look)
  }
  const soak = outcome === undefined ? soakAfter(begun, look) : undefined
  return { course, phases: [...earlier, grown], soak }
}

/** Every hour, every checkpoint, and the ends of soak and extension; ascending, from the phase's start. */
function lookOffsets(phase: Phase): readonly number[] {
  const longestMs = horizonMs(phase)
  const hours = Array.from({ length: Math.floor(longestMs / HOUR_MS) }, (_, i) => (i + 1) * HOUR_MS)
  const offsets = new Set([...hours, ...phase.checkpointsMs, phase.soakMs, longestMs])
  return [...offsets].sort((a, b) => a - b)
}

/** The whole hour at or after the end of the phase before. */
function beginning({ fromMs }: Course, phases: readonly ImaginaryPhase[]): number {
  return Math.ceil((phases.at(-1)?.endedMs ?? fromMs) / HOUR_MS) * HOUR_MS
}

function soakFrom({ name }: Phase, sinceMs: number): PhaseState {
  return { name, status: 'soaking', since: iso(sinceMs), checkpoints: [], looks: [] }
}

function sinceOf({ since = '' }: PhaseState): number {
  return Date.parse(since)
}

function lookAt(
  { definition, phase }: Course,
  current: PhaseState,
  sight: Sight,
  atMs: number
): LookBody {
  const { name, digest } = definition
  const state: State = {
    definition: name,
    number: 1,
    digest,
    status: 'running',
    phases: [current],
    lastSeq: 0
  }
  const { look } = soakLook({
    definition,
    phase,
    state,
    current,
    sight: asOf(sight, atMs),
    nowMs: atMs,
    integrity: [PAST],
    frozen: undefined,
    at: iso(atMs),
    wokenBy: BACKTEST
  })
  return look
}

const BACKTEST = 'backtest'

/** With the time that the database's clock would have had at that moment. */
function asOf(sight: Sight, atMs: number): Sight {
  return sight.kind === 'blind'
    ? sight
    : { ...sight, reading: { ...sight.reading, databaseNow: iso(atMs) } }
}

/** A hold that only waits for an answer goes on; one that a person has to end is an end. */
function outcomeOf({ decision, cause }: LookBody, isOver: boolean): Outcome | undefined {
  switch (decision) {
    case 'promote':
      return 'promoted'
    case 'rollback':
      return 'rolled-back'
    case 'hold':
      if (cause !== undefined && !endsByItself({ cause })) return 'held'
      return isOver ? 'blind' : undefined
    case 'continue':
      return undefined
  }
}

function decisionOf({ decision, rule, reason, cause }: LookBody): DecisionMade {
  return { decision, rule, reason, ...(cause === undefined ? {} : { cause }) }
}

/** A look that was not answered leaves its checkpoint due, as it does in a ledger. */
function soakAfter(soak: PhaseState, look: LookBody): PhaseState {
  if (!isAnswered(look)) return soak
  const stamped = { ...look, seq: 1, id: BACKTEST, by: BACKTEST, run: BACKTEST }
  return { ...soak, checkpoints: [...soak.checkpoints, ...look.checkpoints], looks: [stamped] }
}

function grownBy(
  before: ImaginaryPhase | undefined,
  judgements: readonly Judgement[],
  atMs: number
): Pick<ImaginaryPhase, 'judgements' | 'told' | 'turns' | 'looks' | 'unanswered'> {
  const { told = [], turns = [], looks = 0, unanswered = 0 } = before ?? {}
  const spoken = judgements.filter(({ verdict }) => verdict !== 'error')
  const names = new Set(spoken.map(({ criterion }) => criterion))
  return {
    judgements,
    told: [
      ...told.filter(({ judgement }) => !names.has(judgement.criterion)),
      ...spoken.map(judgement => ({ atMs, judgement }))
    ],
    turns: [...turns, ...turnsAt(before, judgements, atMs)],
    looks: looks + 1,
    unanswered: unanswered + (isAnswered({ judgements }) ? 0 : 1)
  }
}

function turnsAt(
  before: ImaginaryPhase | undefined,
  judgements: readonly Judgement[],
  atMs: number
): readonly Turn[] {
  return judgements.flatMap(({ criterion, verdict, code, message }) => {
    const known = before?.judgements.find(one => one.criterion === criterion)
    const was = known?.verdict ?? 'insufficient'
    return was === verdict ? [] : [{ atMs, criterion, was, verdict, code, message }]
  })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
