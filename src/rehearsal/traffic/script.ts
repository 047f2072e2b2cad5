import type { Booking } from './booking.ts'
import type { EventRow } from './event-row.ts'

/** A piece of work on a booking that begins at one instant and then runs to its end. */
export interface Invocation {
  readonly target: string
  readonly atMs: number
  /** Only begins if the coordinator is active on the target then. */
  readonly needsCoordinator: boolean
  readonly rows: readonly EventRow[]
}

export interface Line {
  readonly source: string
  readonly type: string
  readonly severity?: EventRow['severity']
  readonly context: EventRow['context']
  /** The booking is not loaded yet, so its restaurant is unknown. */
  readonly unloaded?: boolean
}

/** Writes one booking's rows one after the other; time only moves forward in it. */
export interface Script {
  readonly rows: readonly EventRow[]
  nowMs(): number
  /** Lets time go by. */
  pass(ms: number): void
  /** Writes the line that much later. */
  say(afterMs: number, line: Line): void
}

export function openScript(booking: Booking, startMs: number): Script {
  const rows: EventRow[] = []
  let nowMs = startMs
  return {
    rows,
    nowMs: () => nowMs,
    pass: ms => {
      nowMs += ms
    },
    say: (afterMs, { source, type, severity, context, unloaded }) => {
      nowMs += afterMs
      rows.push({
        id: booking.stream.uuid(),
        created_at: new Date(nowMs).toISOString(),
        source,
        event_type: type,
        severity: severity ?? 'info',
        context,
        restaurant_id: unloaded ? null : booking.restaurantId,
        booking_id: booking.id
      })
    }
  }
}

/** What every booking begins with, whoever assigns its table. */
export function sayCreated({ stream }: Booking, script: Script): void {
  script.say(0, {
    source: 'bookings.create',
    type: 'booking.creation.success',
    context: { party_size: stream.whole(1, 8), duration_ms: stream.whole(80, 600) }
  })
}
