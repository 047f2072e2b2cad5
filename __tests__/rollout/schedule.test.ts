import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkpointsOf, dueLook, nextCheckpoint } from '../../src/rollout/schedule.ts'
import type { PhaseState } from '../../src/rollout/state.ts'
import { START } from './ledger-story.ts'
import { phase } from './worked-example.ts'

const HOUR = 3_600_000
const FULL = phase('production-full')

function soaking(...checkpoints: readonly string[]): PhaseState {
  const since = new Date(START).toISOString()
  return { name: FULL.name, status: 'soaking', since, checkpoints, looks: [] }
}

function dueAfter(hours: number, ...looked: readonly string[]) {
  return dueLook(FULL, soaking(...looked), START + hours * HOUR)
}

function names(due: ReturnType<typeof dueLook>): readonly string[] {
  return due.checkpoints.map(({ name }) => name)
}

describe('what is due', () => {
  test.each<[string, number, readonly string[], readonly string[], number]>([
    ['at the start', 0, [], ['T+0'], 0],
    ['right after the first look', 0.1, ['T+0'], [], 0],
    ['on the dot', 0.5, ['T+0'], ['T+30m'], 0],
    ['a minute early', 0.5 - 1 / 60, ['T+0'], [], 0],
    ['late', 1.75, ['T+0', 'T+30m'], ['T+1h'], 0.75],
    ['after several wake-ups were dropped', 5, ['T+0'], ['T+30m', 'T+1h', 'T+2h', 'T+4h'], 4.5],
    [
      'after all wake-ups were dropped',
      60,
      [],
      ['T+0', 'T+30m', 'T+1h', 'T+2h', 'T+4h', 'T+6h', 'T+12h', 'T+24h', 'T+48h'],
      60
    ],
    [
      'after one in the middle was missed',
      13,
      ['T+0', 'T+30m', 'T+1h', 'T+2h', 'T+6h', 'T+12h'],
      ['T+4h'],
      9
    ],
    ['before the phase began, by a clock that is behind', -1, [], [], 0]
  ])('%s', (_, hours, looked, expected, lateHours) => {
    const due = dueAfter(hours, ...looked)
    expect(names(due)).toEqual(expected)
    expect(due.lateMs).toBe(Math.round(lateHours * HOUR))
    expect(due.dueMs).toBe(due.checkpoints[0]?.dueMs)
  })

  test('a doubled wake-up is a sentinel: its twin has taken the checkpoint', () => {
    const first = dueAfter(6.1, 'T+0', 'T+30m', 'T+1h', 'T+2h', 'T+4h')
    expect(names(first)).toEqual(['T+6h'])
    const twin = dueAfter(6.1, 'T+0', 'T+30m', 'T+1h', 'T+2h', 'T+4h', ...names(first))
    expect(twin).toEqual({
      checkpoints: [],
      final: false,
      extensionOver: false,
      dueMs: undefined,
      lateMs: 0
    })
  })

  test.each([
    [47.99, false, false],
    [48, true, false],
    [95.99, true, false],
    [96, true, true]
  ])(
    'after %p hours the soak is over: %p, its extension too: %p',
    (hours, final, extensionOver) => {
      expect(dueAfter(hours)).toMatchObject({ final, extensionOver })
    }
  )

  test('a phase without a start is never over', () => {
    const unstarted: PhaseState = { name: 'x', status: 'applying', checkpoints: [], looks: [] }
    expect(dueLook(FULL, unstarted, START)).toMatchObject({
      checkpoints: [],
      final: false,
      extensionOver: false
    })
  })

  test('however the wake-ups fall, every checkpoint is looked at once and none before its time', () => {
    const wakes = fc.array(fc.integer({ min: 0, max: 70 * 60 }), { maxLength: 60 })
    fc.assert(
      fc.property(wakes, minutes => {
        const looked: string[] = []
        for (const minute of [...minutes.sort((a, b) => a - b), 70 * 60]) {
          const due = dueLook(FULL, soaking(...looked), START + minute * 60_000)
          for (const { name, dueMs } of due.checkpoints) {
            expect(dueMs).toBeLessThanOrEqual(START + minute * 60_000)
            looked.push(name)
          }
          const seen = checkpointsOf(FULL, START).every(({ name }) => looked.includes(name))
          expect(due.final).toBe(seen && minute >= 48 * 60)
        }
        expect(looked).toEqual(checkpointsOf(FULL, START).map(({ name }) => name))
      })
    )
  })
})

describe('the next checkpoint', () => {
  test.each([
    [-1, 'T+0'],
    [0, 'T+30m'],
    [0.5, 'T+1h'],
    [7, 'T+12h'],
    [47, 'T+48h'],
    [48, undefined]
  ])('after %p hours is %s', (hours, name) => {
    expect(nextCheckpoint(FULL, soaking(), START + hours * HOUR)?.name).toBe(name)
  })

  test('says when it is due', () => {
    expect(nextCheckpoint(FULL, soaking(), START)).toEqual({
      name: 'T+30m',
      offsetMs: HOUR / 2,
      dueMs: START + HOUR / 2
    })
  })
})
