import type { LedgerEvent, LookEvent } from '../rollout/events.ts'

/** Something that stood in a rollout's way. */
export interface Issue {
  readonly opened: string
  /** When it was over; undefined when it never was, or has no duration. */
  readonly ended?: string
  readonly phase?: string
  /** `held (warn)`, `failed`, `integrity`, `aborted`. */
  readonly issue: string
  readonly what: string
  readonly by: string
}

/** The issues of a rollout in order; a hold that every look repeats is one issue. */
export function issuesOf(events: readonly LedgerEvent[]): readonly Issue[] {
  return events.flatMap((event, index) => {
    const later = events.slice(index + 1)
    const earlier = events.slice(0, index)
    switch (event.kind) {
      case 'held':
        return [hold(event, `held (${event.cause})`, later)]
      case 'look':
        return [...holdOf(event, earlier, later), ...driftOf(event, earlier)]
      case 'phase-failed':
        return [{ ...moment(event, 'failed', event.message), phase: event.phase }]
      case 'aborted':
        return [moment(event, 'aborted', event.reason)]
      default:
        return []
    }
  })
}

function holdOf(
  look: LookEvent,
  earlier: readonly LedgerEvent[],
  later: readonly LedgerEvent[]
): readonly Issue[] {
  if (look.decision !== 'hold') return []
  const cause = look.cause ?? 'error'
  const open = openHold(earlier)
  return open === cause ? [] : [{ ...hold(look, `held (${cause})`, later), phase: look.phase }]
}

/** The cause of the hold that stands after these events; undefined when none does. */
function openHold(events: readonly LedgerEvent[]): string | undefined {
  const last = events.findLast(
    event => event.kind === 'held' || event.kind === 'look' || endsHold(event)
  )
  if (last?.kind === 'held') return last.cause
  return last?.kind === 'look' && last.decision === 'hold' ? (last.cause ?? 'error') : undefined
}

function endsHold(event: LedgerEvent): boolean {
  switch (event.kind) {
    case 'look':
      return event.decision !== 'hold'
    case 'resumed':
    case 'rollback-requested':
    case 'aborted':
      return true
    default:
      return false
  }
}

/** Broken integrity that did not decide its look, because something else stood above it. */
function driftOf(look: LookEvent, earlier: readonly LedgerEvent[]): readonly Issue[] {
  if (look.cause === 'integrity') return []
  const before = earlier.findLast(event => event.kind === 'look')
  const known = new Set(before?.integrity.filter(({ ok }) => !ok).map(({ message }) => message))
  return look.integrity
    .filter(({ ok, message }) => !ok && !known.has(message))
    .map(({ message }) => ({ ...moment(look, 'integrity', message), phase: look.phase }))
}

function hold(
  event: { readonly at: string; readonly by: string; readonly reason: string },
  issue: string,
  later: readonly LedgerEvent[]
): Issue {
  const end = later.find(endsHold)
  return { ...moment(event, issue, event.reason), ...(end === undefined ? {} : { ended: end.at }) }
}

function moment(
  { at, by }: { readonly at: string; readonly by: string },
  issue: string,
  what: string
): Issue {
  return { opened: at, issue, what, by }
}
