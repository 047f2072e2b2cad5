import { type Definition, type Phase, phaseNamed } from './definition.ts'
import { checkpointName } from './duration.ts'
import type { JudgingFrame } from './judge.ts'
import type { PhaseState } from './state.ts'

export interface Checkpoint {
  readonly name: string
  readonly offsetMs: number
  /** Milliseconds since the epoch, by the database's clock. */
  readonly dueMs: number
}

/** What a look at this moment is for. */
export interface DueLook {
  /** Checkpoints that have come and were not looked at yet, earliest first. */
  readonly checkpoints: readonly Checkpoint[]
  /** The soak is over, and with this look every checkpoint has really been looked at. */
  readonly final: boolean
  readonly extensionOver: boolean
  /** When the earliest of them was due. */
  readonly dueMs: number | undefined
  readonly lateMs: number
}

/** All checkpoints of a phase that began then. */
export function checkpointsOf(phase: Phase, sinceMs: number): readonly Checkpoint[] {
  return phase.checkpointsMs.map(offsetMs => ({
    name: checkpointName(offsetMs),
    offsetMs,
    dueMs: sinceMs + offsetMs
  }))
}

/** A promoted phase has no checkpoint left, and nothing that could be final. */
const NOTHING_DUE: DueLook = {
  checkpoints: [],
  final: false,
  extensionOver: false,
  dueMs: undefined,
  lateMs: 0
}

/** Nobody works on a deployment for longer than its deadlines and this. */
const CUT_OFF_GRACE_MS = 600_000

/** Whether whoever began an application, or took it up, this long ago cannot be at it any more. */
export function isCutOff(definition: Definition, phase: string, workedOnMs: number): boolean {
  const proofMs = phaseNamed(definition, phase)?.effect?.deadlineMs ?? 0
  // Staged production is proven before it has traffic, and again when it has.
  return workedOnMs >= definition.deployDeadlineMs + 2 * proofMs + CUT_OFF_GRACE_MS
}

/**
 * What is due at `nowMs`. It follows from the ledger and the clock alone: a late, doubled or dropped
 * wake-up changes when a look happens, never whether.
 */
export function dueLook(phase: Phase, state: PhaseState, nowMs: number): DueLook {
  if (state.status === 'promoted') return NOTHING_DUE
  const sinceMs = Date.parse(state.since ?? '')
  const checkpoints = checkpointsOf(phase, sinceMs).filter(
    ({ name, dueMs }) => dueMs <= nowMs && !state.checkpoints.includes(name)
  )
  const dueMs = checkpoints[0]?.dueMs
  return {
    checkpoints,
    final: nowMs >= sinceMs + phase.soakMs,
    extensionOver: nowMs >= sinceMs + phase.soakMs + phase.extendMs,
    dueMs,
    lateMs: dueMs === undefined ? 0 : nowMs - dueMs
  }
}

/** The longest a phase can last. */
export function horizonMs({ soakMs, extendMs }: Phase): number {
  return soakMs + extendMs
}

/**
 * What a phase is judged by at a look, before that look counts itself. One that stands for longer than it
 * can last, because it was promoted or is held, is judged for as long as it stands: otherwise a break
 * after that time would be lost among all the good hours before it.
 */
export function judgingFrame(
  phase: Phase,
  { checkpoints, since = '' }: Pick<PhaseState, 'checkpoints' | 'since'>,
  nowMs: number
): JudgingFrame {
  const looked = phase.checkpointsMs.filter(ms => checkpoints.includes(checkpointName(ms)))
  const longestMs = Math.max(horizonMs(phase), nowMs - Date.parse(since))
  return { horizonMs: longestMs, checkpointMs: looked.at(-1) }
}

/** The next checkpoint that is still to come; undefined when all have come. */
export function nextCheckpoint(
  phase: Phase,
  state: PhaseState,
  nowMs: number
): Checkpoint | undefined {
  return checkpointsOf(phase, Date.parse(state.since ?? '')).find(({ dueMs }) => dueMs > nowMs)
}
