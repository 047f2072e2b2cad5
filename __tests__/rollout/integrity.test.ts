import { describe, expect, test } from '@jest/globals'
import {
  checkClocks,
  checkDefinition,
  checkFlags,
  driftedFlags,
  isFlagTrouble,
  unknownWorld
} from '../../src/rollout/integrity.ts'
import type { FlagReading, FlagState } from '../../src/rollout/ports.ts'

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
    [
      'a value that nobody can read',
      { kind: 'unreadable', reason: 'sensitive' },
      'A is unreadable (sensitive)'
    ]
  ])('have drifted when one has %s', (_, state, message) => {
    expect(checkFlags({ A: 'true' }, reading(state === undefined ? {} : { A: state }))).toEqual([
      { code: 'flag_drift', ok: false, message: expect.stringContaining(message) }
    ])
  })

  test.each<[string, FlagState | undefined]>([
    ['is not there any more', { kind: 'absent' }],
    ['was not told of', undefined]
  ])('have drifted when one %s', (_, state) => {
    expect(checkFlags({ A: 'true' }, reading(state === undefined ? {} : { A: state }))).toEqual([
      {
        code: 'flag_deleted',
        ok: false,
        message: 'A is absent: somebody removed it, and it was set to "true"'
      }
    ])
  })

  test('that have drifted are listed by name alone', () => {
    const flags = { A: set('secret'), B: set('true') }
    expect(driftedFlags({ A: 'true', B: 'true', C: '1' }, reading(flags))).toEqual(['A', 'C'])
  })

  test.each([
    ['flag_drift', true],
    ['flag_deleted', true],
    ['branch_override', true],
    ['flag_obstacle', true],
    ['flags', false],
    ['code_changed', false]
  ])('are not to be relied on for new deployments after %s: %p', (code, trouble) => {
    expect(isFlagTrouble({ code })).toBe(trouble)
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
      { code: 'branch_override', ok: false, message: 'A has a branch value' }
    ])
  })

  test('have one finding for each thing that is wrong', () => {
    expect(checkFlags({ A: 'true', B: 'true' }, reading({ A: set('false') }))).toHaveLength(2)
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
