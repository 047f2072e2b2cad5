import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import { ruleOnSilence } from './silence.ts'
import type { Verdict } from './verdict.ts'
import { countText, manyText } from './wording.ts'

/** Which transitions are allowed, and the state in which nobody may stay for long. */
export interface StateMachineRule {
  /** The states that may follow each state; a state that is no key may be followed by none. */
  readonly legal: Readonly<Record<string, readonly string[]>>
  readonly stuck?: StuckRule
}

export interface StuckRule {
  readonly state: string
  readonly warnMinutes: number
  readonly redMinutes: number
}

/** Transitions between two states; the same pair may come any number of times, in any order. */
export interface TransitionCount {
  readonly from: string
  readonly to: string
  readonly events: number
  /** Units whose latest transition is one of these. */
  readonly waiting: number
  /** How long the one of them that has waited longest has done so, at the window's end. */
  readonly oldestAgeMinutes?: number
}

/** All that one look at a state machine knows. */
export interface StateMachineLook {
  readonly rule: StateMachineRule
  readonly transitions: readonly TransitionCount[]
  readonly control?: ControlFinding
}

interface Pair {
  readonly from: string
  readonly to: string
  readonly events: number
}

/** The verdict on the ways that units took through their states. */
export interface StateMachineFinding {
  readonly kind: 'state-machine'
  readonly verdict: Verdict
  readonly code:
    | 'bad-counts'
    | 'bad-rule'
    | 'illegal_transition'
    | 'stuck'
    | 'slow'
    | 'none_seen'
    | 'control_dead'
  readonly message: string
  readonly transitions: number
  readonly illegal: number
  /** Units that are in the state of `stuck` now; absent where no such state is named. */
  readonly waiting?: number
  /** How long the first of them has been there. */
  readonly oldestMinutes?: number
  readonly control?: ControlFinding
}

type Ruling = Pick<StateMachineFinding, 'verdict' | 'code' | 'message'>
type Fault = Pick<Ruling, 'message'> & { readonly code: 'bad-counts' | 'bad-rule' }

const MOST_PAIRS = 3
const PLAIN_STATE = /^[\w.:-]{1,60}$/u
const LONGEST_STATE = 60

/**
 * One transition that is not legal is red, and so is a unit that is in the state of `stuck` for longer
 * than it may; for a shorter while it is a warning. Neither is a pass only while the control is alive.
 * Names of states are data: unknown and empty ones make an illegal pair. Never throws.
 */
export function judgeStateMachine(look: StateMachineLook): StateMachineFinding {
  const { control, transitions } = look
  const shown = control === undefined ? {} : { control }
  const fault = faultOf(look)
  if (fault !== undefined) {
    const nothing = { transitions: 0, illegal: 0 }
    return { kind: 'state-machine', verdict: 'error', ...fault, ...nothing, ...shown }
  }
  const pairs = illegalPairs(look)
  const wait = waitIn(look)
  return {
    kind: 'state-machine',
    ...(ruleOnPairs(pairs) ??
      ruleOnWait(look.rule.stuck, wait) ??
      ruleOnSilence(nothingText(look.rule), control)),
    transitions: sum(transitions.map(({ events }) => events)),
    illegal: sum(pairs.map(({ events }) => events)),
    ...wait,
    ...shown
  }
}

function ruleOnPairs(pairs: readonly Pair[]): Ruling | undefined {
  if (pairs.length === 0) {
    return undefined
  }
  const named = pairs.slice(0, MOST_PAIRS).map(pairText).join(', ')
  const left = pairs.length - MOST_PAIRS
  const more = left > 0 ? ` and ${manyText(left, 'more pair')}` : ''
  const illegal = sum(pairs.map(({ events }) => events))
  const message = `${manyText(illegal, 'illegal transition')}: ${named}${more}`
  return { verdict: 'red', code: 'illegal_transition', message }
}

type Wait = Pick<StateMachineFinding, 'waiting' | 'oldestMinutes'>

