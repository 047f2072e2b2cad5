import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Definition } from '../../src/rollout/definition.ts'
import type { EventBody, LedgerEvent } from '../../src/rollout/events.ts'
import { followUp } from '../../src/rollout/follow-up.ts'
import { nextMove } from '../../src/rollout/next-move.ts'
import { fold } from '../../src/rollout/state.ts'
import {
  aborted,
  applying,
  dispatched,
  dispatching,
  failed,
  graduated,
  held,
  live,
  look,
  planned,
  resumed,
  rollbackRequested,
  START,
  started,
  stateAfter,
  told
} from './ledger-story.ts'
import { anyStory } from './random-story.ts'
import { example, LAST_PHASE } from './worked-example.ts'

const [FIRST, SECOND] = ['staging-shadow', 'staging-full'] as const
const HOUR = 3_600_000
const DAY = 24 * HOUR

const PROMOTED = [started(), ...live(FIRST), look(FIRST, 'promote')] as const
const OVER = [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')] as const

/** So long after the first event. */
function following(ms: number, events: readonly EventBody[], definition: Definition = example) {
  const next = followUp(definition, stateAfter(...events), START + ms)
  return next === undefined ? 'nothing' : `${next.operation} ${next.phase}`
}

describe('after a promotion', () => {
  test.each<[string, readonly EventBody[], string]>([
    ['the next phase follows', PROMOTED, 'advance staging-full'],
    ['it follows once', [...PROMOTED, dispatched('advance', SECOND)], 'nothing'],
    [
      'what was set going for another phase says nothing',
      [...PROMOTED, dispatched('advance', FIRST)],
      'advance staging-full'
    ],
    ['nothing follows once the next phase is planned', [...PROMOTED, planned(SECOND)], 'nothing'],
    [
      'nothing follows while the next phase is applied',
      [...PROMOTED, planned(SECOND), applying(SECOND)],
      'nothing'
    ],
    [
      'nothing follows once the next phase has failed',
      [...PROMOTED, applying(SECOND), failed(SECOND)],
      'nothing'
    ],
    ['nothing follows while it is held', [...PROMOTED, held()], 'nothing'],
    ['it follows when the hold is over', [...PROMOTED, held(), resumed()], 'advance staging-full'],
    [
      'what a hold may have refused follows again',
      [...PROMOTED, dispatched('advance', SECOND), held(), resumed()],
      'advance staging-full'
    ],
    ['nothing follows in a rollback', [...PROMOTED, rollbackRequested(FIRST)], 'nothing'],
    ['nothing follows an end', [...PROMOTED, aborted()], 'nothing']
  ])('%s', (_, events, expected) => {
    expect(following(HOUR, events)).toBe(expected)
  })

  test('what somebody is setting going is left alone for a quarter of an hour', () => {
    const events = [...PROMOTED, dispatching('advance', SECOND)]
    const claimedAt = (events.length - 1) * 60_000
    expect(following(claimedAt + 15 * 60_000 - 1, events)).toBe('nothing')
    expect(following(claimedAt + 15 * 60_000, events)).toBe('advance staging-full')
    expect(following(claimedAt + HOUR, [...events, dispatched('advance', SECOND)])).toBe('nothing')
  })

  test('what came to nothing is set going again after a day', () => {
    const events = [...PROMOTED, dispatched('advance', SECOND)]
    const sentAt = (events.length - 1) * 60_000
    expect(following(sentAt + DAY - 1, events)).toBe('nothing')
    expect(following(sentAt + DAY, events)).toBe('advance staging-full')
  })

  test('a phase without a gate whose run came to nothing after its plan is set going again', () => {
    const bot = { ...planned(SECOND), by: 'github-actions[bot]' } as EventBody
    const events = [...PROMOTED, dispatched('advance', SECOND), bot]
    const sentAt = (events.length - 2) * 60_000
    expect(following(sentAt + DAY - 1, events)).toBe('nothing')
    expect(following(sentAt + DAY, events)).toBe('advance staging-full')
    const first = [started(), { ...planned(FIRST), by: 'github-actions[bot]' } as EventBody]
    expect(following(9 * DAY, first)).toBe('nothing')
    const byPerson = [...PROMOTED, dispatched('advance', SECOND), planned(SECOND)]
    expect(following(sentAt + DAY, byPerson)).toBe('nothing')
  })

  test('nothing follows during a freeze', () => {
    const freeze = [{ from: '2026-06-01', to: '2026-06-02', why: 'a holiday' }]
    expect(following(HOUR, PROMOTED, { ...example, freeze })).toBe('nothing')
    expect(following(DAY, PROMOTED, { ...example, freeze })).toBe('advance staging-full')
  })
})

describe('after the last phase', () => {
  test('graduation follows when its time has come, by a day at the earliest again', () => {
    const promotedAt = (OVER.length - 1) * 60_000
    expect(following(promotedAt + 7 * DAY - 1, OVER)).toBe('nothing')
    expect(following(promotedAt + 7 * DAY, OVER)).toBe('graduate production-full')
    // Told one a minute, it was set going right after the promotion.
    const sent = [...OVER, dispatched('graduate', LAST_PHASE)]
    expect(following(promotedAt + 7 * DAY, sent)).toBe('graduate production-full')
    expect(following(promotedAt + 7 * DAY, [...sent, graduated()])).toBe('nothing')
    const justSent = told(...OVER, dispatched('graduate', LAST_PHASE)).map((event, i, all) =>
      i < all.length - 1 ? event : { ...event, at: new Date(START + 8 * DAY).toISOString() }
    ) as readonly LedgerEvent[]
    const state = fold(justSent, LAST_PHASE)
    expect(followUp(example, state, START + 9 * DAY - 1)).toBeUndefined()
    expect(followUp(example, state, START + 9 * DAY)).toBeDefined()
  })

  test('a definition without graduation waits for nothing', () => {
    expect(following(99 * DAY, OVER, { ...example, graduation: undefined })).toBe('nothing')
  })
})

test('nothing is ever set going but what may come next', () => {
  fc.assert(
    fc.property(anyStory, fc.nat({ max: 20 * DAY }), (story, ms) => {
      const state = stateAfter(...story)
      const next = followUp(example, state, START + ms)
      if (next?.operation === 'advance') {
        expect(state.status).toBe('running')
        expect(nextMove(example, state)).toMatchObject({
          kind: 'apply',
          phase: { name: next.phase }
        })
      }
      if (next?.operation === 'graduate') expect(state.status).toBe('promoted')
    }),
    { numRuns: 300 }
  )
})
