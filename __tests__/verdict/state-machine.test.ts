import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ControlFinding } from '../../src/verdict/control.ts'
import {
  judgeStateMachine,
  type StateMachineLook,
  type StateMachineRule,
  type TransitionCount
} from '../../src/verdict/state-machine.ts'

const rule: StateMachineRule = {
  legal: {
    created: ['verified', 'failed'],
    verified: ['in_progress', 'failed'],
    in_progress: ['assigned', 'failed']
  },
  stuck: { state: 'in_progress', warnMinutes: 10, redMinutes: 30 }
}
const alive: ControlFinding = { alive: true, share: 1, expected: 1, withEvents: 1, message: 'on' }
const dead: ControlFinding = { ...alive, alive: false, message: 'off' }

function moved(from: string, to: string, events = 1): TransitionCount {
  return { from, to, events, waiting: 0 }
}

function waiting(minutes: number, units = 1): TransitionCount {
  return { ...moved('verified', 'in_progress', 9), waiting: units, oldestAgeMinutes: minutes }
}

function judge(...transitions: readonly TransitionCount[]): ReturnType<typeof judgeStateMachine> {
  return judgeStateMachine({ rule, transitions, control: alive })
}

describe('transitions', () => {
  test('that are all legal pass while the control is alive', () => {
    const finding = judge(moved('created', 'verified', 40), moved('verified', 'failed', 2))
    expect(finding).toMatchObject({
      kind: 'state-machine',
      verdict: 'pass',
      code: 'none_seen',
      transitions: 42,
      illegal: 0,
      waiting: 0,
      control: alive
    })
  })

  test.each([
    ['backwards', moved('verified', 'created')],
    ['over a state', moved('created', 'assigned')],
    ['out of an end', moved('failed', 'created')],
    ['out of an unknown state', moved('lost', 'created')],
    ['into an unknown state', moved('created', 'lost')],
    ['from nowhere', moved('', 'created')],
    ['into nothing', moved('created', '')],
    ['out of what every object has', moved('constructor', 'created')],
    ['with another spelling', moved('Created', 'verified')]
  ])('%s are red, once is enough', (_, illegal) => {
    expect(judge(moved('created', 'verified', 1000), illegal)).toMatchObject({
      verdict: 'red',
      code: 'illegal_transition',
      illegal: 1,
      transitions: 1001
    })
  })

  test('that are illegal are red whatever the control says, and before anyone who is stuck', () => {
    const transitions = [waiting(99), moved('created', 'assigned')]
    for (const control of [alive, dead]) {
      expect(judgeStateMachine({ rule, transitions, control }).code).toBe('illegal_transition')
    }
    expect(judgeStateMachine({ rule, transitions }).verdict).toBe('red')
  })

  test('that did not happen are none', () => {
    expect(judge(moved('created', 'assigned', 0)).verdict).toBe('pass')
  })

  test('that are none pass only while the control is alive', () => {
    const silent: StateMachineLook = { rule, transitions: [] }
    expect(judgeStateMachine({ ...silent, control: alive }).verdict).toBe('pass')
    for (const look of [silent, { ...silent, control: dead }]) {
      expect(judgeStateMachine(look)).toMatchObject({
        verdict: 'insufficient',
        code: 'control_dead'
      })
    }
  })
})

describe('a unit', () => {
  test.each([
    [0, 'pass', 'none_seen'],
    [10, 'pass', 'none_seen'],
    [10.1, 'warn', 'slow'],
    [30, 'warn', 'slow'],
    [30.1, 'red', 'stuck'],
    [9999, 'red', 'stuck']
  ])('that has waited %d min is %s, %s', (minutes, verdict, code) => {
    expect(judge(waiting(minutes))).toMatchObject({
      verdict,
      code,
      waiting: 1,
      oldestMinutes: minutes
    })
  })

  test('that waits longest counts, in whichever row it comes', () => {
    const rows = [waiting(2, 3), waiting(45, 1), waiting(12, 2)]
    expect(judge(...rows)).toMatchObject({ code: 'stuck', waiting: 6, oldestMinutes: 45 })
    expect(judge(...rows.toReversed())).toEqual(judge(...rows))
  })

  test('may wait in any other state for ever', () => {
    const ended = { ...moved('verified', 'failed'), waiting: 1, oldestAgeMinutes: 9999 }
    expect(judge(ended)).toMatchObject({ verdict: 'pass', waiting: 0 })
    expect(judge({ ...ended, to: 'in_progress', waiting: 0 }).verdict).toBe('pass')
  })

  test('may wait anywhere where no state is named', () => {
    const { legal } = rule
    const look = { rule: { legal }, transitions: [waiting(9999)], control: alive }
    expect(judgeStateMachine(look).verdict).toBe('pass')
  })

  test('that is stuck is told whatever the control says', () => {
    const look = { rule, transitions: [waiting(45)], control: dead }
    expect(judgeStateMachine(look).verdict).toBe('red')
    expect(judgeStateMachine({ ...look, transitions: [waiting(15)] }).verdict).toBe('warn')
  })
})

