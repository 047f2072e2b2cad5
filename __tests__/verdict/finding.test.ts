import { expect, test } from '@jest/globals'
import { type Finding, unanswered } from '../../src/verdict/finding.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { judgeZeroTolerance } from '../../src/verdict/zero-tolerance.ts'
import { look } from './reference.ts'

test('a criterion whose query failed is an error, with the cause it was given', () => {
  expect(unanswered('query-timeout', 'no answer within 30 s')).toEqual({
    kind: 'unanswered',
    verdict: 'error',
    code: 'query-timeout',
    message: 'no answer within 30 s'
  })
})

test('every finding survives being written down and read back', () => {
  const findings: readonly Finding[] = [
    judgeProportion(look([[57, 58]])),
    judgeProportion(look([])),
    judgeZeroTolerance({ events: 0 }),
    unanswered('query-failed', 'relation does not exist')
  ]
  expect(JSON.parse(JSON.stringify(findings))).toEqual(findings)
})
