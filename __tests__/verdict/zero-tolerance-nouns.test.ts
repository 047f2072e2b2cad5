import { expect, test } from '@jest/globals'
import { judgeZeroTolerance, type ZeroToleranceLook } from '../../src/verdict/zero-tolerance.ts'

test.each<[ZeroToleranceLook, string]>([
  [{ events: 1 }, '1 event seen where none is allowed'],
  [{ events: 2000 }, '2,000 events seen where none is allowed'],
  [{ events: 1, noun: 'issue' }, '1 issue seen where none is allowed'],
  [{ events: 0, noun: 'issue' }, 'no issue seen, but silence proves nothing: no control was read'],
  [{ events: Number.NaN }, 'NaN is no number of events'],
  [{ events: -1, noun: 'issue' }, '-1 is no number of issues']
])('%j is told as: %s', (look, message) => {
  expect(judgeZeroTolerance(look).message).toBe(message)
})

test('a number that is no count is not kept, and neither is a control that nobody read', () => {
  expect(judgeZeroTolerance({ events: -1 })).toEqual({
    kind: 'zero-tolerance',
    verdict: 'error',
    code: 'bad-counts',
    message: '-1 is no number of events',
    events: 0,
    noun: 'event'
  })
  expect('control' in judgeZeroTolerance({ events: -1 })).toBe(false)
  expect(judgeZeroTolerance({ events: 3, noun: 'issue' })).toMatchObject({
    events: 3,
    noun: 'issue'
  })
})
