import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { EventBody, HoldCause } from '../../src/rollout/events.ts'
import { currentPhase, fold, isOver, type RolloutStatus } from '../../src/rollout/state.ts'
import {
  aborted,
  applied,
  applying,
  failed,
  graduated,
  held,
  live,
  look,
  minute,
  planned,
  resumed,
  rollbackFinished,
  rollbackRequested,
  rollbackStep,
  started,
  stateAfter,
  told
} from './ledger-story.ts'
import { anyStory } from './random-story.ts'
import { LAST_PHASE } from './worked-example.ts'

const PHASE = 'staging-full'
const SOAKING = [started(), ...live(PHASE)] as const

describe('what each event does', () => {
  test('no event is no rollout', () => {
    expect(stateAfter()).toEqual({
      definition: '',
      number: 0,
      digest: '',
      status: 'not-started',
      phases: [],
      lastSeq: 0
    })
  })

  test('rollout-started names the rollout and who began it', () => {
    expect(stateAfter(started(2))).toEqual({
      definition: 'assignment-pipeline-v3',
      number: 2,
      digest: 'd1',
      status: 'running',
      startedAt: minute(0),
      startedBy: 'priya',
      phases: [],
      lastSeq: 1
    })
  })

  test.each([
    ['planned', [planned(PHASE)]],
    ['applying', [planned(PHASE), applying(PHASE)]],
    ['soaking', [planned(PHASE), applying(PHASE), applied(PHASE)]],
    ['failed', [planned(PHASE), applying(PHASE), failed(PHASE)]],
    ['planned', [planned(PHASE), applying(PHASE), failed(PHASE), planned(PHASE)]],
    ['promoted', [...live(PHASE), look(PHASE, 'promote')]],
    ['rolled-back', [...live(PHASE), rollbackRequested(PHASE)]]
  ])('a phase is %s', (status, events) => {
    const state = stateAfter(started(), ...events)
    expect(state.phases).toHaveLength(1)
    expect(currentPhase(state)).toMatchObject({ name: PHASE, status })
  })

  test('phase-applied says what is live and since when', () => {
    expect(currentPhase(stateAfter(started(), ...live(PHASE, minute(7))))).toMatchObject({
      planned: { digest: 'p1' },
      intent: { id: 'e3' },
      deployment: { id: 'dpl_staging-full' },
      since: minute(7),
      checkpoints: [],
      looks: []
    })
  })

  test('a look is kept with its phase, and its checkpoints are those that were looked at', () => {
    const first = look(PHASE, 'continue', { checkpoints: ['T+0'] })
    const sentinel = look(PHASE, 'continue')
    const late = look(PHASE, 'continue', { checkpoints: ['T+1h', 'T+6h'] })
    const phase = currentPhase(stateAfter(...SOAKING, first, sentinel, late))
    expect(phase?.checkpoints).toEqual(['T+0', 'T+1h', 'T+6h'])
    expect(phase?.looks.map(({ seq }) => seq)).toEqual([5, 6, 7])
  })

  test('promoting a phase ends it and leaves the rollout running', () => {
    const state = stateAfter(...SOAKING, look(PHASE, 'promote'))
    expect(state.status).toBe('running')
    expect(currentPhase(state)).toMatchObject({ status: 'promoted', endedAt: minute(4) })
  })

  test('only promoting the last enabled phase promotes the rollout', () => {
    const events = told(started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote'))
    expect(fold(events, LAST_PHASE).status).toBe('promoted')
    expect(fold(events, 'production-scale-4').status).toBe('running')
    expect(fold(events, '').status).toBe('running')
  })

  test('the phases stand in the order in which they were begun', () => {
    const next = [planned('production-shadow'), applying('production-shadow')]
    const { phases } = stateAfter(...SOAKING, look(PHASE, 'promote'), ...next)
    expect(phases.map(({ name, status }) => [name, status])).toEqual([
      [PHASE, 'promoted'],
      ['production-shadow', 'applying']
    ])
  })

  test('a phase that is applied again starts anew and keeps only its plan', () => {
    const looked = look(PHASE, 'continue', { checkpoints: ['T+0', 'T+1h'] })
    const again = currentPhase(stateAfter(...SOAKING, looked, applying(PHASE)))
    expect(again).toEqual({
      name: PHASE,
      status: 'applying',
      begunAnew: true,
      soak: 2,
      planned: expect.objectContaining({ id: 'e2' }),
      intent: expect.objectContaining({ id: 'e6' }),
      checkpoints: [],
      looks: []
    })
    const soaking = stateAfter(...SOAKING, looked, applying(PHASE), applied(PHASE, minute(9)))
    expect(currentPhase(soaking)).toMatchObject({ since: minute(9), checkpoints: [] })
  })

  test('a look that wants a rollback changes nothing by itself: the request follows it', () => {
    const state = stateAfter(...SOAKING, look(PHASE, 'rollback', { verdicts: ['red'] }))
    expect(state.status).toBe('running')
    expect(currentPhase(state)?.status).toBe('soaking')
  })

  test('graduated and aborted end the rollout', () => {
    const done = stateAfter(
      started(),
      ...live(LAST_PHASE),
      look(LAST_PHASE, 'promote'),
      graduated()
    )
    expect(done).toMatchObject({ status: 'graduated', endedAt: minute(5) })
    const dropped = stateAfter(...SOAKING, held(), aborted())
    expect(dropped).toMatchObject({ status: 'aborted', endedAt: minute(5) })
    expect(dropped.hold).toBeUndefined()
  })
})

describe('a hold', () => {
  test('by a person says who, when and why', () => {
    expect(stateAfter(...SOAKING, held('a public holiday'))).toMatchObject({
      status: 'held',
      hold: { cause: 'person', reason: 'a public holiday', at: minute(4), by: 'priya' }
    })
  })

  test('ends when somebody resumes it', () => {
    const state = stateAfter(...SOAKING, held(), resumed())
    expect(state.status).toBe('running')
    expect(state.hold).toBeUndefined()
  })

  test('by a look has the cause of that look, and error when it names none', () => {
    expect(stateAfter(...SOAKING, look(PHASE, 'hold', { cause: 'integrity' })).hold).toMatchObject({
      cause: 'integrity',
      reason: 'the look says hold'
    })
    expect(stateAfter(...SOAKING, look(PHASE, 'hold')).hold?.cause).toBe('error')
  })

  const CLEAN = look(PHASE, 'continue')
  const BLIND = look(PHASE, 'continue', { verdicts: ['error', 'pass'] })
  const NEEDS_A_PERSON: readonly HoldCause[] = ['person', 'warn', 'insufficient']
  const ENDS_BY_ITSELF: readonly HoldCause[] = ['frozen', 'error', 'integrity', 'blind']

  test.each(ENDS_BY_ITSELF)('whose cause is %s ends with the next clean look', cause => {
    const state = stateAfter(...SOAKING, look(PHASE, 'hold', { cause }), CLEAN)
    expect(state.status).toBe('running')
    expect(state.hold).toBeUndefined()
  })

  test.each(ENDS_BY_ITSELF)(
    'whose cause is %s does not end with a look that saw nothing',
    cause => {
      const state = stateAfter(...SOAKING, look(PHASE, 'hold', { cause }), BLIND)
      expect(state).toMatchObject({ status: 'held', hold: { cause } })
    }
  )

  test.each(ENDS_BY_ITSELF)('whose cause is %s gives way to a newer cause', cause => {
    const state = stateAfter(
      ...SOAKING,
      look(PHASE, 'hold', { cause }),
      look(PHASE, 'hold', { cause: 'warn', reason: 'manual-review is high' })
    )
    expect(state.hold).toMatchObject({ cause: 'warn', reason: 'manual-review is high' })
  })

  test.each(NEEDS_A_PERSON)('whose cause is %s outlasts a look that saw nothing', cause => {
    const hold = cause === 'person' ? held() : look(PHASE, 'hold', { cause })
    expect(stateAfter(...SOAKING, hold, BLIND)).toMatchObject({ status: 'held', hold: { cause } })
  })

  test.each(NEEDS_A_PERSON.flatMap(cause => ENDS_BY_ITSELF.map(later => [cause, later] as const)))(
    'whose cause is %s is not turned by %s into one that ends by itself',
    (cause, later) => {
      const hold = cause === 'person' ? held() : look(PHASE, 'hold', { cause })
      const state = stateAfter(...SOAKING, hold, look(PHASE, 'hold', { cause: later }))
      expect(state).toMatchObject({ status: 'held', hold: { cause, at: minute(4) } })
    }
  )

  test('by a person replaces every other hold', () => {
    const state = stateAfter(...SOAKING, look(PHASE, 'hold', { cause: 'error' }), held('mine'))
    expect(state.hold).toMatchObject({ cause: 'person', reason: 'mine' })
  })

  test('does not keep the phase from being promoted once somebody resumed it', () => {
    const state = stateAfter(...SOAKING, held(), resumed(), look(PHASE, 'promote'))
    expect(currentPhase(state)?.status).toBe('promoted')
  })

  test.each([
    ['rolling-back', [rollbackRequested(PHASE)]],
    ['rolled-back', [rollbackRequested(PHASE), rollbackFinished('verified')]],
    ['rollback-failed', [rollbackRequested(PHASE), rollbackFinished('failed')]],
    ['aborted', [aborted()]]
  ] as const)('cannot begin when the rollout is %s', (status, events) => {
    const state = stateAfter(...SOAKING, ...events, held())
    expect(state.status).toBe(status)
    expect(state.hold).toBeUndefined()
  })
})

describe('a rollback', () => {
  test('supersedes a soaking phase, a half-applied one and a hold', () => {
    for (const before of [SOAKING, SOAKING.slice(0, 3), [...SOAKING, held()]]) {
      const state = stateAfter(...before, rollbackRequested(PHASE))
      expect(state.status).toBe('rolling-back')
      expect(state.hold).toBeUndefined()
      expect(currentPhase(state)).toMatchObject({ status: 'rolled-back' })
      expect(state.rollback).toMatchObject({ steps: [], looks: [] })
    }
  })

  test('is watched from the moment its clean deployment is live', () => {
    const state = stateAfter(
      ...SOAKING,
      rollbackRequested(PHASE),
      rollbackStep('reinstated'),
      rollbackStep('flags-off'),
      rollbackStep('redeployed', minute(20)),
      look(PHASE, 'continue', { purpose: 'watch' })
    )
    expect(state.status).toBe('rolling-back')
    expect(state.rollback?.steps.map(({ step }) => step)).toEqual([
      'reinstated',
      'flags-off',
      'redeployed'
    ])
    expect(state.rollback).toMatchObject({ since: minute(20), looks: [{ purpose: 'watch' }] })
    expect(currentPhase(state)?.looks).toEqual([])
  })

  test.each([
    ['verified', 'rolled-back', minute(5)],
    ['unproven', 'rolled-back', minute(5)],
    ['failed', 'rollback-failed', undefined]
  ] as const)('that is %s leaves the rollout %s', (outcome, status, endedAt) => {
    const state = stateAfter(...SOAKING, rollbackRequested(PHASE), rollbackFinished(outcome))
    expect(state.status).toBe(status)
    expect(state.endedAt).toBe(endedAt)
    expect(state.rollback?.finished?.outcome).toBe(outcome)
  })

  test('that failed may still be finished', () => {
    const events = [
      rollbackRequested(PHASE),
      rollbackFinished('failed'),
      rollbackFinished('verified')
    ]
    expect(stateAfter(...SOAKING, ...events).status).toBe('rolled-back')
  })

  test('after promotion takes the rollout back', () => {
    const promoted = [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')]
    const state = stateAfter(...promoted, rollbackRequested(LAST_PHASE))
    expect(state.status).toBe('rolling-back')
    expect(currentPhase(state)).toMatchObject({ status: 'rolled-back', endedAt: minute(5) })
  })

  test.each([
    ['a step', rollbackStep('flags-off')],
    ['a watch', look(PHASE, 'continue', { purpose: 'watch' })],
    ['an end', rollbackFinished('verified')]
  ])('that nobody asked for has no %s', (_, event) => {
    const before = stateAfter(...SOAKING)
    expect(stateAfter(...SOAKING, event)).toEqual({ ...before, lastSeq: 5 })
  })
})

describe('a rollout is over', () => {
  const OVER: Readonly<Record<RolloutStatus, boolean>> = {
    'not-started': false,
    running: false,
    held: false,
    'rolling-back': false,
    'rolled-back': true,
    'rollback-failed': false,
    promoted: false,
    graduated: true,
    aborted: true
  }

  test.each(Object.entries(OVER))('when it is %s: %p', (status, over) => {
    expect(isOver({ ...stateAfter(started()), status: status as RolloutStatus })).toBe(over)
  })
})

describe('whatever happens to a rollout', () => {
  test('every beginning of its story amounts to a state that makes sense', () => {
    fc.assert(
      fc.property(anyStory, story => {
        for (let length = 0; length <= story.length; length += 1) {
          const state = stateAfter(...story.slice(0, length))
          expect(state.lastSeq).toBe(length)
          expect(state.status === 'held').toBe(state.hold !== undefined)
          expect(isOver(state)).toBe(state.endedAt !== undefined)
          const names = state.phases.map(({ name }) => name)
          expect(new Set(names).size).toBe(names.length)
          const open = state.phases.filter(({ status }) => OPEN.has(status))
          expect(open.length).toBeLessThanOrEqual(1)
          if (state.status === 'promoted') expect(currentPhase(state)?.status).toBe('promoted')
        }
      }),
      { numRuns: 200 }
    )
  })

  const OPEN: ReadonlySet<string> = new Set(['planned', 'applying', 'soaking', 'failed'])

  test('the same events give the same state, and the story goes on from any point', () => {
    fc.assert(
      fc.property(anyStory, fc.nat(), (story, cut) => {
        const events = told(...story)
        const state = fold(events, LAST_PHASE)
        expect(fold(JSON.parse(JSON.stringify(events)), LAST_PHASE)).toEqual(state)
        expect(fold([...events.slice(0, cut), ...events.slice(cut)], LAST_PHASE)).toEqual(state)
      }),
      { numRuns: 200 }
    )
  })

  test('a log in any order is folded without throwing', () => {
    const shuffled = anyStory.chain(story =>
      fc.shuffledSubarray([...story], { minLength: 0, maxLength: story.length })
    )
    fc.assert(
      fc.property(shuffled, (story: readonly EventBody[]) => {
        expect(stateAfter(...story).lastSeq).toBe(story.length)
      }),
      { numRuns: 200 }
    )
  })
})
