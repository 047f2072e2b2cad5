import { background } from './background.ts'
import { arrivals, type Booking } from './booking.ts'
import { coordinatorLife, type Fate } from './coordinator.ts'
import type { EventRow } from './event-row.ts'
import { legacyLife } from './legacy.ts'
import { type Ending, outcomeRule, type TrafficProfile } from './profile.ts'
import type { Invocation } from './script.ts'

export interface TrafficSettings {
  readonly seed: number
  readonly scenario: TrafficProfile
  /** The application writes nothing before this instant. */
  readonly startMs: number
}

/** A target that people book on, with the flags of the deployment it serves. */
export interface LiveTarget {
  readonly target: string
  readonly flags: Readonly<Record<string, string>>
}

/** What the application writes; a model without a clock, a database or chance. */
export interface Traffic {
  /**
   * The rows created in [fromMs, toMs), oldest first. Call it with one interval after the other; as
   * long as `live` stays the same it does not matter where they are cut. A target that is not in
   * `live` gets no bookings: leave out preview while nobody tests there.
   */
  between(fromMs: number, toMs: number, live: readonly LiveTarget[]): readonly EventRow[]
}

/** Where the coordinator works, since when, how, and how many bookings its open breaker has turned away. */
type Active = Map<string, { readonly sinceMs: number; mode: Mode; turnedAway: number }>
type Mode = 'active' | 'shadow'

export function createTraffic(settings: TrafficSettings): Traffic {
  const { seed, scenario, startMs } = settings
  const silentMs = startMs + (scenario.silentFromMs ?? Number.POSITIVE_INFINITY)
  const active: Active = new Map()
  let waiting: readonly Invocation[] = []
  let unwritten: readonly EventRow[] = []
  let doneMs = startMs

  const between: Traffic['between'] = (askedMs, toMs, live) => {
    const fromMs = Math.max(askedMs, startMs)
    if (fromMs < doneMs) throw new RangeError('Traffic runs forward: this interval is over.')
    doneMs = Math.max(fromMs, toMs)
    noteModes(active, live, fromMs)
    const booked = live.flatMap(({ target }) =>
      arrivals({ seed, target, perDay: scenario.bookingsPerDay[target] ?? 0, fromMs, toMs })
    )
    const begun = [...waiting, ...booked.flatMap(booking => life(scenario, active, booking))]
    waiting = begun.filter(({ atMs }) => atMs >= toMs)
    const taken = begun.filter(work => work.atMs < toMs && isTakenUp(work, active, live))
    const noise = background({ seed, perDay: scenario.noisePerDay, fromMs, toMs })
    const rows = [...unwritten, ...taken.flatMap(work => rowsOf(work, active)), ...noise]
    unwritten = rows.filter(row => Date.parse(row.created_at) >= toMs)
    return written(rows, fromMs, Math.min(toMs, silentMs))
  }

  return { between }
}

function noteModes(active: Active, live: readonly LiveTarget[], atMs: number): void {
  for (const { target, flags } of live) {
    const mode = modeOf(flags)
    const known = active.get(target)
    if (mode === undefined) active.delete(target)
    else if (known === undefined) active.set(target, { sinceMs: atMs, mode, turnedAway: 0 })
    else known.mode = mode
  }
}

/** How the coordinator works with these flags; undefined: not at all. */
function modeOf(flags: LiveTarget['flags']): Mode | undefined {
  if (flags['FEATURE_ASSIGNMENT_PIPELINE_V3'] !== 'true') return undefined
  return flags['FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW'] === 'true' ? 'shadow' : 'active'
}

/** The rows of work that begins now: the coordinator says how it works when it starts. */
function rowsOf({ target, rows }: Invocation, active: Active): readonly EventRow[] {
  const mode = active.get(target)?.mode
  return rows.map(row =>
    row.event_type === 'coordinator.start' ? { ...row, context: { ...row.context, mode } } : row
  )
}

/** Work that waits for its next attempt is not taken up where the coordinator no longer works. */
function isTakenUp(work: Invocation, active: Active, live: readonly LiveTarget[]): boolean {
  if (!work.needsCoordinator) return true
  return active.has(work.target) && live.some(({ target }) => target === work.target)
}

function life(scenario: TrafficProfile, active: Active, booking: Booking): readonly Invocation[] {
  const mode = active.get(booking.target)
  if (mode === undefined) return legacyLife(booking)
  const ageMs = booking.arrivedMs - mode.sinceMs
  const { circuitOpen } = scenario
  const open =
    circuitOpen?.target === booking.target &&
    ageMs >= circuitOpen.afterMs &&
    mode.turnedAway < circuitOpen.bookings
  if (open) mode.turnedAway += 1
  return coordinatorLife(booking, { ...fate(scenario, booking, ageMs), circuitOpen: open })
}

function fate(
  scenario: TrafficProfile,
  { stream, target }: Booking,
  ageMs: number
): Omit<Fate, 'circuitOpen'> {
  const rule = outcomeRule(scenario, target, ageMs)
  const draw = stream.next()
  const ending: Ending =
    draw < rule.error
      ? 'error'
      : draw < rule.error + rule.manualReview
        ? 'manual_review'
        : 'confirmed'
  const retried = stream.chance(scenario.retryShare)
  const contended = stream.chance(scenario.contentionShare)
  const swept = stream.chance(scenario.sweepShare)
  // Only a person's help ends what five attempts could not.
  const attempts = ending === 'manual_review' ? 5 : retried ? stream.whole(2, 3) : 1
  return { ending, attempts, contended, swept }
}

function written(rows: readonly EventRow[], fromMs: number, toMs: number): readonly EventRow[] {
  return rows
    .filter(({ created_at }) => {
      const atMs = Date.parse(created_at)
      return atMs >= fromMs && atMs < toMs
    })
    .sort((a, b) => (a.created_at + a.id < b.created_at + b.id ? -1 : 1))
}
