import { describe, expect, test } from '@jest/globals'
import type { Deployment, Move, Traffic } from '../../src/rollout/ports.ts'
import { checkStanding, isNote, otherFlags, type Standing } from '../../src/rollout/standing.ts'

const APPLIED = '2026-06-01T08:00:00.000Z'
const FLAGS = { A: 'true', B: '3' }
const OURS = { id: 'dpl_ours', url: 'https://ours.example', intent: 'evt-1' }
const EXPECTED = { target: 'production', flags: FLAGS, deployment: OURS, since: APPLIED }

function deployment(id: string, createdAt: string, more: Partial<Deployment> = {}): Deployment {
  return {
    id,
    url: `https://${id}.example`,
    target: 'production',
    state: 'ready',
    createdAt,
    ...more
  }
}

const OWN = deployment('dpl_ours', '2026-06-01T07:59:00Z', { commit: 'aaa' })
const OLD = deployment('dpl_old', '2026-05-01T00:00:00Z')
const NEW = deployment('dpl_new', '2026-06-01T09:00:00Z')

function standing(live: Deployment | undefined, more: Partial<Standing> = {}): Standing {
  const traffic: Traffic = { serves: live?.id, newOnes: 'served', staged: false }
  return { traffic, live, own: OWN, flags: undefined, newest: undefined, ...more }
}

function moved(how: Move['how'], to: string, more: Partial<Move> = {}): Pick<Standing, 'traffic'> {
  const move: Move = { how, to, at: '2026-06-01T08:30:00Z', state: 'moved', ...more }
  const newOnes = how === 'rollback' ? 'rolled-back' : 'served'
  return { traffic: { serves: to, newOnes, staged: false, move } }
}

const first = (live: Deployment | undefined, more: Partial<Standing> = {}) =>
  checkStanding(EXPECTED, standing(live, more))[0]

