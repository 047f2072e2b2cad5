/**
 * A wall clock's reading, as the milliseconds since the epoch at which a clock in UTC reads the same.
 * Only ever compared with, or counted from, other readings.
 */
export type WallMs = number

const DAY_MS = 86_400_000

/** True for a name that this platform has rules for. */
export function isTimeZone(timeZone: string): boolean {
  return formatIn(timeZone) !== undefined
}

/** What the clock on the wall reads there; in UTC when there is no such time zone. */
export function wallAt(ms: number, timeZone: string): WallMs {
  const format = formatIn(timeZone)
  if (format === undefined) return ms
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const [day, time] = [
    [of('year'), of('month') - 1, of('day')] as const,
    [of('hour'), of('minute'), of('second')] as const
  ]
  return Date.UTC(...day, ...time) + (ms % 1000)
}

/**
 * The first and the last moment at which the wall clock comes to that reading. They differ when the hour
 * is repeated in autumn; both are the moment of the jump when spring leaves the reading out.
 */
export function momentsOf(
  wall: WallMs,
  timeZone: string
): { readonly firstMs: number; readonly lastMs: number } {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map(near => wallAt(near, timeZone) - near)
  const candidates = offsets.map(offset => wall - offset).sort((a, b) => a - b)
  const exact = candidates.filter(ms => wallAt(ms, timeZone) === wall)
  const [firstMs = jumpOver(wall, candidates, timeZone)] = exact
  return { firstMs, lastMs: exact.at(-1) ?? firstMs }
}

/** The first millisecond at which the clock is past a reading that it never shows. */
function jumpOver(
  wall: WallMs,
  [early = 0, late = 0]: readonly number[],
  timeZone: string
): number {
  let [before, after] = [early, late]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (wallAt(middle, timeZone) < wall) before = middle
    else after = middle
  }
  return after
}

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = FORMATS.get(timeZone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23'
    })
    FORMATS.set(timeZone, format)
    return format
  } catch {
    return undefined
  }
}

/** Making one takes long, and a moment is sought in many steps. */
const FORMATS = new Map<string, Intl.DateTimeFormat>()
