import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { worstVerdict } from '../../src/rollout/worst-verdict.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { judgement } from './ledger-story.ts'

test.each<[readonly Verdict[], Verdict]>([
  [['pass', 'pass'], 'pass'],
  [['pass', 'insufficient'], 'insufficient'],
  [['insufficient', 'warn', 'pass'], 'warn'],
  [['warn', 'error'], 'error'],
  [['error', 'red', 'pass'], 'red'],
  [[], 'error']
])('of %j the one that speaks for all is %s', (verdicts, worst) => {
  expect(worstVerdict(verdicts.map(v => judgement(v)))).toBe(worst)
})

test('the order of the criteria does not matter, and pass speaks only for nothing but passes', () => {
  const verdict = fc.constantFrom<Verdict>('pass', 'warn', 'red', 'insufficient', 'error')
  fc.assert(
    fc.property(fc.array(verdict, { minLength: 1 }), verdicts => {
      const worst = worstVerdict(verdicts.map(v => judgement(v)))
      expect(worstVerdict([...verdicts].reverse().map(v => judgement(v)))).toBe(worst)
      expect(worst === 'pass').toBe(verdicts.every(v => v === 'pass'))
    })
  )
})
