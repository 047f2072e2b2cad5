import { expect, test } from '@jest/globals'
import type { ControlFinding } from '../../src/verdict/control.ts'
import { ruleOnSilence } from '../../src/verdict/silence.ts'

const alive: ControlFinding = {
  alive: true,
  share: 1,
  expected: 24,
  withEvents: 24,
  message: 'the control is on'
}

test('silence while the control is alive is a pass that says so', () => {
  expect(ruleOnSilence('no event seen', alive)).toEqual({
    verdict: 'pass',
    code: 'none_seen',
    message: 'no event seen, and the control is on'
  })
})

test.each<[string, ControlFinding | undefined, string]>([
  [
    'a dead control',
    { ...alive, alive: false, message: 'the control is off' },
    'the control is off'
  ],
  ['a control that nobody read', undefined, 'no control was read']
])('silence beside %s proves nothing, and says why', (_, control, why) => {
  expect(ruleOnSilence('no event seen', control)).toEqual({
    verdict: 'insufficient',
    code: 'control_dead',
    message: `no event seen, but silence proves nothing: ${why}`
  })
})
