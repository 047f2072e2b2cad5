import { isCount } from './count.ts'
import { countText } from './wording.ts'

/** Events of the control metric in one slot since the window's start; any order, duplicates add up. */
export interface Slot {
  readonly slot: number
  readonly events: number
}

/** All that is known about the control: other telemetry that must arrive for silence to mean anything. */
export interface ControlLook {
  readonly slots: readonly Slot[]
  readonly slotMinutes: number
  readonly windowMinutes: number
  /** Age of the control's newest event at the window's end; absent when it never had one. */
  readonly lastEventAgeMinutes?: number
}

/** Whether the microphone is on. `share` is `withEvents` of `expected` complete slots. */
export interface ControlFinding {
  readonly alive: boolean
  readonly share: number
  readonly expected: number
  readonly withEvents: number
  readonly message: string
}

const ALIVE_PERCENT = 95
const FRESH_SLOTS = 2

/**
 * Alive when at least 95 % of the complete slots of the window have an event and the newest event is
 * younger than two slots; in a window shorter than one slot, when it has an event at all. The
 * unfinished last slot never counts against it. Input that makes no sense is dead, never alive.
 */
export function judgeControl(look: ControlLook): ControlFinding {
  if (!isPossible(look)) {
    return dead('the counts of the control make no sense')
  }
  const expected = Math.floor(look.windowMinutes / look.slotMinutes)
  const slots = new Set(look.slots.filter(slot => slot.events > 0).map(slot => slot.slot))
  return expected === 0 ? inShortWindow(slots.size) : inSlots(look, slots, expected)
}

function inShortWindow(withEvents: number): ControlFinding {
  const alive = withEvents > 0
  const message = alive
    ? 'the control has events in a window shorter than one slot'
    : 'the control has no event in a window shorter than one slot'
  return { alive, share: alive ? 1 : 0, expected: 0, withEvents, message }
}

function inSlots(look: ControlLook, slots: ReadonlySet<number>, expected: number): ControlFinding {
  const withEvents = [...slots].filter(slot => slot < expected).length
  const dense = withEvents * 100 >= expected * ALIVE_PERCENT
  const age = look.lastEventAgeMinutes
  const fresh = (age ?? Number.POSITIVE_INFINITY) < FRESH_SLOTS * look.slotMinutes
  const filled = `the control has events in ${countText(withEvents)} of ${countText(expected)} slots`
  return {
    alive: dense && fresh,
    share: withEvents / expected,
    expected,
    withEvents,
    message: `${filled}, ${ageText(age)}`
  }
}

function ageText(age: number | undefined): string {
  return age === undefined ? 'its last at no known time' : `its last ${Math.floor(age)} min old`
}

function dead(message: string): ControlFinding {
  return { alive: false, share: 0, expected: 0, withEvents: 0, message }
}

function isPossible(look: ControlLook): boolean {
  const { slots, slotMinutes, windowMinutes, lastEventAgeMinutes: age } = look
  return (
    slots.every(({ slot, events }) => isCount(slot) && isCount(events)) &&
    isDuration(slotMinutes) &&
    slotMinutes > 0 &&
    isDuration(windowMinutes) &&
    (age === undefined || isDuration(age))
  )
}

function isDuration(minutes: number): boolean {
  return Number.isFinite(minutes) && minutes >= 0
}
