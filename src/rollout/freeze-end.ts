import type { WallMs } from './wall-clock.ts'

const MINUTE_MS = 60_000

/** As a definition writes them, from the first day that a Date counts. */
export const WEEK_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** One end of a freeze, as a definition writes it. */
export type FreezeEnd =
  | { readonly kind: 'weekly' /** 0 is Sunday. */; readonly day: number; readonly timeMs: number }
  | { readonly kind: 'dated'; readonly wall: WallMs }

/** `Fri 16:00`, `2026-12-23 09:00`, `2026-12-23`. */
export const FREEZE_END =
  /^(?:(Sun|Mon|Tue|Wed|Thu|Fri|Sat) ((?:[01]\d|2[0-3]):[0-5]\d)|(\d{4}-\d\d-\d\d)(?: ((?:[01]\d|2[0-3]):[0-5]\d))?)$/u

/** Undefined for what is no end of a freeze, as a 30 February. */
export function parseFreezeEnd(text: string): FreezeEnd | undefined {
  const [, dayName, dayTime = '', date, time = '00:00'] = FREEZE_END.exec(text) ?? []
  if (dayName !== undefined) {
    return { kind: 'weekly', day: WEEK_DAYS.indexOf(dayName), timeMs: timeOfDay(dayTime) }
  }
  if (date === undefined) return undefined
  const wall = Date.parse(`${date}T${time}:00Z`)
  const real = Number.isFinite(wall) && new Date(wall).toISOString().startsWith(date)
  return real ? { kind: 'dated', wall } : undefined
}

function timeOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return (hours * 60 + minutes) * MINUTE_MS
}