describe('counts that make no sense are an error and never a pass', () => {
  test.each<[string, Partial<TransitionCount>]>([
    ['NaN events', { events: Number.NaN }],
    ['less than no events', { events: -1 }],
    ['half an event', { events: 0.5 }],
    ['NaN units waiting', { waiting: Number.NaN }],
    ['less than nobody waiting', { waiting: -1 }],
    ['somebody waiting since no known time', { to: 'in_progress', waiting: 1 }],
    ['an age of NaN', { waiting: 1, oldestAgeMinutes: Number.NaN }],
    ['an age without end', { waiting: 1, oldestAgeMinutes: Number.POSITIVE_INFINITY }],
    ['somebody from the future', { waiting: 1, oldestAgeMinutes: -1 }]
  ])('%s', (_, wrong) => {
    const finding = judge({ ...moved('created', 'verified'), ...wrong })
    expect(finding).toMatchObject({
      verdict: 'error',
      code: 'bad-counts',
      transitions: 0,
      illegal: 0,
      control: alive
    })
  })

  test.each([
    [30, 30],
    [30, 10],
    [0, 30],
    [Number.NaN, 30],
    [10, Number.NaN]
  ])('a warning after %d min before red after %d min is an error in the rule', (warn, red) => {
    const stuck = { state: 'in_progress', warnMinutes: warn, redMinutes: red }
    const look = { rule: { ...rule, stuck }, transitions: [waiting(1)], control: alive }
    expect(judgeStateMachine(look)).toMatchObject({ verdict: 'error', code: 'bad-rule' })
  })

  test('any names and numbers are judged without throwing, and only legal pairs pass', () => {
    const name = fc.oneof(
      fc.constantFrom('created', 'verified', 'in_progress', '__proto__', 'toString', ''),
      fc.string()
    )
    const number = fc.oneof(fc.double(), fc.nat(50))
    const transition = fc.record(
      { from: name, to: name, events: number, waiting: number, oldestAgeMinutes: number },
      { requiredKeys: ['from', 'to', 'events', 'waiting'] }
    )
    fc.assert(
      fc.property(fc.array(transition, { maxLength: 3 }), transitions => {
        if (judge(...transitions).verdict !== 'pass') return
        for (const { from, to, events } of transitions.filter(one => one.events > 0)) {
          expect(Object.entries(rule.legal).find(([state]) => state === from)?.[1]).toContain(to)
          expect(Number.isSafeInteger(events)).toBe(true)
        }
      }),
      { numRuns: 500 }
    )
  })
})

test('the order of the rows does not matter', () => {
  const pair = fc.constantFrom('created', 'verified', 'failed', 'lost')
  const row = fc.tuple(pair, pair, fc.nat(3)).map(([from, to, n]) => moved(from, to, n))
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), rows => {
      expect(judge(...rows.toReversed())).toEqual(judge(...rows))
    })
  )
})

test('messages are plain sentences that name the pairs and the wait', () => {
  const message = (...rows: readonly TransitionCount[]): string => judge(...rows).message
  expect(message(moved('created', 'verified'))).toMatchInlineSnapshot(
    `"no illegal transition and no stuck unit seen, and on"`
  )
  expect(message(moved('created', 'assigned'))).toMatchInlineSnapshot(
    `"1 illegal transition: created → assigned (1)"`
  )
  expect(
    message(
      moved('a', 'b'),
      moved('', 'created', 2000),
      moved('c', 'd'),
      moved('lost and\nfound', 'x'.repeat(90), 3),
      moved('a', 'b', 4)
    )
  ).toMatchInlineSnapshot(
    `"2,009 illegal transitions: "" → created (2,000), a → b (5), "lost and\\nfound" → "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" (3) and 1 more pair"`
  )
  expect(message(waiting(12.7))).toMatchInlineSnapshot(
    `"a unit has been in in_progress for 12 min, longer than 10 min"`
  )
  expect(message(waiting(1500, 3))).toMatchInlineSnapshot(
    `"the first of 3 units has been in in_progress for 1,500 min, longer than 30 min"`
  )
  expect(message({ ...waiting(3), waiting: -1 })).toMatchInlineSnapshot(
    `"the counts make no sense: verified → in_progress (9), of which -1 wait since 3 min"`
  )
  expect(
    judgeStateMachine({ rule: { legal: rule.legal }, transitions: [], control: dead }).message
  ).toMatchInlineSnapshot(`"no illegal transition seen, but silence proves nothing: off"`)
})
