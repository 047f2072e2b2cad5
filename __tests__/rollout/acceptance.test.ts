import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type AcceptanceKind,
  acceptableNow,
  acceptancesFor,
  acceptedAtPromotion
} from '../../src/rollout/acceptance.ts'
import { type Circumstances, decide } from '../../src/rollout/decide.ts'
import type { EventBody, Judgement } from '../../src/rollout/events.ts'
import type { RollgateError } from '../../src/rollout/rollgate-error.ts'
import type { DueLook } from '../../src/rollout/schedule.ts'
import { type Accepted, currentPhase, endsByItself, type State } from '../../src/rollout/state.ts'
import {
  applied,
  applying,
  held,
  judgement,
  live,
  look,
  minute,
  planned,
  resumed,
  rollbackRequested,
  started,
  stateAfter
} from './ledger-story.ts'

const PHASE = 'staging-full'
const SOAKING = [started(), ...live(PHASE)] as const

const GOOD = judgement('pass', 'manual-review', 'proven')
const THIN = judgement('insufficient', 'success-rate', 'thin')
const WARNING = judgement('warn', 'errors', 'some_errors')
const SILENT = judgement('insufficient', 'circuit-open', 'control_dead')
const EMPTY = judgement('insufficient', 'success-rate', 'no-data')
const BLIND = judgement('error', 'success-rate', 'unreachable')
const RED = judgement('red', 'success-rate', 'red_strict')

/** Held at the end of the soak, by a look that found this. */
function heldWith(...judgements: readonly Judgement[]): readonly EventBody[] {
  const cause = judgements.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'insufficient'
  return [...SOAKING, look(PHASE, 'hold', { cause, final: true, judgements })]
}

function refusal(state: State, kinds: readonly AcceptanceKind[], by = 'priya'): RollgateError {
  try {
    acceptancesFor(state, kinds, by)
  } catch (error) {
    return error as RollgateError
  }
  throw new Error('it was to be refused')
}

describe('what can be accepted', () => {
  const state = stateAfter(...heldWith(GOOD, THIN, WARNING))

  test('are thin evidence and warnings of the look that holds it, each by name and code', () => {
    expect(acceptableNow(state)).toEqual([THIN, WARNING])
    expect(acceptancesFor(state, ['thin'], 'priya')).toEqual([
      { criterion: 'success-rate', verdict: 'insufficient', code: 'thin' }
    ])
    expect(acceptancesFor(state, ['warnings'], 'priya')).toEqual([
      { criterion: 'errors', verdict: 'warn', code: 'some_errors' }
    ])
    expect(acceptancesFor(state, ['thin', 'warnings'], 'priya')).toHaveLength(2)
  })

  test('is nothing, when nothing is asked for: a plain resume is never refused', () => {
    expect(acceptancesFor(state, [], 'priya')).toEqual([])
    expect(acceptancesFor(stateAfter(), [], 'github-actions[bot]')).toEqual([])
  })

  test('is also what a person had held first, while the soak was extended', () => {
    const extended = look(PHASE, 'continue', { final: true, judgements: [GOOD, THIN] })
    const kinds = acceptancesFor(stateAfter(...SOAKING, extended, held()), ['thin'], 'priya')
    expect(kinds).toHaveLength(1)
  })

  test.each([
    ['silence that may be a dead microphone', SILENT],
    ['a window without a single unit', EMPTY],
    ['an answer that did not come', BLIND],
    ['a bad number from too few samples', judgement('insufficient', 'duration', 'thin_short')],
    ['what is red', RED]
  ])('is never %s', (_, found) => {
    const { code, message } = refusal(stateAfter(...heldWith(GOOD, found)), ['thin'])
    expect(code).toBe('nothing_to_accept')
    expect(message).toContain(`${found.criterion} is ${found.verdict} (${found.code})`)
  })

  test('is only of the last look on record', () => {
    const later = look(PHASE, 'hold', { cause: 'insufficient', final: true, judgements: [GOOD] })
    const { message } = refusal(stateAfter(...heldWith(THIN), later), ['thin'])
    expect(message).toContain('at the last look on record every criterion passes')
  })

  test('is nothing of the soak before the one that began anew', () => {
    const again = [held(), planned(PHASE), resumed(), applying(PHASE), applied(PHASE), held()]
    expect(acceptableNow(stateAfter(...heldWith(THIN), ...again))).toEqual([])
  })

  test('is nothing before the soak is over, since nothing is in the way of anything then', () => {
    const early = look(PHASE, 'continue', { checkpoints: ['T+0'], judgements: [THIN] })
    for (const story of [
      [...SOAKING, held()],
      [...SOAKING, early, held()]
    ]) {
      expect(refusal(stateAfter(...story), ['thin'])).toMatchObject({
        code: 'nothing_to_accept',
        message: expect.stringContaining('the soak of staging-full was not over'),
        remedy: expect.stringContaining('when the soak is over')
      })
    }
  })

  test.each<[string, readonly EventBody[]]>([
    ['is being applied', [started(), planned(PHASE), applying(PHASE), held()]],
    [
      'is promoted, on warnings even',
      [...heldWith(WARNING), look(PHASE, 'promote', { judgements: [WARNING] }), held()]
    ],
    ['is rolled back', [...heldWith(WARNING), rollbackRequested(PHASE)]],
    ['was never begun', [started(), held()]]
  ])('is nothing of a phase that %s', (_, story) => {
    expect(refusal(stateAfter(...story), ['warnings']).message).toContain('no phase is soaking')
  })

  test('is refused as a whole when one of two kinds is not there', () => {
    expect(refusal(stateAfter(...heldWith(GOOD, WARNING)), ['thin', 'warnings'])).toMatchObject({
      message:
        'There is nothing to accept: no criterion has evidence that is good and merely thin; at the last look on record errors is warn (some_errors). It is still held.',
      remedy: expect.stringContaining('Accept what is there (warnings)')
    })
  })

  test('is nothing that a program could take upon itself', () => {
    expect(refusal(state, ['thin'], 'github-actions[bot]').code).toBe('not_a_person')
  })
})

