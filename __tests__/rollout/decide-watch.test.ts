import { describe, expect, test } from '@jest/globals'
import { decideWatch } from '../../src/rollout/decide-watch.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { judgement } from './ledger-story.ts'

const MINUTE = 60_000
const WATCH = 30 * MINUTE

function watched(minutes: number, ...verdicts: readonly Verdict[]) {
  const judgements = verdicts.map((verdict, i) => judgement(verdict, `c${i + 1}`))
  return decideWatch(judgements, [SEEN], { passedMs: minutes * MINUTE, watchMs: WATCH })
}

const SEEN = { code: 'flags', ok: true, message: 'as they were set' }
const UNSEEN = { code: 'unknown', ok: false, message: 'Vercel is down' }

test.each([
  ['nobody looked at', []],
  ['somebody could not see', [SEEN, UNSEEN]]
])('passes in a world that %s verify nothing', (_, integrity) => {
  const judgements = [judgement('pass', 'c1')]
  const times = { passedMs: 30 * MINUTE, watchMs: WATCH }
  expect(decideWatch(judgements, integrity, times).outcome).toBe('watching')
  const late = { ...times, passedMs: 240 * MINUTE }
  expect(decideWatch(judgements, integrity, late).outcome).toBe('unproven')
})

describe('the watch after a rollback', () => {
  test.each<[string, number, readonly Verdict[], string, string]>([
    ['goes on while everything passes early', 29, ['pass'], 'watching', 'watching'],
    ['goes on while nothing is known early', 0, ['error'], 'watching', 'watching'],
    ['is verified by passes after the whole watch', 30, ['pass', 'pass'], 'verified', 'watch-pass'],
    ['is verified by passes that came late', 500, ['pass'], 'verified', 'watch-pass'],
    ['fails at once by one red', 1, ['pass', 'red'], 'failed', 'watch-red'],
    ['fails by red however late', 500, ['red', 'error'], 'failed', 'watch-red'],
    ['is extended by too little', 30, ['pass', 'insufficient'], 'watching', 'watch-extended'],
    ['is extended by an error', 239, ['error'], 'watching', 'watch-extended'],
    ['is extended by a warning', 239, ['warn'], 'watching', 'watch-extended'],
    ['is unproven when its patience is over', 240, ['insufficient'], 'unproven', 'watch-over'],
    ['is unproven by a database that never came back', 240, ['error'], 'unproven', 'watch-over'],
    ['is never verified by nothing', 30, [], 'watching', 'watch-extended'],
    ['is unproven by nothing in the end', 240, [], 'unproven', 'watch-over']
  ])('%s', (_, minutes, verdicts, outcome, rule) => {
    expect(watched(minutes, ...verdicts)).toMatchObject({ outcome, rule })
  })

  test('says how much of it is left, and then what it saw', () => {
    expect(watched(12, 'pass').reason).toBe('18m of the watch are left')
    expect(watched(30, 'pass', 'insufficient').reason).toBe('c1: says pass; c2: says insufficient')
  })
})
