import type { Definition, FreezeWindow } from './definition.ts'
import { type FreezeEnd, parseFreezeEnd, WEEK_DAYS } from './freeze-end.ts'
import { momentsOf, type WallMs, wallAt } from './wall-clock.ts'

const DAY_MS = 86_400_000

/**
 * Why nothing may move forward now, and until when by the wall clock of the definition; undefined when
 * it may. Of windows that overlap, the one that ends last.
 */
export function frozenBy(
  { freeze, timeZone }: Pick<Definition, 'freeze' | 'timeZone'>,
  nowMs: number
): string | undefined {
  const [longest] = freeze
    .flatMap(window => spansAround(window, wallAt(nowMs, timeZone)))
    .map(({ from, to, why }) => ({
      fromMs: momentsOf(from, timeZone).firstMs,
      // The hour that is repeated in autumn belongs to the freeze both times.
      toMs: momentsOf(to, timeZone).lastMs,
      why
    }))
    .filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)
    .sort((a, b) => b.toMs - a.toMs)
  return (
    longest &&
    `frozen until ${wallText(wallAt(longest.toMs, timeZone))} (${timeZone}): ${longest.why}`
  )
}

interface Span {
  readonly from: WallMs
  readonly to: WallMs
  readonly why: string
}

/** The times at which the window could be in force around that reading of the clock. */
function spansAround({ from, to, why }: FreezeWindow, wall: WallMs): readonly Span[] {
  const [start, end] = [parseFreezeEnd(from), parseFreezeEnd(to)]
  if (start?.kind === 'dated' && end?.kind === 'dated') {
    return [{ from: start.wall, to: end.wall, why }]
  }
  if (start?.kind !== 'weekly' || end?.kind !== 'weekly') return []
  const lengthMs = modulo(inWeek(end) - inWeek(start), 7 * DAY_MS)
  const sunday = Math.floor(wall / DAY_MS) * DAY_MS - new Date(wall).getUTCDay() * DAY_MS
  return [-1, 0, 1].map(week => {
    const begin = sunday + week * 7 * DAY_MS + inWeek(start)
    return { from: begin, to: begin + lengthMs, why }
  })
}

function inWeek({ day, timeMs }: Extract<FreezeEnd, { kind: 'weekly' }>): number {
  return day * DAY_MS + timeMs
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** `Mon 2026-06-08 08:00` */
function wallText(wall: WallMs): string {
  const date = new Date(wall)
  return `${WEEK_DAYS[date.getUTCDay()]} ${date.toISOString().slice(0, 16).replace('T', ' ')}`
}
