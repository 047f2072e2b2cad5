import { expect, test } from '@jest/globals'
import {
  ConflictError,
  EvidenceError,
  InputError,
  ProviderError,
  RollgateError
} from '../../src/rollout/rollgate-error.ts'

test.each([
  ['InputError', InputError],
  ['EvidenceError', EvidenceError],
  ['ProviderError', ProviderError],
  ['ConflictError', ConflictError]
])('an %s says which one it is, what failed, what to do and what the world said', (name, Kind) => {
  const cause = new Error('HTTP 503')
  const error = new Kind('code', 'it failed', 'try again', cause)
  expect(error).toBeInstanceOf(RollgateError)
  expect(error).toMatchObject({
    name,
    code: 'code',
    message: 'it failed',
    remedy: 'try again',
    cause
  })
})

test('without a cause there is none', () => {
  expect('cause' in new InputError('code', 'message', 'remedy')).toBe(false)
})
