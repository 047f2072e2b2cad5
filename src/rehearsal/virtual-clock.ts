import type { Clock } from '../rollout/ports.ts'

/** Called after time moved, before anybody sees the new time through `sleep` or `advanceTo`. */
export type TimeListener = (nowMs: number, previousMs: number) => Promise<void>

/** A clock that moves only when told to; waiting on it takes no real time. */
export interface VirtualClock extends Clock {
  /** Moves forward to that instant and lets the world follow; never backward. */
  advanceTo(ms: number): Promise<void>
  /** Listeners run one after the other, in the order they were added. */
  onAdvance(listener: TimeListener): void
}

/** A virtual clock that starts at an instant, in milliseconds since the epoch. */
export function createVirtualClock(startMs: number): VirtualClock {
  const listeners: TimeListener[] = []
  let nowMs = startMs

  const advanceTo = async (ms: number): Promise<void> => {
    const previousMs = nowMs
    if (ms <= previousMs) return
    nowMs = ms
    for (const listener of listeners) await listener(ms, previousMs)
  }

  return {
    now: () => nowMs,
    sleep: ms => advanceTo(nowMs + ms),
    advanceTo,
    onAdvance: listener => {
      listeners.push(listener)
    }
  }
}