describe('an acceptance', () => {
  const accepting = resumed(...acceptancesFor(stateAfter(...heldWith(THIN)), ['thin'], 'priya'))

  test('stays with the soak it was given for, with who gave it and why', () => {
    expect(currentPhase(stateAfter(...heldWith(THIN), accepting))?.accepted).toEqual([
      {
        criterion: 'success-rate',
        verdict: 'insufficient',
        code: 'thin',
        by: 'priya',
        reason: 'it is Monday',
        at: minute(5)
      }
    ])
  })

  test('adds to an earlier one', () => {
    const again = look(PHASE, 'hold', { cause: 'warn', final: true, judgements: [WARNING] })
    const second = resumed({ criterion: 'errors', verdict: 'warn', code: 'some_errors' })
    const phase = currentPhase(stateAfter(...heldWith(THIN), accepting, again, second))
    expect(phase?.accepted?.map(({ criterion }) => criterion)).toEqual(['success-rate', 'errors'])
  })

  test('is forgotten by a soak that begins anew', () => {
    const anew = [held(), planned(PHASE), resumed(), applying(PHASE), applied(PHASE)]
    const phase = currentPhase(stateAfter(...heldWith(THIN), accepting, ...anew))
    expect(phase?.status).toBe('soaking')
    expect(phase?.accepted).toBeUndefined()
  })

  test('is none of the next phase', () => {
    const promotion = look(PHASE, 'promote', { judgements: [THIN] })
    const next = live('production-shadow')
    const state = stateAfter(...heldWith(THIN), accepting, promotion, ...next)
    expect(currentPhase(state)?.accepted).toBeUndefined()
  })

  test('that nobody could have given in that state is folded away', () => {
    const state = stateAfter(started(), held(), accepting)
    expect(state.status).toBe('running')
    expect(state.phases).toEqual([])
  })

  test('is told of a promotion only where it was needed', () => {
    const story = [...heldWith(THIN), accepting]
    const promotedOn = (...judgements: readonly Judgement[]) => {
      const phase = currentPhase(stateAfter(...story, look(PHASE, 'promote', { judgements })))
      return phase === undefined ? [] : acceptedAtPromotion(phase)
    }
    expect(promotedOn(GOOD, THIN)).toMatchObject([{ criterion: 'success-rate', by: 'priya' }])
    expect(promotedOn(GOOD, judgement('pass', 'success-rate', 'adequate'))).toEqual([])
  })
})

