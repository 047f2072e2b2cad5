import type { Agenda, Timer } from './agenda.ts'
import { nextTick } from './cron.ts'
import { type CronWeather, deliveries } from './weather.ts'
import type { Cron } from './workflow-file.ts'

export interface Scheduled {
  /** `monitor.yml` */
  readonly file: string
  readonly cron: Cron
}

/** The cron lines of the default branch, each with its next tick set. */
export interface Schedules {
  /** From now on these lines are in force; a line that stays keeps its pending tick. */
  register(lines: readonly Scheduled[]): void
  /** What was asked for and what came of it, in order. */
  readonly ticks: number
  readonly delivered: number
}

export interface ScheduleParts {
  readonly agenda: Agenda
  readonly weather: () => CronWeather
  readonly seed: number
  readonly deliver: (scheduled: Scheduled) => void
}

export function createSchedules({ agenda, weather, seed, deliver }: ScheduleParts): Schedules {
  const timers = new Map<string, Timer>()
  const told = { ticks: 0, delivered: 0 }

  const arrive = (scheduled: Scheduled): void => {
    told.delivered += 1
    deliver(scheduled)
  }
  const arm = (key: string, scheduled: Scheduled): void => {
    const atMs = nextTick(scheduled.cron, agenda.now())
    if (!Number.isFinite(atMs)) return
    const strike = (): void => {
      told.ticks += 1
      arm(key, scheduled)
      for (const deliveredMs of deliveries(weather(), seed, { file: scheduled.file, atMs })) {
        if (deliveredMs <= atMs) arrive(scheduled)
        else agenda.at(deliveredMs, 'cron', () => arrive(scheduled))
      }
    }
    timers.set(key, agenda.at(atMs, 'cron', strike))
  }

  return {
    register: lines => {
      const wanted = new Map(lines.map(line => [JSON.stringify(line), line]))
      for (const [key, timer] of timers) {
        if (wanted.has(key)) continue
        timer.cancel()
        timers.delete(key)
      }
      for (const [key, line] of wanted) if (!timers.has(key)) arm(key, line)
    },
    get ticks() {
      return told.ticks
    },
    get delivered() {
      return told.delivered
    }
  }
}
