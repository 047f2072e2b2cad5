import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { phaseNamed } from '../../src/rollout/definition.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import { followUp } from '../../src/rollout/follow-up.ts'
import { dueLook } from '../../src/rollout/schedule.ts'
import { failedInWatch, watchedPhase } from '../../src/rollout/state.ts'
import { dueWork } from '../../src/rollout/wake.ts'
import {
  aborted,
  applying,
  type BodyOf,
  dispatched,
  failed,
  graduated,
  held,
  live,
  look,
  minute,
  planned,
  rollbackFinished,
  rollbackRequested,
  rollbackStep,
  START,
  started,
  stateAfter
} from './ledger-story.ts'
import { anyStory } from './random-story.ts'
import { example, LAST_PHASE } from './worked-example.ts'

const [FIRST, SECOND] = ['staging-shadow', 'staging-full'] as const
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const SOAKING = [started(), ...live(SECOND, minute(3))] as const
const PROMOTED = [...SOAKING, look(SECOND, 'promote')] as const
const SENT = [...PROMOTED, dispatched('advance', 'production-shadow')] as const
const ROLLING_BACK = [...SOAKING, rollbackRequested(SECOND)] as const

const WATCHED_RED: BodyOf<'look'> = {
  ...look(SECOND, 'continue', { purpose: 'watch', verdicts: ['red'] }),
  rule: 'watch-red'
}

/** So many minutes after the first event. */
function dueAfter(minutes: number, events: readonly EventBody[]) {
  const due = dueWork(example, stateAfter(...events), START + minutes * MINUTE)
  return due === undefined ? 'nothing' : `${due.keys}: ${due.why}`
}

describe('a wake-up has something to do', () => {
  test.each<[string, number, readonly EventBody[], string]>([
    ['when a checkpoint is due', 3, SOAKING, 'staging: T+0 of staging-full is due'],
    ['when several are', 400, SOAKING, 'staging: T+0, T+1h, T+6h of staging-full is due'],
    [
      'while a phase soaks between its checkpoints',
      30,
      [...SOAKING, look(SECOND, 'continue', { checkpoints: ['T+0'] })],
      'staging: staging-full soaks'
    ],
    ['while a held phase soaks', 3, [...SOAKING, held()], 'staging: T+0 of staging-full is due'],
    [
      'while a held phase that soaks is planned anew',
      3,
      [...SOAKING, held(), planned(SECOND)],
      'staging: T+0 of staging-full is due'
    ],
    ['after a promotion', 5, PROMOTED, 'staging: production-shadow is to be set going'],
    [
      'an hour after the last look at what serves',
      64,
      SENT,
      'staging: staging-full serves and was last looked at 1h ago'
    ],
    [
      'also while the next phase waits for its gate',
      64,
      [...SENT, planned('production-shadow')],
      'staging: staging-full serves and was last looked at 1h ago'
    ],
    [
      'and after the next phase has failed',
      64,
      [...SENT, applying('production-shadow'), failed('production-shadow')],
      'staging: staging-full serves and was last looked at 1h ago'
    ],
    [
      'when an application was cut off',
      32,
      [started(), planned(FIRST), applying(FIRST)],
      'staging: staging-shadow was begun 30m ago and has not gone live'
    ],
    ['while a rollback is open', 5, ROLLING_BACK, 'staging: the rollback is to be carried on'],
    [
      'while it is watched',
      5,
      [...ROLLING_BACK, rollbackStep('redeployed', minute(5))],
      'staging: the rollback is watched'
    ],
    [
      'when it failed on its way',
      9,
      [...ROLLING_BACK, rollbackFinished('failed')],
      'staging: the rollback failed and is tried again'
    ],
    [
      'when a rollout can graduate',
      7 * 24 * 60 + 5,
      [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote'), look(LAST_PHASE, 'continue')],
      'staging: production-full serves and was last looked at 7d ago; the graduation is to be set going'
    ]
  ])('%s', (_, minutes, events, expected) => {
    expect(dueAfter(minutes, events)).toBe(expected)
  })
})

describe('a wake-up has nothing to do', () => {
  test.each<[string, number, readonly EventBody[]]>([
    ['when nothing was ever started', 999, []],
    ['before the first phase', 999, [started(), planned(FIRST)]],
    ['less than an hour after the last look at what serves', 63, SENT],
    ['while a phase is applied', 31, [started(), planned(FIRST), applying(FIRST)]],
    [
      'after the first phase has failed',
      999,
      [started(), planned(FIRST), applying(FIRST), failed(FIRST)]
    ],
    [
      'when a rollback failed in its watch, and waits for a person',
      999,
      [
        ...ROLLING_BACK,
        rollbackStep('redeployed', minute(5)),
        WATCHED_RED,
        rollbackFinished('failed')
      ]
    ],
    ['after a rollback', 999, [...ROLLING_BACK, rollbackFinished('verified')]],
    ['after the end', 9999, [...PROMOTED, aborted()]],
    [
      'after graduation',
      9999,
      [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote'), graduated()]
    ]
  ])('%s', (_, minutes, events) => {
    expect(dueAfter(minutes, events)).toBe('nothing')
  })
})

describe('whatever has happened', () => {
  const anyMinute = fc.nat({ max: 20 * 24 * 60 })

  test('a wake-up is not silent while a checkpoint is due', () => {
    fc.assert(
      fc.property(anyStory, anyMinute, (story, minutes) => {
        const state = stateAfter(...story)
        const nowMs = START + minutes * MINUTE
        const watched = state.rollback === undefined ? watchedPhase(state) : undefined
        const phase = phaseNamed(example, watched?.name ?? '')
        if (watched === undefined || phase === undefined || state.status === 'aborted') return
        if (dueLook(phase, watched, nowMs).checkpoints.length === 0) return
        expect(dueWork(example, state, nowMs)?.why).toContain('is due')
      }),
      { numRuns: 500 }
    )
  })

  test('nor while a rollback is open, but for one that failed in its watch', () => {
    fc.assert(
      fc.property(anyStory, anyMinute, (story, minutes) => {
        const { status, rollback, ...rest } = stateAfter(...story)
        if (rollback === undefined || status === 'rolled-back') return
        const due = dueWork(example, { ...rest, status, rollback }, START + minutes * MINUTE)
        expect(due === undefined).toBe(failedInWatch(rollback))
      }),
      { numRuns: 500 }
    )
  })

  test('nor while something is to be set going, nor for more than an hour while something serves', () => {
    fc.assert(
      fc.property(anyStory, anyMinute, (story, minutes) => {
        const state = stateAfter(...story)
        const nowMs = START + minutes * MINUTE
        const due = dueWork(example, state, nowMs)
        if (followUp(example, state, nowMs) !== undefined) expect(due).toBeDefined()
        const over = ['aborted', 'graduated', 'rolled-back', 'rolling-back', 'rollback-failed']
        const watched = over.includes(state.status) ? undefined : watchedPhase(state)
        const lastMs = Date.parse(watched?.looks.at(-1)?.at ?? watched?.since ?? '')
        if (nowMs - lastMs >= HOUR) expect(due).toBeDefined()
      }),
      { numRuns: 500 }
    )
  })

  test('what is due is due in an environment that the definition names', () => {
    fc.assert(
      fc.property(anyStory, anyMinute, (story, minutes) => {
        const due = dueWork(example, stateAfter(...story), START + minutes * MINUTE)
        if (due !== undefined) expect(['staging', 'production']).toContain(due.keys)
      }),
      { numRuns: 300 }
    )
  })
})
