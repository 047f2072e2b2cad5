import { openStream } from '../traffic/stream.ts'

/** How a scheduled event reaches the repository, share by share. */
export interface CronWeather {
  /** Never delivered. */
  readonly dropped: number
  /** Delivered twice, each time as late as it happens to be. */
  readonly doubled: number
  /** Delivered late, by between these two. */
  readonly late: number
  readonly lateMs: readonly [number, number]
}

const HOUR_MS = 3_600_000

/** Every tick at its minute. */
export const EXACT: CronWeather = { dropped: 0, doubled: 0, late: 0, lateMs: [0, 0] }

/** As measured in autumn 2026: hours late as a rule, often not at all, at times twice. */
export const AUTUMN: CronWeather = {
  dropped: 0.8,
  doubled: 0.1,
  late: 0.7,
  lateMs: [HOUR_MS, 6 * HOUR_MS]
}

/** When a tick is delivered, in ms: the same tick, seed and weather give the same answer. */
export function deliveries(
  weather: CronWeather,
  seed: number,
  tick: { readonly file: string; readonly atMs: number }
): readonly number[] {
  const draw = openStream('cron', seed, tick.file, tick.atMs)
  if (draw.chance(weather.dropped)) return []
  const times = draw.chance(weather.doubled) ? 2 : 1
  return Array.from({ length: times }, () => {
    if (!draw.chance(weather.late)) return tick.atMs
    return tick.atMs + draw.whole(...weather.lateMs)
  })
}