describe('what a target serves', () => {
  test.each<[string, Deployment | undefined, Partial<Standing>, string, boolean]>([
    ['is its own deployment', OWN, {}, 'deployment', true],
    [
      'was made for the same intent by another run',
      deployment('dpl_twin', '2026-05-01T00:00:00Z', { intent: 'evt-1' }),
      {},
      'deployment',
      true
    ],
    ['is newer, and nobody sees its flags', NEW, {}, 'code_changed', true],
    ['is newer, with the same flags', NEW, { flags: FLAGS }, 'code_changed', true],
    [
      'is newer, with another flag',
      NEW,
      { flags: { A: 'true', B: '4' } },
      'deployment_flags',
      false
    ],
    ['is newer, without one flag', NEW, { flags: { A: 'true' } }, 'deployment_flags', false],
    ['was made in the same instant', deployment('dpl_new', APPLIED), {}, 'code_changed', true],
    [
      'was made while the phase was being applied, with the same flags',
      deployment('dpl_new', '2026-06-01T07:59:30Z'),
      { flags: FLAGS },
      'code_changed',
      true
    ],
    [
      'was made while the phase was being applied, and nobody sees its flags',
      deployment('dpl_new', '2026-06-01T07:59:30Z'),
      {},
      'deployment_replaced',
      false
    ],
    ['is older', OLD, {}, 'deployment_replaced', false],
    ['is older with the same flags', OLD, { flags: FLAGS }, 'deployment_replaced', false],
    ['is of an unknown age', deployment('dpl_odd', 'yesterday'), {}, 'deployment_replaced', false],
    ['is older, the own one deleted', OLD, { own: undefined }, 'deployment_deleted', false],
    ['is newer, the own one deleted', NEW, { own: undefined }, 'code_changed', true],
    ['is nothing', undefined, {}, 'deployment_gone', false],
    ['is older by a rollback', OLD, moved('rollback', 'dpl_old'), 'rolled_back_by_hand', false],
    ['is newer by a rollback', NEW, moved('rollback', 'dpl_new'), 'rolled_back_by_hand', false],
    ['is older by a promotion', OLD, moved('promote', 'dpl_old'), 'promoted_by_hand', false],
    ['is newer by a promotion', NEW, moved('promote', 'dpl_new'), 'promoted_by_hand', true],
    [
      'is newer by a promotion, with other flags',
      NEW,
      { ...moved('promote', 'dpl_new'), flags: { A: 'false', B: '3' } },
      'promoted_by_hand',
      false
    ],
    [
      'is older with a rollback that did not come about',
      OLD,
      moved('rollback', 'dpl_old', { state: 'not-moved' }),
      'deployment_replaced',
      false
    ],
    [
      'is older, last moved before its own deployment was made',
      OLD,
      moved('rollback', 'dpl_old', { at: '2026-05-02T00:00:00Z' }),
      'deployment_replaced',
      false
    ]
  ])('%s', (_, live, more, code, ok) => {
    expect(first(live, more)).toMatchObject({ code, ok })
  })

  test.each<[string, Deployment | undefined, Partial<Standing>, string]>([
    ['an older one', OLD, {}, "production serves dpl_old, not the phase's deployment dpl_ours"],
    [
      'an older one made with other flags',
      OLD,
      { flags: { B: '3' } },
      'production serves dpl_old, not the phase\'s deployment dpl_ours, and was made with no A instead of "true"'
    ],
    [
      'both commits',
      { ...NEW, commit: 'bbb' },
      {},
      "code changed during the soak: production serves the newer deployment dpl_new of commit bbb, the phase's deployment is of commit aaa"
    ],
    [
      'one commit',
      { ...NEW, commit: 'aaa' },
      {},
      'deployed again during the soak: production serves the newer deployment dpl_new of the same commit aaa'
    ],
    [
      'a rollback by hand',
      OLD,
      { ...moved('rollback', 'dpl_old'), flags: { A: 'false', B: '3' } },
      'somebody rolled production back to dpl_old by hand, so what this phase turned on is off now (made with A "false" instead of "true"); new deployments of production stay staged until one is promoted'
    ],
    [
      'a rollback by hand to the same flags',
      OLD,
      { ...moved('rollback', 'dpl_old'), flags: FLAGS },
      'somebody rolled production back to dpl_old by hand, which was made with the same flags; new deployments of production stay staged until one is promoted'
    ]
  ])('is named: %s', (_, live, more, message) => {
    expect(first(live, more)?.message).toBe(message)
  })
})

describe('what keeps new deployments from being served', () => {
  const codes = (live: Deployment, newest: Deployment, newOnes: Traffic['newOnes']) =>
    checkStanding(EXPECTED, {
      ...standing(live, { newest }),
      traffic: { serves: live.id, newOnes, staged: false }
    }).map(({ code, ok }) => `${code} ${ok}`)

  test('is nothing, usually', () => {
    expect(codes(OWN, NEW, 'served')).toEqual(['deployment true'])
  })

  test.each(['off', 'rolled-back'] as const)('is noted (%s), with the one that waits', newOnes => {
    expect(codes(OWN, OWN, newOnes)).toEqual(['deployment true', 'auto_assignment_off true'])
    expect(codes(OWN, NEW, newOnes)).toEqual([
      'deployment true',
      'auto_assignment_off true',
      'deployment_staged true'
    ])
  })

  test('is not said of the own deployment, when an older one serves', () => {
    expect(codes(OLD, OWN, 'rolled-back').at(-1)).toBe('auto_assignment_off true')
  })
})

test('a note is what is in order and still worth knowing', () => {
  expect(isNote({ code: 'code_changed', ok: true })).toBe(true)
  expect(isNote({ code: 'promoted_by_hand', ok: false })).toBe(false)
  expect(isNote({ code: 'deployment', ok: true })).toBe(false)
})

test('flags that a deployment was made with otherwise are told with both values', () => {
  expect(otherFlags({ A: '1', B: '2', C: '3' }, { A: '1', B: '9' })).toEqual([
    'B "9" instead of "2"',
    'no C instead of "3"'
  ])
})
