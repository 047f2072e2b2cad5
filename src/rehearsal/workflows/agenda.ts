import type { VirtualClock } from '../virtual-clock.ts'

/**
 * `work` is waited for until nothing is left to do; a `guard`, as a time limit, only strikes when
 * time passes anyway; a `cron` comes for ever.
 */
export type TimerKind = 'work' | 'guard' | 'cron'

export interface Timer {
  cancel(): void
}

/** What happens when: virtual time moves from one timer to the next, and only while nobody works. */
export interface Agenda {
  now(): number
  /** Work in progress: time stands still until it ends, fails or goes away to wait. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Starts work that nobody waits for; its failure is thrown at whoever drives the agenda. */
  start(work: () => Promise<unknown>): void
  /** Within work: waits for something that only time, people or other work brings about. */
  away<T>(waited: Promise<T>): Promise<T>
  /** The same for work that is no promise of ours: time may pass until `back` is called, once. */
  leave(): { back(): void }
  at(ms: number, kind: TimerKind, fire: () => void): Timer
  /** Resolves when nobody works any more; no virtual time passes but for those who wait for it. */
  settle(): Promise<void>
  /** Lets the next timer strike, if there is one by then; false when there is none. */
  step(limitMs: number): Promise<boolean>
  /** Whether a timer is set that is waited for. */
  readonly expectsWork: boolean
}

interface Entry {
  readonly atMs: number
  readonly kind: TimerKind
  readonly fire: () => void
}

/** An agenda that moves this clock. */
export function createAgenda(clock: VirtualClock): Agenda {
  const entries: Entry[] = []
  const failures: unknown[] = []
  let busy = 0
  let wake: (() => void)[] = []

  const enter = (): void => {
    busy += 1
  }
  const leave = (): void => {
    busy -= 1
    if (busy > 0) return
    for (const call of wake) call()
    wake = []
  }
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  const settle = async (): Promise<void> => {
    for (;;) {
      if (failures.length > 0) throw failures.shift()
      if (busy > 0) await new Promise<void>(resolve => wake.push(resolve))
      // Whoever is woken by what has just ended is back at work before this resolves.
      await new Promise(setImmediate)
      if (busy === 0 && failures.length === 0) return
    }
  }
  return {
    now: clock.now,
    run,
    start: work => {
      run(work).catch(error => failures.push(error))
    },
    away: async waited => {
      leave()
      try {
        return await waited
      } finally {
        enter()
      }
    },
    leave: () => {
      leave()
      let gone = true
      return {
        back: () => {
          if (gone) enter()
          gone = false
        }
      }
    },
    at: (ms, kind, fire) => {
      const entry = { atMs: Math.max(ms, clock.now()), kind, fire }
      const later = entries.findIndex(({ atMs }) => atMs > entry.atMs)
      entries.splice(later === -1 ? entries.length : later, 0, entry)
      return {
        cancel: () => {
          const place = entries.indexOf(entry)
          if (place !== -1) entries.splice(place, 1)
        }
      }
    },
    settle,
    step: async limitMs => {
      await settle()
      const [next] = entries
      if (next === undefined || next.atMs > limitMs) return false
      entries.shift()
      await clock.advanceTo(next.atMs)
      next.fire()
      await settle()
      return true
    },
    get expectsWork() {
      return entries.some(({ kind }) => kind === 'work')
    }
  }
}
