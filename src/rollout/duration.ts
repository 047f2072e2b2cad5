const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof UNIT_MS

const DURATION = /^(0|[1-9]\d{0,5})(s|m|h|d)$/u

/** Milliseconds of a duration as a definition writes it (`30m`, `48h`, `7d`), or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit as Unit]
}

/**
 * The shortest way to write a span, largest unit first, cut to two units: `48h`, `1h 30m`, `12s`.
 * Hours are kept up to three days (a runbook says T+48h, not T+2d); fractions of a second are cut.
 */
export function formatDuration(ms: number): string {
  const shown = partsOf(Math.abs(ms)).slice(0, 2)
  const sign = ms < 0 && shown.length > 0 ? '-' : ''
  return sign + (shown.join(' ') || '0m')
}

/** The name of a checkpoint this far into a phase, its own to the second: `T+0`, `T+30m`, `T+6h`. */
export function checkpointName(offsetMs: number): string {
  return `T+${partsOf(offsetMs).join('') || '0'}`
}

function partsOf(ms: number): readonly string[] {
  return splitSpan(Math.floor(ms / 1000))
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
}

function splitSpan(seconds: number): readonly (readonly [number, Unit])[] {
  const dayHours = seconds >= 3 * 86_400 ? 24 : Number.POSITIVE_INFINITY
  const hours = Math.floor(seconds / 3600)
  const days = Number.isFinite(dayHours) ? Math.floor(hours / dayHours) : 0
  return [
    [days, 'd'],
    [hours - days * 24, 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's']
  ]
}
