import { expect, test } from '@jest/globals'
import { type Circumstances, decide } from '../../src/rollout/decide.ts'
import { decideWatch } from '../../src/rollout/decide-watch.ts'
import { judgement, minute } from './ledger-story.ts'

const FINE = { code: 'flags', ok: true, message: 'flags are as set' }

const atTheEnd: Circumstances = {
  judgements: [],
  integrity: [FINE],
  due: { checkpoints: [], final: true, extensionOver: true, dueMs: undefined, lateMs: 0 },
  hold: undefined,
  accepted: [],
  frozen: undefined,
  blind: { maxMs: 1000, decision: 'hold' },
  unseenMs: 0
}

const THIN = judgement('insufficient', 'success-rate', 'thin')
const accepted = [
  {
    criterion: 'success-rate',
    verdict: 'insufficient' as const,
    code: 'thin',
    by: 'priya',
    at: minute(5),
    reason: 'two bookings a day'
  }
]

test('a soak that ends with nothing judged is held, and says why', () => {
  expect(decide(atTheEnd).reason).toBe('nothing was judged')
})

test('a promotion on acceptances tells each of them, and of the rest only that it passes', () => {
  const told =
    'success-rate is insufficient (thin), which priya accepted, because: two bookings a day (says thin)'
  expect(decide({ ...atTheEnd, judgements: [THIN], accepted }).reason).toBe(told)
  const judgements = [judgement('pass', 'errors'), THIN]
  expect(decide({ ...atTheEnd, judgements, accepted }).reason).toBe(
    `${told}; every other criterion passes`
  )
})

test('a hold for findings tells those of the look, and any other hold what it was held for', () => {
  const hold = (cause: 'warn' | 'insufficient' | 'person') => ({
    hold: { cause, reason: 'as it was', at: minute(0), by: 'priya' },
    judgements: [THIN]
  })
  expect(decide({ ...atTheEnd, ...hold('warn') }).reason).toBe('success-rate: says thin')
  expect(decide({ ...atTheEnd, ...hold('insufficient') }).reason).toBe('success-rate: says thin')
  expect(decide({ ...atTheEnd, ...hold('person') }).reason).toBe('as it was')
  expect(decide({ ...atTheEnd, ...hold('warn'), judgements: [] }).reason).toBe('as it was')
})

test('a watch that verifies nothing says what nobody could see, and then what it saw', () => {
  const integrity = [
    FINE,
    { code: 'flags', ok: false, message: 'FEATURE is "true"' },
    { code: 'unknown', ok: false, message: 'Vercel is down' }
  ]
  const times = { passedMs: 60_000, watchMs: 60_000 }
  expect(decideWatch([judgement('pass', 'errors')], integrity, times).reason).toBe(
    'FEATURE is "true"; Vercel is down; errors: says pass'
  )
})
