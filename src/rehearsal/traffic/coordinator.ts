import type { Booking } from './booking.ts'
import type { EventRow } from './event-row.ts'
import type { Ending } from './profile.ts'
import { type Invocation, openScript, type Script, sayCreated } from './script.ts'

/** What a booking is going to meet. */
export interface Fate {
  readonly ending: Ending
  /** Attempts in all, from 1 to 5; the last one brings the ending. */
  readonly attempts: number
  readonly contended: boolean
  readonly circuitOpen: boolean
  readonly swept: boolean
}

type State =
  | 'created'
  | 'capacity_verified'
  | 'assignment_pending'
  | 'assignment_in_progress'
  | 'assigned'
  | 'confirmed'
  | 'manual_review'
  | 'failed'
type Trigger = 'creation' | 'retry' | 'sweep' | 'queue'

interface Step {
  readonly from: State
  readonly to: State
  readonly version: number
}

/** One call of the coordinator for a booking. */
interface Visit {
  readonly kind: 'circuit-open' | 'retry' | 'sweep' | Ending
  /** Which attempt it is, from 1. */
  readonly attempt: number
}

/** A visit while it happens: the booking, its rows so far, and what called the coordinator. */
interface Scene extends Visit {
  readonly booking: Booking
  readonly script: Script
  readonly trigger: Trigger
}

/** From a booking's arrival to the first call of the coordinator. */
const VERIFIED_MS = 75
const SWEEP_MS = { low: 20 * 60_000, high: 60 * 60_000 }

/**
 * The life of a booking under the coordinator: its arrival, and one invocation per visit. Not even
 * the first visit begins when the coordinator has stopped working in the meantime.
 */
export function coordinatorLife(booking: Booking, fate: Fate): readonly Invocation[] {
  const { target } = booking
  const invocations = [arrival(booking)]
  let atMs = booking.arrivedMs + VERIFIED_MS
  for (const [index, visit] of visits(fate).entries()) {
    const script = openScript(booking, atMs)
    const trigger = index === 0 ? 'creation' : visit.kind === 'sweep' ? 'sweep' : 'retry'
    const pauseMs = perform({ ...visit, booking, script, trigger })
    invocations.push({ target, atMs, needsCoordinator: true, rows: script.rows })
    atMs = script.nowMs() + pauseMs
  }
  return fate.contended ? [...invocations, contention(booking)] : invocations
}

function visits(fate: Fate): readonly Visit[] {
  const retries = Array.from({ length: fate.attempts - 1 }, (_, index) => index + 1)
  return [
    ...(fate.circuitOpen ? [{ kind: 'circuit-open', attempt: 1 } as const] : []),
    ...retries.map(attempt => ({ kind: 'retry', attempt }) as const),
    { kind: fate.ending, attempt: fate.attempts },
    ...(fate.swept ? [{ kind: 'sweep', attempt: fate.attempts } as const] : [])
  ]
}

/** Writes what the visit leaves behind; returns how long the booking then rests. */
function perform(scene: Scene): number {
  switch (scene.kind) {
    case 'circuit-open':
      return performCircuitOpen(scene)
    case 'retry':
      return performRetry(scene)
    case 'confirmed':
      return performConfirmed(scene)
    case 'manual_review':
      return performManualReview(scene)
    case 'error':
      return performError(scene)
    case 'sweep':
      sayStart(scene)
      say(scene, 12, 'noop', { reason: 'terminal_state' })
      return 0
  }
}

function performCircuitOpen(scene: Scene): number {
  const delayMs = 1000 * scene.booking.stream.whole(15, 60)
  sayStart(scene)
  say(scene, 20, 'lock_acquired', { ttl_ms: 30_000 })
  say(scene, 8, 'circuit_open', { delay_ms: delayMs }, 'warning')
  return delayMs
}

function performRetry(scene: Scene): number {
  const { stream } = scene.booking
  const delayMs = 1000 * stream.whole(10, 90)
  const reason = stream.pick(['no_assignment', 'no_assignment', 'rate_limited'])
  const durationMs = sayWork(scene)
  sayTransition(scene, 5, 'assignment_in_progress', 'assignment_pending')
  say(scene, 5, 'retry', { reason, delay_ms: delayMs, ...effort(scene, durationMs) }, 'warning')
  return delayMs
}

