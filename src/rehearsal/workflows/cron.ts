import type { Cron } from './workflow-file.ts'

const MINUTE_MS = 60_000
const YEAR_MINUTES = 366 * 24 * 60

/** Lowest and highest value of minute, hour, day, month and weekday. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7]
] as const

const NAMES: Readonly<Record<string, number>> = {
  ...named(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'], 0),
  ...named(['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'], 1)
}

/** The first minute after an instant at which the schedule comes round, in ms; infinity when never. */
export function nextTick({ expression, timeZone }: Cron, afterMs: number): number {
  const fields = expression.trim().split(/\s+/u)
  const allowed = RANGES.map((range, index) => valuesOf(fields[index] ?? '*', range))
  const [, , days = '*', , weekdays = '*'] = fields
  const eitherDay = days !== '*' && weekdays !== '*'
  const wallClock = timeZone === 'UTC' ? utcFields : zonedFields(timeZone)
  const first = Math.floor(afterMs / MINUTE_MS) + 1
  for (let minute = first; minute < first + YEAR_MINUTES; minute += 1) {
    const now = wallClock(minute * MINUTE_MS)
    const fits = now.map((value, index) => allowed[index]?.has(value) === true)
    const [minutes, hours, day, month, weekday] = fits
    const dayFits = eitherDay ? day || weekday : day && weekday
    if (minutes && hours && month && dayFits) return minute * MINUTE_MS
  }
  return Number.POSITIVE_INFINITY
}

function named(names: readonly string[], first: number): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name, index) => [name, first + index]))
}

function valuesOf(field: string, [low, high]: readonly [number, number]): ReadonlySet<number> {
  const values = field.split(',').flatMap(part => {
    const [range = '*', step = '1'] = part.split('/')
    const [from, to] = range === '*' ? [low, high] : bounds(range, part.includes('/'), high)
    const count = Math.floor((to - from) / Number(step)) + 1
    return Array.from({ length: count }, (_, index) => from + index * Number(step))
  })
  // Sunday has two numbers.
  return new Set(high === 7 ? values.map(value => value % 7) : values)
}

function bounds(range: string, stepped: boolean, high: number): readonly [number, number] {
  const [from = '', to] = range.split('-')
  const first = numberOf(from)
  if (to !== undefined) return [first, numberOf(to)]
  return [first, stepped ? high : first]
}

function numberOf(text: string): number {
  return NAMES[text.toLowerCase()] ?? Number(text)
}

/** Minute, hour, day, month and weekday. */
function utcFields(ms: number): readonly number[] {
  const date = new Date(ms)
  return [
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth() + 1,
    date.getUTCDay()
  ]
}

function zonedFields(timeZone: string): (ms: number) => readonly number[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    minute: 'numeric',
    hour: 'numeric',
    day: 'numeric',
    month: 'numeric',
    weekday: 'short',
    hourCycle: 'h23'
  })
  return ms => {
    const parts = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, value])
    )
    const { minute = '', hour = '', day = '', month = '', weekday = '' } = parts
    return [Number(minute), Number(hour), Number(day), Number(month), numberOf(weekday)]
  }
}
