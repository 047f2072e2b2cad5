const UNKNOWN = 'at an unknown time'
const UTC_NAMES = new Set(['UTC', 'Etc/UTC', 'Etc/UCT', 'Etc/Zulu', 'UCT', 'Zulu'])

/** "2026-11-23 10:02 UTC". */
export function utcText(instant: string): string {
  const ms = Date.parse(instant)
  return isKnown(ms) ? `${minute(ms)} UTC` : UNKNOWN
}

/**
 * "2026-06-01 10:02 UTC (11:02 Europe/London)", with the date over there when it is another one.
 * In a time zone that does not exist, UTC alone.
 */
export function instantText(instant: string, timeZone: string): string {
  const ms = Date.parse(instant)
  const there = isKnown(ms) ? local(ms, timeZone) : undefined
  if (there === undefined) return utcText(instant)
  const [date] = minute(ms).split(' ')
  const shown = there.date === date ? there.time : `${there.date} ${there.time}`
  return `${utcText(instant)} (${shown} ${timeZone})`
}

interface LocalTime {
  readonly date: string
  readonly time: string
}

function local(ms: number, timeZone: string): LocalTime | undefined {
  const format = UTC_NAMES.has(timeZone) ? undefined : formatIn(timeZone)
  if (format === undefined) return undefined
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
  return {
    date: `${of('year')}-${of('month')}-${of('day')}`,
    time: `${of('hour')}:${of('minute')}`
  }
}

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23'
    })
  } catch {
    return undefined
  }
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

/** True for what a Date can hold. */
function isKnown(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15
}
