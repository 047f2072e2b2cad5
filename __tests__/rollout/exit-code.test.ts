import { expect, test } from '@jest/globals'
import { type ExitCode, exitCodeOf, failsJob } from '../../src/rollout/exit-code.ts'
import type { RolloutStatus } from '../../src/rollout/state.ts'

const CODES: Readonly<Record<RolloutStatus, ExitCode>> = {
  'not-started': 0,
  running: 0,
  promoted: 0,
  graduated: 0,
  'rollback-failed': 1,
  held: 2,
  aborted: 2,
  'rolling-back': 3,
  'rolled-back': 3
}

test.each(Object.entries(CODES))(
  'a rollout that is %s ends the process with %p',
  (status, code) => {
    expect(exitCodeOf(status as RolloutStatus)).toBe(code)
  }
)

test.each<[string, ExitCode, boolean]>([
  ['check', 0, false],
  ['check', 1, true],
  ['check', 2, false],
  ['check', 3, true],
  ['apply', 3, true],
  ['verify', 3, true],
  ['rollback', 1, true],
  ['rollback', 3, false],
  ['status', 3, false],
  ['status', 1, false]
])('%s that ends with %p: the job fails: %p', (operation, code, fails) => {
  expect(failsJob(operation, code)).toBe(fails)
})
