import { describe, expect, test } from '@jest/globals'
import {
  checkClocks,
  checkDefinition,
  checkDeployment,
  checkFlags,
  unknownWorld
} from '../../src/rollout/integrity.ts'
import type { Deployment, FlagReading, FlagState } from '../../src/rollout/ports.ts'

function reading(flags: Readonly<Record<string, FlagState>>): FlagReading {
  return { target: 'preview', flags, obstacles: [] }
}

function set(value: string): FlagState {
  return { kind: 'set', value, sharedWith: [] }
}

describe('the flags of a target', () => {
  test('are in order when each has the value of the phase, whatever others there are', () => {
    const flags = { A: set('true'), B: set(''), C: set('1') }
    expect(checkFlags({ A: 'true', B: '' }, reading(flags))).toMatchObject([
      { code: 'flags', ok: true }
    ])
  })

  test.each<[string, FlagState | undefined, string]>([
    ['another value', set('false'), 'A is "false"'],
    ['the same value with a space', set('true '), 'A is "true "'],
    ['a value of another case', set('TRUE'), 'A is "TRUE"'],
    ['no value', { kind: 'absent' }, 'A is absent'],
    [
      'a value that nobody can read',
      { kind: 'unreadable', reason: 'sensitive' },
      'A is unreadable (sensitive)'
    ],
    ['not been asked about', undefined, 'A is absent']
  ])('have drifted when one has %s', (_, state, message) => {
    expect(checkFlags({ A: 'true' }, reading(state === undefined ? {} : { A: state }))).toEqual([
      { code: 'flag_drift', ok: false, message: expect.stringContaining(message) }
    ])
  })

  test('are not in order when something shadows them, right as they may be', () => {
    const obstacle = {
      code: 'branch_override',
      flag: 'A',
      message: 'A has a branch value',
      remedy: ''
    } as const
    const findings = checkFlags(
      { A: 'true' },
      { ...reading({ A: set('true') }), obstacles: [obstacle] }
    )
    expect(findings).toEqual([
      { code: 'flag_obstacle', ok: false, message: 'A has a branch value' }
    ])
  })

  test('have one finding for each thing that is wrong', () => {
    expect(checkFlags({ A: 'true', B: 'true' }, reading({ A: set('false') }))).toHaveLength(2)
  })
})

describe('the deployment of a target', () => {
  const OURS = { id: 'dpl_ours', url: 'https://ours.example' }
  const APPLIED = '2026-06-01T08:00:00.000Z'

  function deployment(id: string, createdAt: string): Deployment {
    return { id, url: `https://${id}.example`, target: 'preview', state: 'ready', createdAt }
  }

  test.each<[string, Deployment | undefined, string, boolean]>([
    ['is the one of the phase', deployment('dpl_ours', '2026-05-01T00:00:00Z'), 'deployment', true],
    [
      'is newer: its code changed during the soak',
      deployment('dpl_new', '2026-06-01T08:00:01Z'),
      'code_changed',
      true
    ],
    ['was made in the same instant', deployment('dpl_new', APPLIED), 'code_changed', true],
    [
      'is older: somebody put it back',
      deployment('dpl_old', '2026-06-01T07:59:59Z'),
      'deployment_replaced',
      false
    ],
    ['is of an unknown age', deployment('dpl_odd', 'yesterday'), 'deployment_replaced', false],
    ['is gone', undefined, 'deployment_gone', false]
  ])('%s', (_, live, code, ok) => {
    expect(checkDeployment('preview', OURS, APPLIED, live)).toMatchObject({ code, ok })
  })

  test('is named when it is not the one of the phase', () => {
    const live = deployment('dpl_old', '2026-05-01T00:00:00Z')
    expect(checkDeployment('preview', OURS, APPLIED, live).message).toBe(
      "preview serves dpl_old, not the phase's deployment dpl_ours"
    )
  })
})

describe('the clocks of database and runner', () => {
  const NOW = Date.parse('2026-06-01T08:00:00.000Z')

  test.each([
    ['2026-06-01T08:00:00.000Z', true],
    ['2026-06-01T08:00:59.999Z', true],
    ['2026-06-01T07:59:00.001Z', true],
    ['2026-06-01T08:01:00.000Z', false],
    ['2026-06-01T07:59:00.000Z', false],
    ['2026-06-01T10:00:00.000Z', false],
    ['', false]
  ])('agree when the database says %s: %p', (databaseNow, ok) => {
    expect(checkClocks(databaseNow, NOW)).toMatchObject({ code: ok ? 'clocks' : 'clock_skew', ok })
  })

  test('are told apart by their distance', () => {
    expect(checkClocks('2026-06-01T10:00:00Z', NOW).message).toBe(
      'the clocks of database and runner are 2h apart'
    )
  })
})

test('a part of the world that does not answer is not in order', () => {
  expect(unknownWorld('flags of preview', 'HTTP 503')).toEqual({
    code: 'unknown',
    ok: false,
    message: 'flags of preview could not be checked: HTTP 503'
  })
})

describe('the definition', () => {
  test('says nothing while it is the one that the rollout began with', () => {
    expect(checkDefinition('d1', 'd1')).toEqual([])
  })

  test('is told, and does not hold, when somebody changed it', () => {
    expect(checkDefinition('d1', 'd2')).toMatchObject([{ code: 'definition_changed', ok: true }])
  })
})
