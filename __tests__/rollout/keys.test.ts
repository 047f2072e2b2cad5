import { expect, test } from '@jest/globals'
import type { EventBody, LedgerEvent } from '../../src/rollout/events.ts'
import { allKeys, keysOf, keysOfPhase } from '../../src/rollout/keys.ts'
import { fold } from '../../src/rollout/state.ts'
import { loadTwoPhases } from '../operations/outside.ts'

const definition = await loadTwoPhases()

function stateAfter(...bodies: readonly EventBody[]) {
  const events = bodies.map((body, i) => {
    const common = { seq: i + 1, id: `e${i}`, at: '2026-03-02T09:00:00.000Z', by: 'a', run: 'r' }
    return { ...common, ...body } as LedgerEvent
  })
  return fold(events, 'live')
}

const started: EventBody = {
  kind: 'rollout-started',
  definition: 'two-phases',
  number: 1,
  digest: 'd'
}
const applying = (phase: string, target: string): EventBody => ({
  kind: 'phase-applying',
  phase,
  target,
  flags: {},
  before: { flags: {} }
})
const back: EventBody = {
  kind: 'rollback-requested',
  phase: 'live',
  target: 'production',
  reason: 'r'
}
const done: EventBody = {
  kind: 'rollback-finished',
  intent: 'e3',
  outcome: 'verified',
  message: 'm'
}

test.each<[string, readonly EventBody[], string]>([
  ['before anything, of the first phase', [], 'staging'],
  ['of the target that was changed last', [started, applying('stage', 'preview')], 'staging'],
  [
    'of the target in force, also while the next phase is planned',
    [started, applying('stage', 'preview'), { kind: 'phase-planned', phase: 'live', digest: 'd' }],
    'staging'
  ],
  ['of production once it is begun', [started, applying('live', 'production')], 'production'],
  [
    'of what still serves after the graduation, which can be rolled back',
    [started, applying('live', 'production'), { kind: 'graduated', message: 'm' }],
    'production'
  ],
  ['of what is rolled back', [started, applying('live', 'production'), back], 'production'],
  [
    'of the first phase again when a rollout is over',
    [started, applying('live', 'production'), back, done],
    'staging'
  ]
])('the secrets that are needed are those %s', (_, events, keys) => {
  expect(keysOf(definition, stateAfter(...events))).toBe(keys)
})

test('every environment with secrets is named once, in the order of the phases', () => {
  expect(allKeys(definition)).toEqual(['staging', 'production'])
  expect(definition.phases.map(phase => keysOfPhase(definition, phase))).toEqual([
    'staging',
    'production'
  ])
})
