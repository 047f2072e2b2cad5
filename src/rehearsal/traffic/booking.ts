import { openStream, type Stream } from './stream.ts'

/** Somebody asks for a table. Everything that follows is drawn from its own stream. */
export interface Booking {
  readonly id: string
  readonly restaurantId: string
  readonly target: string
  readonly arrivedMs: number
  readonly stream: Stream
}

export interface ArrivalRequest {
  readonly seed: number
  readonly target: string
  readonly perDay: number
  readonly fromMs: number
  readonly toMs: number
}

const SLOT_MS = 10 * 60_000
const SLOTS_PER_DAY = 144

// Share of the day's bookings by hour, UTC: lunch, dinner, and a night that is never quite empty.
const HOURS = [3, 3, 3, 3, 3, 3, 3, 4, 6, 10, 14, 17, 18, 15, 12, 12, 15, 19, 21, 19, 15, 10, 6, 4]
const MEAN_HOUR = HOURS.reduce((sum, hour) => sum + hour, 0) / HOURS.length

/** The bookings that arrive in [fromMs, toMs), in order. */
export function arrivals(request: ArrivalRequest): readonly Booking[] {
  return slots(request.fromMs, request.toMs)
    .flatMap(slot => slotArrivals(request, slot))
    .filter(({ arrivedMs }) => arrivedMs >= request.fromMs && arrivedMs < request.toMs)
    .sort((a, b) => a.arrivedMs - b.arrivedMs)
}

/**
 * The ten-minute slots that an interval touches. Each slot is drawn whole from its own stream, so
 * what happens in it does not depend on where the intervals are cut.
 */
export function slots(fromMs: number, toMs: number): readonly number[] {
  const first = Math.floor(fromMs / SLOT_MS)
  const count = Math.max(0, Math.ceil(toMs / SLOT_MS) - first)
  return Array.from({ length: count }, (_, index) => first + index)
}

/** An instant somewhere in the slot. */
export function instantIn(slot: number, stream: Stream): number {
  return slot * SLOT_MS + stream.whole(0, SLOT_MS - 1)
}

/** What a daily volume comes to in one slot when it is spread evenly. */
export function perSlot(perDay: number): number {
  return perDay / SLOTS_PER_DAY
}

export function restaurants(seed: number): readonly [string, ...string[]] {
  const stream = openStream(seed, 'restaurants')
  return [stream.uuid(), ...Array.from({ length: 11 }, () => stream.uuid())]
}

function slotArrivals({ seed, target, perDay }: ArrivalRequest, slot: number): Booking[] {
  const hour = new Date(slot * SLOT_MS).getUTCHours()
  const stream = openStream(seed, 'arrivals', target, slot)
  const count = stream.poisson((perSlot(perDay) * (HOURS[hour] ?? MEAN_HOUR)) / MEAN_HOUR)
  const houses = restaurants(seed)
  return Array.from({ length: count }, (_, index) => {
    const arrivedMs = instantIn(slot, stream)
    const own = openStream(seed, 'booking', target, slot, index)
    return { id: own.uuid(), restaurantId: own.pick(houses), target, arrivedMs, stream: own }
  })
}