function ruleOnWait(
  stuck: StuckRule | undefined,
  { waiting = 0, oldestMinutes = 0 }: Wait
): Ruling | undefined {
  if (stuck === undefined || oldestMinutes <= stuck.warnMinutes) {
    return undefined
  }
  const isRed = oldestMinutes > stuck.redMinutes
  const limit = isRed ? stuck.redMinutes : stuck.warnMinutes
  const who = waiting === 1 ? 'a unit has' : `the first of ${countText(waiting)} units has`
  const message = `${who} been in ${stateText(stuck.state)} for ${countText(Math.floor(oldestMinutes))} min, longer than ${countText(limit)} min`
  return isRed
    ? { verdict: 'red', code: 'stuck', message }
    : { verdict: 'warn', code: 'slow', message }
}

function nothingText({ stuck }: StateMachineRule): string {
  return stuck === undefined
    ? 'no illegal transition seen'
    : 'no illegal transition and no stuck unit seen'
}

/** Most frequent first, then by name, so that the order of the rows does not matter. */
function illegalPairs({ rule, transitions }: StateMachineLook): readonly Pair[] {
  const pairs = new Map<string, Pair>()
  for (const { from, to, events } of transitions) {
    if (events > 0 && !isLegal(rule, from, to)) {
      const key = JSON.stringify([from, to])
      pairs.set(key, { from, to, events: events + (pairs.get(key)?.events ?? 0) })
    }
  }
  return [...pairs]
    .sort(([left, one], [right, other]) => other.events - one.events || (left < right ? -1 : 1))
    .map(([, pair]) => pair)
}

function isLegal({ legal }: StateMachineRule, from: string, to: string): boolean {
  return Object.hasOwn(legal, from) && legal[from]?.includes(to) === true
}

function waitIn({ rule: { stuck }, transitions }: StateMachineLook): Wait {
  if (stuck === undefined) {
    return {}
  }
  const there = transitions.filter(({ to, waiting }) => to === stuck.state && waiting > 0)
  const waiting = sum(there.map(one => one.waiting))
  const ages = there.map(({ oldestAgeMinutes }) => oldestAgeMinutes ?? 0)
  return waiting === 0
    ? { waiting }
    : { waiting, oldestMinutes: ages.reduce((oldest, age) => Math.max(oldest, age), 0) }
}

function faultOf(look: StateMachineLook): Fault | undefined {
  const { stuck } = look.rule
  if (stuck !== undefined && !(stuck.warnMinutes > 0 && stuck.redMinutes > stuck.warnMinutes)) {
    return { code: 'bad-rule', message: 'the rule for stuck units makes no sense' }
  }
  const wrong = look.transitions.find(transition => !isPossible(transition, stuck))
  if (wrong === undefined) {
    return undefined
  }
  const { from, to, events, waiting, oldestAgeMinutes: age } = wrong
  const since = age === undefined ? 'no known time' : `${age} min`
  const message = `the counts make no sense: ${pairText({ from, to, events })}, of which ${waiting} wait since ${since}`
  return { code: 'bad-counts', message }
}

function isPossible(transition: TransitionCount, stuck: StuckRule | undefined): boolean {
  const { to, events, waiting, oldestAgeMinutes: age } = transition
  const isTimed = age === undefined ? to !== stuck?.state || waiting === 0 : age >= 0
  return isCount(events) && isCount(waiting) && isTimed && age !== Number.POSITIVE_INFINITY
}

function pairText({ from, to, events }: Pair): string {
  return `${stateText(from)} → ${stateText(to)} (${countText(events)})`
}

/** Whatever the telemetry calls a state, on one line and of a readable length. */
function stateText(state: string): string {
  if (PLAIN_STATE.test(state)) {
    return state
  }
  const short = state.length > LONGEST_STATE ? `${state.slice(0, LONGEST_STATE)}…` : state
  return JSON.stringify(short)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left + right, 0)
}
