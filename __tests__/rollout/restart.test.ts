import { describe, expect, test } from '@jest/globals'
import type { EventBody } from '../../src/rollout/events.ts'
import { currentPhase, watchedPhase } from '../../src/rollout/state.ts'
import {
  applied,
  applying,
  dispatched,
  failed,
  graduated,
  held,
  live,
  look,
  minute,
  planned,
  resumed,
  started,
  stateAfter
} from './ledger-story.ts'
import { LAST_PHASE } from './worked-example.ts'

const PHASE = 'staging-full'
const SOAKING = [started(), ...live(PHASE)] as const
const PROMOTED = [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')] as const

function newer(run: string): EventBody {
  return { ...planned(PHASE), run, digest: 'p2' } as EventBody
}

describe('a newer briefing', () => {
  test('takes the place of the older one', () => {
    const state = stateAfter(started(), planned(PHASE), newer('9-1'))
    expect(state.phases).toMatchObject([
      { name: PHASE, status: 'planned', planned: { run: '9-1', digest: 'p2' } }
    ])
  })

  test.each<[string, readonly EventBody[]]>([
    ['soaking', [...SOAKING, held()]],
    ['applying', [started(), planned(PHASE), applying(PHASE), held()]]
  ])('leaves a phase that is %s as it is', (status, events) => {
    const before = stateAfter(...events)
    const after = stateAfter(...events, newer('9-1'))
    expect(currentPhase(after)).toEqual({
      ...currentPhase(before),
      status,
      planned: expect.objectContaining({ run: '9-1' })
    })
    expect(watchedPhase(after)?.name).toBe(watchedPhase(before)?.name)
    expect(after.hold).toEqual(before.hold)
  })
})

describe('a soak that begins anew', () => {
  const again = [
    ...SOAKING,
    look(PHASE, 'continue', { checkpoints: ['T+0'] }),
    held(),
    newer('9-1')
  ]

  test('ends the hold, and forgets what was seen', () => {
    const state = stateAfter(...again, resumed(), applying(PHASE), applied(PHASE, minute(99)))
    expect(state.status).toBe('running')
    expect(state.hold).toBeUndefined()
    expect(currentPhase(state)).toMatchObject({
      status: 'soaking',
      since: minute(99),
      checkpoints: [],
      looks: [],
      planned: { run: '9-1' }
    })
  })

  test('that fails can be tried again', () => {
    const state = stateAfter(...again, resumed(), applying(PHASE), failed(PHASE))
    expect(state.status).toBe('running')
    expect(currentPhase(state)).toMatchObject({ name: PHASE, status: 'failed' })
  })
})

describe('what was set going by itself', () => {
  const url = 'https://github.example/runs/1'

  test('is kept until something else is', () => {
    const first = stateAfter(...SOAKING, look(PHASE, 'promote'), dispatched('advance', 'next-one'))
    expect(first.dispatched).toMatchObject({ operation: 'advance', phase: 'next-one', url })
    expect(first.status).toBe('running')
    const second = stateAfter(...PROMOTED, dispatched('advance', 'x'), dispatched('graduate', 'y'))
    expect(second.dispatched).toMatchObject({ operation: 'graduate', phase: 'y' })
    expect(second.status).toBe('promoted')
  })

  test('is forgotten with the end of a hold, which may have refused it', () => {
    const sent = [...SOAKING, dispatched('advance', 'next-one')]
    expect(stateAfter(...sent, resumed()).dispatched).toBeDefined()
    expect(stateAfter(...sent, held()).dispatched).toBeDefined()
    expect(stateAfter(...sent, held(), resumed()).dispatched).toBeUndefined()
  })
})

describe('graduation', () => {
  test('keeps where the clean-up was filed and the change was proposed', () => {
    const event = { ...graduated(), issue: 'https://i/1', proposal: 'https://p/2' }
    const state = stateAfter(...PROMOTED, event)
    expect(state.status).toBe('graduated')
    expect(state.graduated).toMatchObject({ issue: 'https://i/1', proposal: 'https://p/2' })
  })

  test('is looked for without changing anything but what was seen', () => {
    const before = stateAfter(...PROMOTED)
    for (const decision of ['continue', 'hold', 'promote', 'rollback'] as const) {
      const seen = look(LAST_PHASE, decision, { purpose: 'graduation', checkpoints: ['T+7d'] })
      const after = stateAfter(...PROMOTED, seen)
      expect({ ...after, lastSeq: before.lastSeq, phases: [] }).toEqual({ ...before, phases: [] })
      const [phase] = after.phases
      expect(phase).toMatchObject({ ...before.phases[0], looks: [{}, { purpose: 'graduation' }] })
    }
  })
})
