import { instantIn, perSlot, restaurants, slots } from './booking.ts'
import type { EventRow } from './event-row.ts'
import { openStream, type Stream } from './stream.ts'

export interface BackgroundRequest {
  readonly seed: number
  readonly perDay: number
  readonly fromMs: number
  readonly toMs: number
}

interface Kind {
  readonly source: string
  readonly type: string
  readonly severity: EventRow['severity']
  readonly perDay: number
  /** Keys of the context; none: the event has no details. Numbers where the key says so. */
  readonly keys: readonly string[]
}

// The share of each in a baseline day; with the seven kinds that bookings bring it is 28 in all.
const KINDS = [
  kind('capacity.rpc', 'capacity.rpc.conflict', 2323, 'warning', 'rpc', 'code', 'duration_ms'),
  kind('capacity.rpc', 'capacity.rpc.success', 24, 'info', 'rpc', 'duration_ms'),
  kind('capacity.holds', 'capacity.hold.created', 14, 'info', 'table_count', 'ttl_ms'),
  kind('capacity.holds', 'capacity.hold.released', 10, 'info', 'reason'),
  kind('capacity.holds', 'capacity.hold.expired', 6, 'warning', 'age_ms'),
  kind(
    'capacity.selector',
    'capacity.selector.quote',
    12,
    'info',
    'candidate_count',
    'duration_ms'
  ),
  kind('capacity.selector', 'capacity.selector.skipped', 4, 'info', 'reason'),
  kind('capacity.selector', 'capacity.selector.timeout', 1, 'warning', 'duration_ms'),
  kind('capacity.cache', 'capacity.cache.refreshed', 12, 'info'),
  kind('bookings.change', 'booking.modification.success', 5, 'info', 'duration_ms'),
  kind('bookings.change', 'booking.cancellation', 4, 'info', 'reason'),
  kind('bookings.create', 'booking.creation.rejected', 2, 'warning', 'reason'),
  kind('bookings.mail', 'booking.confirmation.sent', 6, 'info', 'template'),
  kind('bookings.mail', 'booking.reminder.sent', 7, 'info', 'template'),
  kind('bookings.floor', 'booking.check_in', 5, 'info'),
  kind('bookings.floor', 'booking.no_show', 1, 'info'),
  kind('api.requests', 'api.request.slow', 6, 'warning', 'route', 'duration_ms'),
  kind('api.requests', 'api.request.rate_limited', 4, 'warning', 'route'),
  kind('api.requests', 'api.request.failed', 2, 'error', 'route', 'message'),
  kind('api.auth', 'api.auth.rejected', 3, 'warning', 'reason'),
  kind('api.webhooks', 'api.webhook.received', 4, 'info', 'provider')
] as const

const KINDS_PER_DAY = KINDS.reduce((sum, { perDay }) => sum + perDay, 0)

/** The rest of the application in [fromMs, toMs), day and night alike. */
export function background(request: BackgroundRequest): readonly EventRow[] {
  const from = new Date(request.fromMs).toISOString()
  const to = new Date(request.toMs).toISOString()
  return slots(request.fromMs, request.toMs)
    .flatMap(slot => slotRows(request, slot))
    .filter(row => row.created_at >= from && row.created_at < to)
}

function slotRows({ seed, perDay }: BackgroundRequest, slot: number): EventRow[] {
  const stream = openStream(seed, 'background', slot)
  const houses = restaurants(seed)
  return Array.from({ length: stream.poisson(perSlot(perDay)) }, () => {
    const { source, type, severity, keys } = draw(stream)
    return {
      id: stream.uuid(),
      created_at: new Date(instantIn(slot, stream)).toISOString(),
      source,
      event_type: type,
      severity,
      context: keys.length === 0 ? null : details(keys, stream),
      restaurant_id: stream.pick(houses),
      booking_id: source.startsWith('bookings.') ? stream.uuid() : null
    }
  })
}

function draw(stream: Stream): Kind {
  let left = stream.next() * KINDS_PER_DAY
  for (const candidate of KINDS) {
    left -= candidate.perDay
    if (left < 0) return candidate
  }
  return KINDS[0]
}

function details(keys: readonly string[], stream: Stream): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    keys.map(key => [
      key,
      /_(?:ms|count)$/u.test(key) ? stream.whole(1, 400) : `${key}-${stream.whole(1, 5)}`
    ])
  )
}

function kind(
  source: string,
  type: string,
  perDay: number,
  severity: EventRow['severity'],
  ...keys: readonly string[]
): Kind {
  return { source, type, perDay, severity, keys }
}