const FINAL: DueLook = {
  checkpoints: [],
  final: true,
  extensionOver: false,
  dueMs: undefined,
  lateMs: 0
}
const OVERDUE: DueLook = { ...FINAL, extensionOver: true }
const SENTINEL: DueLook = { ...FINAL, final: false }
const THIN_HOLDS = 'hold final-insufficient'
const FINE = { code: 'flags', ok: true, message: 'flags are as set' }

function accepting(finding: Judgement, by = 'priya'): Accepted {
  const { criterion, code } = finding
  const verdict = finding.verdict === 'warn' ? 'warn' : 'insufficient'
  return { criterion, verdict, code, by, reason: 'a quiet weekend', at: minute(0) }
}

const CALM: Circumstances = {
  judgements: [GOOD],
  integrity: [FINE],
  due: OVERDUE,
  hold: undefined,
  accepted: [],
  frozen: undefined,
  blind: { maxMs: 6 * 3_600_000, decision: 'hold' },
  unseenMs: 0
}

function decided(change: Partial<Circumstances>): string {
  const { decision, rule } = decide({ ...CALM, ...change })
  return `${decision} ${rule}`
}

describe('a decision', () => {
  test('promotes on what was accepted, and names who accepted what', () => {
    const accepted = [accepting(THIN), accepting(WARNING, 'amara')]
    const made = decide({ ...CALM, judgements: [GOOD, THIN, WARNING], accepted })
    expect(made).toEqual({
      decision: 'promote',
      rule: 'accepted',
      reason: [
        'success-rate is insufficient (thin), which priya accepted, because: a quiet weekend (says thin)',
        'errors is warn (some_errors), which amara accepted, because: a quiet weekend (says some_errors)',
        'every other criterion passes'
      ].join('; ')
    })
    const alone = decide({ ...CALM, judgements: [THIN], accepted: [accepting(THIN)] })
    expect(alone.reason).not.toContain('every other')
  })

  test('names whoever accepted it last', () => {
    const accepted = [accepting(THIN, 'priya'), accepting(THIN, 'amara')]
    expect(decide({ ...CALM, judgements: [THIN], accepted }).reason).toContain('which amara')
  })

  test('is the old one when everything passes by then', () => {
    expect(decided({ accepted: [accepting(THIN)] })).toBe('promote all-pass')
  })

  test('ends the extension early once thin evidence is accepted, and never the soak', () => {
    const given = { judgements: [GOOD, THIN], accepted: [accepting(THIN)] }
    expect(decided({ ...given, due: FINAL })).toBe('promote accepted')
    expect(decided({ ...given, due: SENTINEL })).toBe('continue soaking')
    expect(decided({ ...given, due: FINAL, accepted: [] })).toBe('continue final-insufficient')
  })

  test.each<[string, Judgement, Judgement, string]>([
    ['another criterion', THIN, judgement('insufficient', 'manual-review', 'thin'), THIN_HOLDS],
    ['another code', WARNING, judgement('warn', 'errors', 'healed'), 'hold final-warn'],
    ['another verdict', WARNING, judgement('insufficient', 'errors', 'thin'), THIN_HOLDS],
    ['silence by then', THIN, { ...SILENT, criterion: 'success-rate' }, THIN_HOLDS],
    ['nothing by then', THIN, EMPTY, THIN_HOLDS],
    ['red by then', WARNING, judgement('red', 'errors', 'sustained'), 'rollback any-red'],
    ['blind by then', THIN, BLIND, 'hold any-error']
  ])('holds again over %s', (_, taken, found, expected) => {
    const given = { judgements: [GOOD, found], accepted: [accepting(taken)] }
    expect(decided(given)).toBe(expected)
  })

  test('takes no acceptance of silence, whatever a ledger says', () => {
    for (const found of [SILENT, EMPTY]) {
      expect(decided({ judgements: [GOOD, found], accepted: [accepting(found)] })).toBe(THIN_HOLDS)
    }
  })

  test('still waits for a person, a freeze and a world in order', () => {
    const given = { judgements: [THIN], accepted: [accepting(THIN)] }
    const hold = { cause: 'person', reason: 'a doubt', at: minute(0), by: 'priya' } as const
    expect(decided({ ...given, hold })).toBe('hold held')
    expect(decided({ ...given, frozen: 'holidays' })).toBe('hold frozen')
    expect(decided({ ...given, integrity: [{ ...FINE, ok: false }] })).toBe('hold integrity')
    expect(decided({ ...given, integrity: [] })).toBe('hold unproven')
  })
})

