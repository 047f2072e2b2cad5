import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Definition } from '../../src/rollout/definition.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import { type NextMove, nextMove } from '../../src/rollout/next-move.ts'
import {
  aborted,
  applying,
  failed,
  graduated,
  held,
  live,
  look,
  planned,
  resumed,
  rollbackFinished,
  rollbackRequested,
  started,
  stateAfter
} from './ledger-story.ts'
import { anyStory } from './random-story.ts'
import { example, LAST_PHASE } from './worked-example.ts'

const [FIRST, SECOND] = ['staging-shadow', 'staging-full'] as const

function moveAfter(...events: readonly EventBody[]): string {
  return described(nextMove(example, stateAfter(...events)))
}

function described(move: NextMove): string {
  switch (move.kind) {
    case 'start':
      return `start #${move.number} with ${move.phase.name}`
    case 'apply':
      return `${move.resuming ? 'take up' : 'apply'} ${move.phase.name}`
    case 'soaking':
      return `let ${move.phase.name} soak`
    case 'blocked':
      return `blocked: ${move.code}`
    case 'done':
      return 'done'
  }
}

describe('what can be done next', () => {
  test.each<[string, readonly EventBody[], string]>([
    ['nothing was ever started', [], 'start #1 with staging-shadow'],
    ['a rollout was started', [started()], 'apply staging-shadow'],
    ['the first phase is planned', [started(), planned(FIRST)], 'apply staging-shadow'],
    [
      'an application was cut off',
      [started(), planned(FIRST), applying(FIRST)],
      'take up staging-shadow'
    ],
    ['an application failed', [started(), applying(FIRST), failed(FIRST)], 'apply staging-shadow'],
    ['a phase is live', [started(), ...live(FIRST)], 'let staging-shadow soak'],
    [
      'a phase is promoted',
      [started(), ...live(FIRST), look(FIRST, 'promote')],
      'apply staging-full'
    ],
    [
      'the next phase is planned',
      [started(), ...live(FIRST), look(FIRST, 'promote'), planned(SECOND)],
      'apply staging-full'
    ],
    [
      'the last phase is promoted',
      [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')],
      'done'
    ],
    ['the rollout is held', [started(), ...live(FIRST), held()], 'blocked: held'],
    ['the rollout is held before its first phase', [started(), held()], 'blocked: held'],
    [
      'the rollout is held between two phases',
      [started(), ...live(FIRST), look(FIRST, 'promote'), held()],
      'blocked: held'
    ],
    [
      'the rollout is resumed',
      [started(), ...live(FIRST), held(), resumed()],
      'let staging-shadow soak'
    ],
    [
      'the rollout is rolling back',
      [started(), ...live(FIRST), rollbackRequested(FIRST)],
      'blocked: rolling_back'
    ],
    [
      'the rollback failed',
      [started(), ...live(FIRST), rollbackRequested(FIRST), rollbackFinished('failed')],
      'blocked: rollback_unfinished'
    ],
    [
      'the rollout is rolled back',
      [started(), ...live(FIRST), rollbackRequested(FIRST), rollbackFinished('verified')],
      'start #2 with staging-shadow'
    ],
    [
      'the rollback is unproven',
      [started(3), ...live(FIRST), rollbackRequested(FIRST), rollbackFinished('unproven')],
      'start #4 with staging-shadow'
    ],
    [
      'the rollout is graduated',
      [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote'), graduated()],
      'start #2 with staging-shadow'
    ],
    ['the rollout is aborted', [started(), aborted()], 'start #2 with staging-shadow'],
    [
      'a promoted rollout is rolled back',
      [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote'), rollbackRequested(LAST_PHASE)],
      'blocked: rolling_back'
    ],
    [
      'the ledger is in a phase that is not enabled',
      [started(), ...live('production-scale-4')],
      'blocked: phase_unknown'
    ],
    [
      'the ledger is in a phase that nobody knows',
      [started(), planned('staging')],
      'blocked: phase_unknown'
    ]
  ])('when %s', (_, events, expected) => {
    expect(moveAfter(...events)).toBe(expected)
  })

  test('a block says what it is and the way out', () => {
    expect(nextMove(example, stateAfter(started(), ...live(FIRST), held()))).toEqual({
      kind: 'blocked',
      code: 'held',
      why: 'assignment-pipeline-v3#1 is held: wait for Monday',
      way: 'Resume it with a reason, begin its soak anew by asking for staging-shadow, or roll it back.'
    })
    expect(nextMove(example, stateAfter(started(), planned('staging')))).toMatchObject({
      why: 'the ledger is in phase staging, which assignment-pipeline-v3 no longer has (or has disabled)'
    })
  })

  test('a held phase that soaks is begun anew when it is asked for by its name', () => {
    const soaking = stateAfter(started(), ...live(FIRST), held())
    expect(nextMove(example, soaking, FIRST)).toMatchObject({
      kind: 'apply',
      phase: { name: FIRST },
      resuming: false,
      restarting: true
    })
    for (const other of ['next', SECOND, undefined]) {
      expect(described(nextMove(example, soaking, other))).toBe('blocked: held')
    }
  })

  test.each<[string, readonly EventBody[]]>([
    ['it is not held', [started(), ...live(FIRST)]],
    ['its application was cut off', [started(), applying(FIRST), held()]],
    ['it is promoted', [started(), ...live(FIRST), look(FIRST, 'promote'), held()]],
    ['it is being rolled back', [started(), ...live(FIRST), held(), rollbackRequested(FIRST)]]
  ])('a phase is not begun anew when %s', (_, events) => {
    const move = nextMove(example, stateAfter(...events), FIRST)
    expect(move).not.toMatchObject({ restarting: true })
  })

  test('a phase that the definition no longer has is not begun anew', () => {
    const phases = example.phases.filter(({ name }) => name !== FIRST)
    const state = stateAfter(started(), ...live(FIRST), held())
    expect(described(nextMove({ ...example, phases }, state, FIRST))).toBe('blocked: held')
  })

  test('a definition without an enabled phase goes nowhere, from any state', () => {
    const phases = example.phases.map(phase => ({ ...phase, enabled: false }))
    for (const none of [
      { ...example, phases },
      { ...example, phases: [] }
    ]) {
      expect(described(nextMove(none, stateAfter()))).toBe('blocked: no_phase')
      expect(described(nextMove(none, stateAfter(started(), ...live(FIRST))))).toBe(
        'blocked: no_phase'
      )
    }
  })

  test('a phase that was enabled later follows the one before it', () => {
    const phases = example.phases.map(phase => ({ ...phase, enabled: true }))
    const longer: Definition = { ...example, phases }
    const promoted = [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')]
    const state = { ...stateAfter(...promoted), status: 'running' as const }
    expect(described(nextMove(longer, state))).toBe('apply production-scale-4')
  })

  test('whatever has happened, there is one answer, and forward only while nothing stands in the way', () => {
    fc.assert(
      fc.property(anyStory, story => {
        const state = stateAfter(...story)
        const { kind } = nextMove(example, state)
        if (kind === 'apply' || kind === 'soaking') expect(state.status).toBe('running')
        if (state.status === 'held') expect(kind).toBe('blocked')
        if (state.rollback !== undefined) expect(['blocked', 'start']).toContain(kind)
      }),
      { numRuns: 200 }
    )
  })
})
