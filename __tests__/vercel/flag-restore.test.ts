import { describe, expect, test } from '@jest/globals'
import type { EnvRecord, Place } from '../../src/vercel/env-records.ts'
import type { HeldFlag } from '../../src/vercel/flag-plan.ts'
import { describeBefore, planRestore } from '../../src/vercel/flag-restore.ts'

const place: Place = { kind: 'standard', target: 'preview' }
const ours = 'rollgate two-phases#1 stage'

function record(id: string, targets: readonly string[], more: Partial<EnvRecord> = {}): EnvRecord {
  return {
    id,
    key: 'F',
    type: 'encrypted',
    targets,
    customEnvironmentIds: [],
    foreign: false,
    ...more
  }
}

const alone: HeldFlag = { record: record('env_1', ['preview'], { comment: 'kept' }), value: 'a' }
const shared: HeldFlag = { record: record('env_1', ['production', 'preview']), value: 'a' }

interface Now {
  readonly was?: HeldFlag
  readonly wanted?: string | null
  readonly now: readonly (readonly [EnvRecord, string])[]
}

function plan({ was, wanted = 'b', now }: Now) {
  return planRestore({
    place,
    before: was ? { F: was } : {},
    wanted: { F: wanted },
    comment: ours,
    created: ['env_3'],
    records: now.map(([held]) => held),
    values: new Map(now.map(([{ id }, value]) => [id, value]))
  })
}

describe('the way back', () => {
  test('is nothing where all is as it was', () => {
    expect(plan({ was: alone, now: [[alone.record, 'a']] })).toEqual({ steps: [], stuck: [] })
    expect(plan({ now: [] })).toEqual({ steps: [], stuck: [] })
  })

  test('from a changed flag is its value, type and comment', () => {
    const plain = { ...alone, record: { ...alone.record, type: 'plain' } }
    const now = record('env_1', ['preview'], { comment: ours })
    expect(plan({ was: plain, now: [[now, 'b']] }).steps).toEqual([
      {
        flag: 'F',
        kind: 'edit',
        method: 'PATCH',
        id: 'env_1',
        body: { value: 'a', type: 'plain', comment: 'kept' }
      }
    ])
  })

  test('from a created flag is to remove it', () => {
    const now = record('env_2', ['preview'], { comment: ours, type: 'sensitive' })
    expect(plan({ now: [[now, '']] }).steps).toEqual([
      { flag: 'F', kind: 'delete', method: 'DELETE', id: 'env_2' }
    ])
    const told = record('env_3', ['preview'], { comment: 'not ours, but the answer said so' })
    expect(plan({ now: [[told, 'b']] }).steps).toMatchObject([{ kind: 'delete', id: 'env_3' }])
  })

  test('from a removed flag is to create it as it was, once', () => {
    const { steps } = plan({ was: alone, wanted: null, now: [] })
    expect(steps).toMatchObject([
      {
        kind: 'create',
        body: { key: 'F', value: 'a', type: 'encrypted', target: ['preview'], comment: 'kept' }
      }
    ])
    const again = record('env_2', ['preview'], { comment: 'kept' })
    expect(plan({ was: alone, wanted: null, now: [[again, 'a']] })).toEqual({
      steps: [],
      stuck: []
    })
  })

  test('from a separated record is to remove the new one and join the old one again', () => {
    const split = record('env_1', ['production'])
    const own = record('env_2', ['preview'], { comment: ours })
    const now = [
      [split, 'a'],
      [own, 'b']
    ] as const
    expect(plan({ was: shared, now }).steps).toEqual([
      { flag: 'F', kind: 'delete', method: 'DELETE', id: 'env_2' },
      {
        flag: 'F',
        kind: 'join',
        method: 'PATCH',
        id: 'env_1',
        body: { target: ['production', 'preview'] }
      }
    ])
    expect(plan({ was: shared, now: [[split, 'a']] }).steps).toMatchObject([{ kind: 'join' }])
  })

  test('is not gone where somebody else has written meanwhile', () => {
    const theirs = record('env_9', ['preview'], { comment: 'mine' })
    expect(plan({ now: [[theirs, 'c']] })).toEqual({ steps: [], stuck: ['F'] })
    expect(plan({ was: alone, now: [[alone.record, 'c']] })).toEqual({ steps: [], stuck: ['F'] })
    const split = record('env_1', ['production'])
    const now = [
      [split, 'a'],
      [theirs, 'c']
    ] as const
    expect(plan({ was: shared, now })).toEqual({ steps: [], stuck: ['F'] })
  })
})

test.each([
  ['absent', undefined, 'F was absent', 'remove F from preview'],
  ['alone', alone, 'F had another value', 'set F on preview to the value it had before'],
  [
    'shared',
    shared,
    'F was one record with production',
    'remove F from preview and add preview to its record for production'
  ]
])('how a flag was, and how to put it back by hand: %s', (_, was, told, byHand) => {
  expect(describeBefore('F', 'preview', place, was)).toEqual({ was: told, byHand })
})
