import { describe, expect, test } from '@jest/globals'
import type { Judgement } from '../../src/rollout/events.ts'
import { finalFlags, graduationDue, judgeGraduation } from '../../src/rollout/graduation.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { graduated, judgement, live, look, minute, started, stateAfter } from './ledger-story.ts'
import { example, LAST_PHASE } from './worked-example.ts'

const WEEK = 7 * 86_400_000
const PROMOTED = [started(), ...live(LAST_PHASE), look(LAST_PHASE, 'promote')] as const
const DUE = Date.parse(minute(4)) + WEEK

describe('graduation is due', () => {
  test('so long after the last promotion', () => {
    const state = stateAfter(...PROMOTED)
    expect(graduationDue(example, state, DUE - 1)).toEqual({ due: false, dueMs: DUE })
    expect(graduationDue(example, state, DUE)).toEqual({ due: true, dueMs: DUE })
  })

  test('not later for a look in between', () => {
    const seen = stateAfter(...PROMOTED, look(LAST_PHASE, 'continue'))
    expect(graduationDue(example, seen, DUE)).toEqual({ due: true, dueMs: DUE })
  })

  test.each([
    ['before the last promotion', stateAfter(started(), ...live(LAST_PHASE))],
    ['after it', stateAfter(...PROMOTED, graduated())],
    ['without a rollout', stateAfter()]
  ])('never %s', (_, state) => {
    expect(graduationDue(example, state, DUE)).toEqual({ due: false, dueMs: undefined })
  })

  test('never when the definition has none', () => {
    const none = { graduation: undefined }
    expect(graduationDue(none, stateAfter(...PROMOTED), DUE).due).toBe(false)
  })
})

function share(verdict: Verdict): Judgement {
  return { ...judgement(verdict, 'success-rate'), finding: { kind: 'proportion' } }
}

function events(verdict: Verdict): Judgement {
  return { ...judgement(verdict, 'errors'), finding: { kind: 'sustained' } }
}

describe('a rollout graduates', () => {
  test('when everything passes', () => {
    expect(judgeGraduation([share('pass'), events('pass')])).toEqual({
      ready: true,
      reason: 'success-rate: says pass; errors: says pass'
    })
  })

  test('with a warning that is no share, which is told', () => {
    expect(judgeGraduation([share('pass'), events('warn')])).toEqual({
      ready: true,
      reason: 'success-rate: says pass; a warning stays: errors: says warn'
    })
  })

  test.each<Verdict>(['warn', 'red', 'insufficient', 'error'])(
    'not with a share that is %s',
    verdict => {
      expect(judgeGraduation([events('pass'), share(verdict)])).toEqual({
        ready: false,
        reason: `success-rate: says ${verdict}`
      })
    }
  )

  test.each<Verdict>(['red', 'insufficient', 'error'])('not with anything that is %s', verdict => {
    expect(judgeGraduation([share('pass'), events(verdict)]).ready).toBe(false)
  })

  test('not when nothing was judged', () => {
    expect(judgeGraduation([])).toEqual({ ready: false, reason: 'nothing was judged' })
  })
})

describe('the final flags', () => {
  test('are those of the last enabled phase', () => {
    expect(finalFlags(example)).toEqual({
      FEATURE_ASSIGNMENT_PIPELINE_V3: 'true',
      FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: 'false',
      FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL: '3'
    })
  })

  test('include what earlier phases set on its target, and nothing of another target', () => {
    const phases = example.phases.map(phase => {
      if (phase.name === 'production-shadow') return { ...phase, flags: { EARLY: '1', BOTH: '1' } }
      if (phase.name === 'production-full') return { ...phase, flags: { BOTH: '2' } }
      return phase
    })
    expect(finalFlags({ ...example, phases })).toEqual({ EARLY: '1', BOTH: '2' })
  })

  test('are none where no phase is carried out', () => {
    expect(finalFlags({ ...example, phases: [] })).toEqual({})
  })
})
