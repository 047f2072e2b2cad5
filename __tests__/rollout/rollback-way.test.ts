import { describe, expect, test } from '@jest/globals'
import type { Deployment, Traffic } from '../../src/rollout/ports.ts'
import { isMadeOff, type Outset, wayBack } from '../../src/rollout/rollback-way.ts'

const OFF = { FEATURE: 'false', LIMIT: '0' }
const BASELINE = { id: 'dpl_old', url: 'https://old.example' }
const OLD: Deployment = {
  ...BASELINE,
  target: 'production',
  state: 'ready',
  createdAt: '2026-05-01T00:00:00Z'
}

const traffic = (serves: string): Traffic => ({ serves, newOnes: 'served', staged: false })
const way = (more: Partial<Outset>, clean?: string) =>
  wayBack({ traffic: traffic('dpl_bad'), old: OLD, flags: OFF, ...more }, BASELINE, OFF, clean)

describe('production is pointed back', () => {
  test.each<[string, Partial<Outset>]>([
    ['at what was made with the flags off', {}],
    ['at what was made before there were any flags', { flags: {} }],
    ['where nobody can see what the old deployment was made with', { flags: undefined }],
    ['where nobody may read a flag that it was made with', { flags: { FEATURE: '', LIMIT: '0' } }],
    ['where the provider does not tell of the old deployment', { old: 'untold' }],
    ['where it does not tell what serves', { traffic: undefined }]
  ])('%s', (_, more) => {
    expect(way(more)).toEqual({ kind: 'point', there: false })
  })

  test('only in name, when it serves the old deployment already', () => {
    expect(way({ traffic: traffic('dpl_old') })).toEqual({ kind: 'point', there: true })
  })
})

describe('production is not pointed back', () => {
  test.each<[string, Partial<Outset>, string]>([
    ['at what was deleted', { old: 'deleted' }, 'dpl_old was deleted'],
    ['at what is not ready', { old: { ...OLD, state: 'cancelled' } }, 'dpl_old is cancelled'],
    [
      'at what has the feature on itself',
      { flags: { FEATURE: 'true', LIMIT: '0' } },
      'dpl_old was made with other flags itself: FEATURE'
    ]
  ])('%s', (_, more, why) => {
    expect(way(more)).toEqual({ kind: 'unfit', why })
  })

  test('once the deployment with the flags off serves', () => {
    expect(way({ traffic: traffic('dpl_clean') }, 'dpl_clean')).toEqual({ kind: 'over' })
    expect(way({}, 'dpl_clean')).toEqual({ kind: 'point', there: false })
  })
})

test('a deployment was made with the flags off, was not, or nobody knows', () => {
  expect(isMadeOff(OFF, { ...OFF, OTHER: '1' })).toBe(true)
  expect(isMadeOff(OFF, { FEATURE: 'false' })).toBe(false)
  expect(isMadeOff(OFF, undefined)).toBeUndefined()
})
