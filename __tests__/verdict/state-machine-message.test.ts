import { describe, expect, test } from '@jest/globals'
import type { ControlFinding } from '../../src/verdict/control.ts'
import {
  judgeStateMachine,
  type StateMachineFinding,
  type StateMachineRule,
  type TransitionCount
} from '../../src/verdict/state-machine.ts'

const rule: StateMachineRule = {
  legal: { created: ['verified'], verified: ['done'] },
  stuck: { state: 'verified', warnMinutes: 10, redMinutes: 30 }
}
const control: ControlFinding = {
  alive: true,
  share: 1,
  expected: 24,
  withEvents: 24,
  message: 'the control is on'
}

function judge(...transitions: readonly TransitionCount[]): StateMachineFinding {
  return judgeStateMachine({ rule, transitions, control })
}

function moved(from: string, to: string, events = 1): TransitionCount {
  return { from, to, events, waiting: 0 }
}

function waiting(units: number, minutes?: number): TransitionCount {
  const oldest = minutes === undefined ? {} : { oldestAgeMinutes: minutes }
  return { ...moved('created', 'verified', 9), waiting: units, ...oldest }
}

describe('the name of a state', () => {
  test.each([
    ['plain', 'plain'],
    ['a.b:c-d_9', 'a.b:c-d_9'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
    [`${' '.repeat(59)}x`, `"${' '.repeat(59)}x"`],
    ['two words', '"two words"'],
    [' before', '" before"'],
    ['after ', '"after "'],
    ['line\nbreak', '"line\\nbreak"'],
    ['"quoted"', '"\\"quoted\\""'],
    ['', '""']
  ])('%j is told as %s', (name, told) => {
    expect(judge(moved('created', name)).message).toBe(
      `1 illegal transition: created → ${told} (1)`
    )
  })
})

describe('illegal pairs', () => {
  const pairs = [moved('a', 'b'), moved('a', 'c', 7), moved('a', 'a'), moved('b', 'a')]

  test('are told up to three, the most frequent first, then by name', () => {
    expect(judge(...pairs.slice(0, 3)).message).toBe(
      '9 illegal transitions: a → c (7), a → a (1), a → b (1)'
    )
    expect(judge(...pairs).message).toBe(
      '10 illegal transitions: a → c (7), a → a (1), a → b (1) and 1 more pair'
    )
    expect(judge(...pairs, moved('c', 'a')).message).toMatch(/ and 2 more pairs$/u)
  })

  test('are one pair when they come in several rows', () => {
    expect(judge(moved('a', 'b', 2), moved('a', 'b', 3))).toMatchObject({
      illegal: 5,
      message: '5 illegal transitions: a → b (5)'
    })
  })
})

describe('a wait', () => {
  test('is told in whole minutes, with the limit that it broke', () => {
    expect(judge(waiting(1, 10.9)).message).toBe(
      'a unit has been in verified for 10 min, longer than 10 min'
    )
    expect(judge(waiting(1200, 2000)).message).toBe(
      'the first of 1,200 units has been in verified for 2,000 min, longer than 30 min'
    )
  })

  test('of nobody is not kept', () => {
    expect('oldestMinutes' in judge(waiting(0, 50))).toBe(false)
    expect(judge(waiting(3, 0))).toMatchObject({ verdict: 'pass', waiting: 3, oldestMinutes: 0 })
  })

  test('of nobody does not count beside the wait of somebody', () => {
    expect(judge(waiting(0, 99), waiting(1, 5))).toMatchObject({ waiting: 1, oldestMinutes: 5 })
  })

  test('in a state where everybody may stay needs no age', () => {
    const ended = { ...moved('verified', 'done'), waiting: 4 }
    const { legal } = rule
    expect(judge(ended).verdict).toBe('pass')
    expect(judgeStateMachine({ rule: { legal }, transitions: [ended], control }).verdict).toBe(
      'pass'
    )
  })
})

describe('what makes no sense', () => {
  test.each([
    ['9), of which 1 wait since no known time', waiting(1)],
    ['9), of which 1 wait since -1 min', waiting(1, -1)],
    ['9), of which 0.5 wait since 3 min', waiting(0.5, 3)],
    ['9), of which 1 wait since Infinity min', waiting(1, Number.POSITIVE_INFINITY)],
    ['0.5), of which 0 wait since no known time', moved('created', 'verified', 0.5)]
  ])('is told: %s', (words, wrong) => {
    expect(judge(moved('created', 'verified'), wrong)).toEqual({
      kind: 'state-machine',
      verdict: 'error',
      code: 'bad-counts',
      message: `the counts make no sense: created → verified (${words}`,
      transitions: 0,
      illegal: 0,
      control
    })
  })

  test.each([
    [0, 30],
    [30, 30]
  ])('is a limit of %d min before one of %d min', (warnMinutes, redMinutes) => {
    const stuck = { state: 'verified', warnMinutes, redMinutes }
    const finding = judgeStateMachine({ rule: { ...rule, stuck }, transitions: [] })
    expect(finding).toMatchObject({
      code: 'bad-rule',
      message: 'the rule for stuck units makes no sense'
    })
    expect('control' in finding).toBe(false)
  })
})

test('silence is told by what was looked for', () => {
  expect(judge().message).toBe(
    'no illegal transition and no stuck unit seen, and the control is on'
  )
  const { legal } = rule
  expect(judgeStateMachine({ rule: { legal }, transitions: [], control }).message).toBe(
    'no illegal transition seen, and the control is on'
  )
  expect('control' in judgeStateMachine({ rule, transitions: [] })).toBe(false)
})