function performConfirmed(scene: Scene): number {
  const { stream } = scene.booking
  const durationMs = sayWork(scene)
  sayTransition(scene, 5, 'assignment_in_progress', 'assigned')
  sayTransition(scene, 30, 'assigned', 'confirmed')
  const strategy = stream.pick(['greedy', 'greedy', 'best_fit', 'combined_tables'])
  say(scene, 5, 'confirmed', { strategy, ...effort(scene, durationMs) })
  return stream.whole(SWEEP_MS.low, SWEEP_MS.high)
}

function performManualReview(scene: Scene): number {
  const durationMs = sayWork(scene)
  sayTransition(scene, 5, 'assignment_in_progress', 'manual_review')
  say(scene, 5, 'manual_review', { reason: 'no_assignment', ...effort(scene, durationMs) })
  return scene.booking.stream.whole(SWEEP_MS.low, SWEEP_MS.high)
}

function performError(scene: Scene): number {
  const { stream } = scene.booking
  sayWork(scene)
  sayTransition(scene, 5, 'assignment_in_progress', 'failed')
  const message = stream.pick(['fetch failed', 'deadlock detected', 'unexpected end of input'])
  say(scene, 5, 'error', { message }, 'error')
  return stream.whole(SWEEP_MS.low, SWEEP_MS.high)
}

function arrival(booking: Booking): Invocation {
  const { target, arrivedMs: atMs } = booking
  const script = openScript(booking, atMs)
  sayCreated(booking, script)
  sayStep(script, 40, { from: 'created', to: 'capacity_verified', version: 1 }, 'creation')
  sayStep(
    script,
    15,
    { from: 'capacity_verified', to: 'assignment_pending', version: 2 },
    'creation'
  )
  return { target, atMs, needsCoordinator: false, rows: script.rows }
}

/** Another worker reaches for the booking while the first one has it. */
function contention(booking: Booking): Invocation {
  const atMs = booking.arrivedMs + 300
  const script = openScript(booking, atMs)
  const scene = { kind: 'sweep', attempt: 1, booking, script, trigger: 'queue' } as const
  sayStart(scene)
  say(scene, 9, 'lock_contention', {}, 'warning')
  return { target: booking.target, atMs, needsCoordinator: true, rows: script.rows }
}

function sayStart({ script, trigger }: Scene): void {
  script.say(0, {
    source: 'assignment.coordinator',
    type: 'coordinator.start',
    context: { trigger },
    unloaded: true
  })
}

/** From the start to the work's end; returns how long that took. */
function sayWork(scene: Scene): number {
  const beganMs = scene.script.nowMs()
  sayStart(scene)
  say(scene, 20, 'lock_acquired', { ttl_ms: 30_000 })
  say(scene, 10, 'rate_permit_acquired', {})
  sayTransition(scene, 10, 'assignment_pending', 'assignment_in_progress')
  scene.script.pass(scene.booking.stream.whole(300, 2500))
  return scene.script.nowMs() - beganMs
}

function effort({ attempt }: Scene, durationMs: number) {
  return { attempts: attempt, duration_ms: durationMs }
}

function say(
  { script, trigger }: Scene,
  afterMs: number,
  name: string,
  context: Readonly<Record<string, unknown>>,
  severity: EventRow['severity'] = 'info'
): void {
  const source = 'assignment.coordinator'
  const type = `coordinator.${name}`
  script.say(afterMs, { source, type, severity, context: { trigger, ...context } })
}

/** Two transitions come before the first attempt, and every attempt that fails makes two. */
function sayTransition(scene: Scene, afterMs: number, from: State, to: State): void {
  const place = from === 'assignment_pending' ? 1 : from === 'assigned' ? 3 : 2
  const version = 2 * scene.attempt + place
  sayStep(scene.script, afterMs, { from, to, version }, scene.trigger)
}

function sayStep(script: Script, afterMs: number, step: Step, trigger: Trigger): void {
  script.say(afterMs, {
    source: 'assignment.state_machine',
    type: 'booking.assignment_state_transition',
    context: { ...step, metadata: { trigger } }
  })
}