describe('whatever was found and accepted', () => {
  const finding = fc.constantFrom(GOOD, THIN, WARNING, SILENT, EMPTY, BLIND, RED).chain(one =>
    fc.constantFrom('success-rate', 'errors', 'manual-review').map(criterion => ({
      ...one,
      criterion
    }))
  )
  const circumstances: fc.Arbitrary<Circumstances> = fc.record({
    judgements: fc.oneof(
      fc.array(finding, { maxLength: 4 }),
      fc.array(
        finding.filter(({ verdict }) => verdict !== 'red' && verdict !== 'error'),
        { minLength: 1, maxLength: 3 }
      )
    ),
    integrity: fc.constantFrom([FINE], [FINE], [], [{ ...FINE, ok: false }]),
    due: fc.constantFrom(SENTINEL, FINAL, OVERDUE),
    hold: fc.constantFrom(undefined, undefined, {
      cause: 'warn' as const,
      reason: 'a warning',
      at: minute(0),
      by: 'github-actions[bot]'
    }),
    accepted: fc.array(
      finding.map(one => accepting(one)),
      { maxLength: 6 }
    ),
    frozen: fc.constantFrom(undefined, undefined, 'frozen'),
    blind: fc.constant({ maxMs: 1000, decision: 'hold' as const }),
    unseenMs: fc.constantFrom(0, 2000)
  })

  function always(claim: (c: Circumstances, made: ReturnType<typeof decide>) => void): void {
    fc.assert(
      fc.property(circumstances, c => claim(c, decide(c))),
      { numRuns: 3000 }
    )
  }

  test('promote means that every criterion passes, or that a person accepted just this code of it', () => {
    always(({ judgements, accepted, due, integrity, hold, frozen }, { decision, rule, reason }) => {
      if (decision !== 'promote') return
      expect(judgements.length).toBeGreaterThan(0)
      expect(due.final && integrity.every(({ ok }) => ok) && integrity.length > 0).toBe(true)
      expect(frozen).toBeUndefined()
      expect(hold === undefined || endsByItself(hold)).toBe(true)
      const open = judgements.filter(({ verdict }) => verdict !== 'pass')
      for (const { criterion, verdict, code } of open) {
        const named = accepted.filter(one => one.criterion === criterion && one.code === code)
        expect(named.map(one => one.verdict)).toContain(verdict)
        expect(['thin', 'some_errors']).toContain(code)
        expect(reason).toContain(`${criterion} is ${verdict} (${code}), which priya accepted`)
      }
      expect(rule).toBe(open.length === 0 ? 'all-pass' : 'accepted')
    })
  })

  test('an acceptance never changes a decision but from waiting to promote', () => {
    always((given, made) => {
      const without = decide({ ...given, accepted: [] })
      if (made.decision === without.decision && made.rule === without.rule) return
      expect(['final-warn', 'final-insufficient']).toContain(without.rule)
      const rules = given.integrity.length === 0 ? ['unproven'] : ['accepted']
      expect([...rules, 'final-insufficient']).toContain(made.rule)
    })
  })
})
