import { expect, test } from '@jest/globals'
import type { ControlFinding } from '../../src/verdict/control.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { look, successRate } from './reference.ts'

const alive: ControlFinding = {
  alive: true,
  share: 1,
  expected: 24,
  withEvents: 24,
  message: 'the control is on'
}
const dead: ControlFinding = { ...alive, alive: false, message: 'the control is off' }

test('no units beside a live control are quiet', () => {
  expect(judgeProportion({ ...look([]), control: alive })).toMatchObject({
    verdict: 'insufficient',
    code: 'no-data',
    control: alive,
    message: 'no units yet, quiet: the control is on; needs at least 40 more good units to pass'
  })
})

test('no units beside a dead control may be a dead microphone', () => {
  expect(judgeProportion({ ...look([]), control: dead })).toMatchObject({
    verdict: 'insufficient',
    code: 'control_dead',
    control: dead,
    message:
      'no units yet, and telemetry may be dead: the control is off; needs at least 40 more good units to pass'
  })
})

test.each([
  ['healthy', [[100, 100]]],
  ['thin', [[1, 1]]],
  ['red', [[0, 3]]]
] as const)('where units were counted the control decides nothing: %s', (_, hours) => {
  const judged = judgeProportion(look(hours))
  expect(judgeProportion({ ...look(hours), control: dead })).toEqual({ ...judged, control: dead })
})

test('what is not known is absent', () => {
  expect('control' in judgeProportion(look([[1, 1]]))).toBe(false)
  expect('needs' in judgeProportion(look([[0, 3]]))).toBe(false)
  const lenient = {
    ...successRate,
    pass: { operator: '>=', percent: 50 },
    red: { operator: '<=', percent: 0 },
    horizonHours: 1
  } as const
  expect(
    'toRed' in
      judgeProportion(
        look(
          [
            [10, 10],
            [0, 0]
          ],
          lenient
        )
      )
  ).toBe(false)
})

test('a rule without a warn bound is judged by the other two', () => {
  const { warn: _, ...rule } = successRate
  expect(judgeProportion(look([[40, 40]], rule)).verdict).toBe('pass')
  expect(judgeProportion(look([[95, 100]], rule)).verdict).toBe('warn')
  expect(judgeProportion(look([[0, 3]], rule)).verdict).toBe('red')
})
