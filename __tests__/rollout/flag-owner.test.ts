import { describe, expect, test } from '@jest/globals'
import {
  handMark,
  mustMark,
  otherRollouts,
  parseMark,
  phaseMark,
  rolledBackMark,
  undoneMark,
  withOtherRollouts
} from '../../src/rollout/flag-owner.ts'
import type { FlagReading, FlagState } from '../../src/rollout/ports.ts'

const shadow = phaseMark('pipeline-v3#2', 'staging-shadow')

function set(comment?: string): FlagState {
  return { kind: 'set', value: 'x', sharedWith: [], ...(comment === undefined ? {} : { comment }) }
}

const reading = (flags: FlagReading['flags']): FlagReading => ({
  target: 'preview',
  flags,
  obstacles: []
})

describe('what a comment says', () => {
  test.each([
    [shadow, { definition: 'pipeline-v3', number: 2, released: false }],
    [
      undoneMark('pipeline-v3#2', 'staging-shadow'),
      { definition: 'pipeline-v3', number: 2, released: true }
    ],
    [rolledBackMark('pipeline-v3'), { definition: 'pipeline-v3', released: true }],
    [handMark('octocat'), undefined],
    ['set by Kim, ask before you touch it', undefined],
    ['rollgate', undefined],
    ['', undefined],
    [undefined, undefined]
  ])('%s', (comment, mark) => {
    expect(parseMark(comment)).toEqual(mark)
  })

  test.each([
    ['nothing, and a phase takes it', undefined, shadow, true],
    ['an earlier phase of the same rollout', phaseMark('pipeline-v3#2', 'dark'), shadow, false],
    ['an earlier rollout', phaseMark('pipeline-v3#1', 'staging-shadow'), shadow, true],
    ['a rollout, and it is rolled back', shadow, rolledBackMark('pipeline-v3'), true],
    ['nothing, and it is rolled back', undefined, rolledBackMark('pipeline-v3'), false],
    ['a rollout, and a person sets the same value', shadow, handMark('octocat'), false]
  ])('a flag that is right already is marked or not: %s', (_, held, comment, marked) => {
    expect(mustMark(held, comment)).toBe(marked)
  })
})

describe('flags of another rollout', () => {
  const flags = {
    OURS: set(shadow),
    THEIRS: set(phaseMark('checkout#3', 'full')),
    RELEASED: set(rolledBackMark('checkout')),
    NOBODYS: set(),
    ABSENT: { kind: 'absent' } as const
  }

  test('are those that another definition has not put back', () => {
    expect(otherRollouts(reading(flags), 'pipeline-v3')).toEqual([
      {
        code: 'other_rollout',
        flag: 'THEIRS',
        message: 'THEIRS on preview belongs to the rollout checkout#3, as its comment says',
        remedy:
          "Wait until checkout is over, or roll it back; when it is over, clear the comment of THEIRS in the project's settings."
      }
    ])
  })

  test('stand in no person’s way', () => {
    expect(otherRollouts(reading(flags), undefined)).toEqual([])
  })

  test('come after what the provider says stands in the way', () => {
    const sealed = { code: 'sensitive', flag: 'X', message: 'X', remedy: 'Y' } as const
    const told = withOtherRollouts({ ...reading(flags), obstacles: [sealed] }, 'pipeline-v3')
    expect(told.obstacles.map(({ code }) => code)).toEqual(['sensitive', 'other_rollout'])
  })
})
