import { expect, test } from '@jest/globals'
import type { ControlFinding } from '../../src/verdict/control.ts'
import { judgeZeroTolerance } from '../../src/verdict/zero-tolerance.ts'

const alive: ControlFinding = { alive: true, share: 1, expected: 1, withEvents: 1, message: 'on' }
const dead: ControlFinding = { ...alive, alive: false, message: 'off' }

test.each([
  [1, alive, 'red', 'event_seen'],
  [1, dead, 'red', 'event_seen'],
  [3, undefined, 'red', 'event_seen'],
  [0, alive, 'pass', 'none_seen'],
  [0, dead, 'insufficient', 'control_dead'],
  [0, undefined, 'insufficient', 'control_dead'],
  [Number.NaN, alive, 'error', 'bad-counts'],
  [-1, alive, 'error', 'bad-counts'],
  [0.5, alive, 'error', 'bad-counts']
])('%p events with control %j is %s %s', (events, control, verdict, code) => {
  const finding = judgeZeroTolerance({ events, ...(control === undefined ? {} : { control }) })
  expect(finding).toMatchObject({ kind: 'zero-tolerance', verdict, code })
  expect(finding.control).toBe(control)
})

test('messages say what was seen and why silence does not count', () => {
  expect(judgeZeroTolerance({ events: 1 }).message).toBe('1 event seen where none is allowed')
  expect(judgeZeroTolerance({ events: 0, control: dead }).message).toBe(
    'no event seen, but silence proves nothing: off'
  )
})
