import type {
  Acceptance,
  Decision,
  EventBody,
  EventKind,
  HoldCause,
  IntegrityFinding,
  Judgement,
  LedgerEvent
} from '../../src/rollout/events.ts'
import { fold, type State } from '../../src/rollout/state.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { LAST_PHASE } from './worked-example.ts'

/** Rollouts of the worked example, told as the events that a ledger keeps. */

export type BodyOf<K extends EventKind> = Extract<EventBody, { kind: K }>

export const START = Date.parse('2026-06-01T08:00:00.000Z')
const MINUTE = 60_000

/** ISO 8601, so many minutes after the first event. */
export function minute(minutes: number): string {
  return new Date(START + minutes * MINUTE).toISOString()
}

/** The events with their places and authors, one a minute. */
export function told(...bodies: readonly EventBody[]): readonly LedgerEvent[] {
  return bodies.map((body, i) => ({
    seq: i + 1,
    id: `e${i + 1}`,
    at: minute(i),
    by: 'priya',
    run: '4711',
    ...body
  }))
}

/** What these events amount to. */
export function stateAfter(...bodies: readonly EventBody[]): State {
  return fold(told(...bodies), LAST_PHASE)
}

export function started(number = 1): BodyOf<'rollout-started'> {
  return { kind: 'rollout-started', definition: 'assignment-pipeline-v3', number, digest: 'd1' }
}

export function planned(phase: string): BodyOf<'phase-planned'> {
  return { kind: 'phase-planned', phase, digest: 'p1' }
}

export function applying(phase: string): BodyOf<'phase-applying'> {
  return { kind: 'phase-applying', phase, target: 'preview', flags: {}, before: { flags: {} } }
}

export function applied(phase: string, since = minute(0)): BodyOf<'phase-applied'> {
  const deployment = { id: `dpl_${phase}`, url: `https://${phase}.example` }
  return { kind: 'phase-applied', phase, intent: 'e3', deployment, since }
}

export function failed(phase: string): BodyOf<'phase-failed'> {
  return { kind: 'phase-failed', phase, intent: 'e3', code: 'build_failed', message: 'no build' }
}

/** A phase from its plan to the start of its soak. */
export function live(phase: string, since = minute(0)): readonly EventBody[] {
  return [planned(phase), applying(phase), applied(phase, since)]
}

export function judgement(
  verdict: Verdict,
  criterion = 'success-rate',
  code: string = verdict
): Judgement {
  const message = `says ${code}`
  return { criterion, metric: 'outcomes', verdict, code, message, finding: {} }
}

export interface LookOptions {
  readonly cause?: HoldCause
  readonly checkpoints?: readonly string[]
  readonly verdicts?: readonly Verdict[]
  readonly integrity?: readonly IntegrityFinding[]
  readonly purpose?: 'soak' | 'watch' | 'graduation'
  readonly reason?: string
  /** What it found, when the verdicts alone do not say it. */
  readonly judgements?: readonly Judgement[]
  /** The soak was over; a promotion is always final. */
  readonly final?: boolean
}

/** A look that came to that decision. */
export function look(phase: string, decision: Decision, options: LookOptions = {}): BodyOf<'look'> {
  const { cause, checkpoints = [], integrity = [], purpose = 'soak' } = options
  return {
    kind: 'look',
    phase,
    purpose,
    checkpoints: [...checkpoints],
    final: options.final ?? decision === 'promote',
    wokenBy: 'cron',
    lateMs: 0,
    digests: {},
    judgements: options.judgements
      ? [...options.judgements]
      : (options.verdicts ?? ['pass']).map(verdict => judgement(verdict)),
    integrity: [...integrity],
    decision,
    rule: 'told',
    reason: options.reason ?? `the look says ${decision}`,
    ...(cause === undefined ? {} : { cause })
  }
}

export function held(reason = 'wait for Monday', cause: HoldCause = 'person'): BodyOf<'held'> {
  return { kind: 'held', cause, reason }
}

export function resumed(...accepted: readonly Acceptance[]): BodyOf<'resumed'> {
  const reason = 'it is Monday'
  return accepted.length === 0
    ? { kind: 'resumed', reason }
    : { kind: 'resumed', reason, accepted: [...accepted] }
}

export function rollbackRequested(phase: string): BodyOf<'rollback-requested'> {
  return { kind: 'rollback-requested', phase, target: 'preview', reason: 'success-rate is red' }
}

export function rollbackStep(
  step: BodyOf<'rollback-step'>['step'],
  since?: string
): BodyOf<'rollback-step'> {
  const body = { kind: 'rollback-step', intent: 'e5', step, message: `${step} is done` } as const
  return since === undefined ? body : { ...body, since }
}

export function rollbackFinished(
  outcome: BodyOf<'rollback-finished'>['outcome']
): BodyOf<'rollback-finished'> {
  return { kind: 'rollback-finished', intent: 'e5', outcome, message: `it is ${outcome}` }
}

export function dispatching(
  operation: BodyOf<'dispatching'>['operation'],
  phase: string
): BodyOf<'dispatching'> {
  return { kind: 'dispatching', operation, phase }
}

export function dispatched(
  operation: BodyOf<'dispatched'>['operation'],
  phase: string
): BodyOf<'dispatched'> {
  return { kind: 'dispatched', operation, phase, url: 'https://github.example/runs/1' }
}

export function graduated(): BodyOf<'graduated'> {
  return { kind: 'graduated', message: 'seven days at 99%' }
}

export function aborted(): BodyOf<'aborted'> {
  return { kind: 'aborted', reason: 'the feature is dropped' }
}
