import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Circumstances, decide } from '../../src/rollout/decide.ts'
import { type Definition, metricsOf } from '../../src/rollout/definition.ts'
import type { HoldCause } from '../../src/rollout/events.ts'
import { judge, judgeBlind } from '../../src/rollout/judge.ts'
import { type DueLook, dueLook } from '../../src/rollout/schedule.ts'
import { currentPhase } from '../../src/rollout/state.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { held, judgement, live, look, minute, START, started, stateAfter } from './ledger-story.ts'
import { readingOf } from './reading.ts'
import { example, phase } from './worked-example.ts'

const HOUR = 3_600_000

/** The kinds of look there are. */
const SENTINEL: DueLook = {
  checkpoints: [],
  final: false,
  extensionOver: false,
  dueMs: undefined,
  lateMs: 0
}
const CHECKPOINT: DueLook = {
  ...SENTINEL,
  checkpoints: [{ name: 'T+6h', offsetMs: 6 * HOUR, dueMs: START + 6 * HOUR }],
  dueMs: START + 6 * HOUR
}
const FINAL: DueLook = { ...CHECKPOINT, final: true }
const OVERDUE: DueLook = { ...SENTINEL, final: true, extensionOver: true }

const FINE = { code: 'flags', ok: true, message: 'flags are as set' }
const DRIFTED = { code: 'flag_drift', ok: false, message: 'FEATURE is "true"' }

const CALM: Circumstances = {
  judgements: [judgement('pass')],
  integrity: [FINE],
  due: SENTINEL,
  hold: undefined,
  accepted: [],
  frozen: undefined,
  blind: { maxMs: 6 * HOUR, decision: 'hold' },
  unseenMs: HOUR
}

function saying(...verdicts: readonly Verdict[]) {
  return { judgements: verdicts.map((verdict, i) => judgement(verdict, `c${i + 1}`)) }
}

function heldBy(cause: HoldCause) {
  return { hold: { cause, reason: `held by ${cause}`, at: minute(0), by: 'priya' } }
}

function decided(...changes: readonly Partial<Circumstances>[]): string {
  const { decision, rule, cause } = decide(Object.assign({}, CALM, ...changes))
  return [decision, rule, ...(cause === undefined ? [] : [cause])].join(' ')
}

const TOO_LONG = { unseenMs: 6 * HOUR + 1 }
const BLIND_ROLLS_BACK = { blind: { maxMs: 6 * HOUR, decision: 'rollback' } } as const
const ADRIFT = { integrity: [FINE, DRIFTED] }
const FROZEN = { frozen: 'the shop is closed for stocktaking' }

describe('the precedence, from the rule that outranks all others', () => {
  test.each<[string, readonly Partial<Circumstances>[], string]>([
    ['one red among passes', [saying('pass', 'red', 'pass')], 'rollback any-red'],
    ['red beside an error', [saying('error', 'red')], 'rollback any-red'],
    ['red while held', [saying('red'), heldBy('person')], 'rollback any-red'],
    ['red while frozen', [saying('red'), FROZEN], 'rollback any-red'],
    ['red while blind too long', [saying('red', 'error'), TOO_LONG], 'rollback any-red'],
    ['red in a drifted world', [saying('red'), ADRIFT], 'rollback any-red'],
    ['red at the end of the soak', [saying('red', 'warn'), { due: FINAL }], 'rollback any-red'],
    [
      'red against everything',
      [saying('red', 'error'), heldBy('warn'), FROZEN, ADRIFT, TOO_LONG],
      'rollback any-red'
    ],

    ['blind too long', [saying('error'), TOO_LONG], 'hold blind blind'],
    [
      'blind too long, at a checkpoint',
      [saying('error'), TOO_LONG, { due: FINAL }],
      'hold blind blind'
    ],
    ['blind too long in one criterion', [saying('pass', 'error'), TOO_LONG], 'hold blind blind'],
    ['blind too long in a drifted world', [saying('error'), TOO_LONG, ADRIFT], 'hold blind blind'],
    [
      'blind too long while held',
      [saying('error'), TOO_LONG, heldBy('person')],
      'hold blind blind'
    ],
    [
      'blind too long, where that rolls back',
      [saying('error'), TOO_LONG, BLIND_ROLLS_BACK],
      'rollback blind'
    ],
    [
      'blind exactly as long as allowed',
      [saying('error'), { unseenMs: 6 * HOUR }],
      'continue any-error'
    ],
    [
      'unseen for long, and seen again',
      [saying('pass'), TOO_LONG, BLIND_ROLLS_BACK],
      'continue soaking'
    ],
    [
      'blind since nobody knows when',
      [saying('error'), { unseenMs: Number.NaN }],
      'hold blind blind'
    ],

    ['a drifted world', [ADRIFT], 'hold integrity integrity'],
    [
      'a drifted world at a sentinel with an error',
      [ADRIFT, saying('error')],
      'hold integrity integrity'
    ],
    ['a drifted world while held', [ADRIFT, heldBy('person')], 'hold integrity integrity'],
    ['a drifted world while frozen', [ADRIFT, FROZEN], 'hold integrity integrity'],
    ['a drifted world at the end', [ADRIFT, { due: FINAL }], 'hold integrity integrity'],

    [
      'an error at a checkpoint',
      [saying('pass', 'error'), { due: CHECKPOINT }],
      'hold any-error error'
    ],
    ['an error at the end of the soak', [saying('error'), { due: FINAL }], 'hold any-error error'],
    ['an error in the extension', [saying('error'), { due: OVERDUE }], 'hold any-error error'],
    ['an error at a sentinel', [saying('error')], 'continue any-error'],
    [
      'an error at a checkpoint while held',
      [saying('error'), { due: CHECKPOINT }, heldBy('person')],
      'hold any-error error'
    ],

    ['held by a person', [heldBy('person')], 'hold held person'],
    ['held by a person and frozen', [heldBy('person'), FROZEN], 'hold held person'],
    ['held by a person at the end', [heldBy('person'), { due: FINAL }], 'hold held person'],
    ['held for a warning that is gone', [heldBy('warn'), { due: OVERDUE }], 'hold held warn'],
    [
      'held for evidence that came late',
      [heldBy('insufficient'), { due: OVERDUE }],
      'hold held insufficient'
    ],
    ['frozen', [FROZEN], 'hold frozen frozen'],
    ['frozen at the end of the soak', [FROZEN, { due: FINAL }], 'hold frozen frozen'],
    [
      'frozen with a warning at the end',
      [FROZEN, saying('warn'), { due: FINAL }],
      'hold frozen frozen'
    ],

    ['a warning at the end', [saying('pass', 'warn'), { due: FINAL }], 'hold final-warn warn'],
    [
      'a warning and too little at the end',
      [saying('insufficient', 'warn'), { due: FINAL }],
      'hold final-warn warn'
    ],
    [
      'too little at the end',
      [saying('pass', 'insufficient'), { due: FINAL }],
      'continue final-insufficient'
    ],
    [
      'too little at the end of the extension',
      [saying('insufficient'), { due: OVERDUE }],
      'hold final-insufficient insufficient'
    ],
    ['passes at the end', [saying('pass', 'pass'), { due: FINAL }], 'promote all-pass'],
    ['passes in the extension', [saying('pass'), { due: OVERDUE }], 'promote all-pass'],

    ['passes before the end', [saying('pass'), { due: CHECKPOINT }], 'continue soaking'],
    ['a warning before the end', [saying('warn'), { due: CHECKPOINT }], 'continue soaking'],
    ['too little before the end', [saying('insufficient')], 'continue soaking'],
    ['nothing judged before the end', [saying()], 'continue soaking']
  ])('%s', (_, changes, expected) => {
    expect(decided(...changes)).toBe(expected)
  })
})

describe('a hold', () => {
  test.each<HoldCause>(['frozen', 'error', 'integrity', 'blind'])('by %s ends by itself', cause => {
    expect(decided(heldBy(cause))).toBe('continue soaking')
    expect(decided(heldBy(cause), { due: FINAL })).toBe('promote all-pass')
  })

  test.each<HoldCause>(['person', 'warn', 'insufficient'])('by %s waits for a person', cause => {
    expect(decided(heldBy(cause))).toBe(`hold held ${cause}`)
    expect(decided(heldBy(cause), { due: OVERDUE })).toBe(`hold held ${cause}`)
    expect(decide({ ...CALM, ...heldBy(cause) }).reason).toBe(`held by ${cause}`)
  })

  const soaking = [started(), ...live('staging-full')]

  test.each<[string, HoldCause]>([
    ['the doubt of a person', 'person'],
    ['a warning at the end', 'warn'],
    ['too little evidence at the end', 'insufficient']
  ])('for %s is not forgotten over a database that was away', (_, cause) => {
    const doubt = cause === 'person' ? held() : look('staging-full', 'hold', { cause })
    for (const away of [
      look('staging-full', 'continue', { verdicts: ['error'] }),
      look('staging-full', 'hold', { verdicts: ['error'], cause: 'error' }),
      look('staging-full', 'hold', { verdicts: ['error'], cause: 'blind' }),
      look('staging-full', 'hold', { integrity: [DRIFTED], cause: 'integrity' })
    ]) {
      const { hold } = stateAfter(...soaking, doubt, away)
      expect(decided({ hold, due: OVERDUE })).toBe(`hold held ${cause}`)
    }
  })
})

describe('the reason', () => {
  test.each<[string, readonly Partial<Circumstances>[], string]>([
    ['is what the red criteria say', [saying('red', 'pass', 'red')], 'c1: says red; c3: says red'],
    [
      'is said once',
      [{ judgements: [judgement('red'), judgement('red')] }],
      'success-rate: says red'
    ],
    [
      'says how long nobody could look',
      [saying('error'), { unseenMs: 7 * HOUR }],
      'nobody could look for 7h (allowed: 6h): c1: says error'
    ],
    [
      'says what drifted',
      [{ integrity: [DRIFTED, FINE, { ...DRIFTED, message: 'the clocks are 2h apart' }] }],
      'FEATURE is "true"; the clocks are 2h apart'
    ],
    [
      'says that the next look tries again',
      [saying('error')],
      'the next look tries again: c1: says error'
    ],
    ['says why it is frozen', [FROZEN], 'the shop is closed for stocktaking'],
    [
      'says what is short at the end',
      [saying('pass', 'insufficient'), { due: FINAL }],
      'the soak is extended: c2: says insufficient'
    ],
    [
      'says what was proven',
      [saying('pass', 'pass'), { due: FINAL }],
      'every criterion passes: c1: says pass; c2: says pass'
    ],
    ['says what is still open', [saying('pass', 'warn')], 'c2: says warn'],
    ['says that nothing is open', [saying('pass')], 'every criterion passes so far']
  ])('%s', (_, changes, reason) => {
    expect(decide(Object.assign({}, CALM, ...changes)).reason).toBe(reason)
  })
})

describe('a phase is never promoted', () => {
  const soaked = { ...phase('staging-full'), soakMs: HOUR, extendMs: 0, checkpointsMs: [0, HOUR] }
  const due = dueLook(soaked, currentPhaseOf(), START + 100 * HOUR)
  const frame = { horizonMs: HOUR, checkpointMs: undefined }

  test('a phase is never promoted by absence of data', () => {
    const empty = { kind: 'answered', rows: [] } as const
    for (const [set, criteria] of Object.entries(example.criteria)) {
      const answers = Object.fromEntries(metricsOf(criteria).map(metric => [metric, empty]))
      const judgements = judge(criteria, readingOf(60, answers), frame)
      expect([set, decided({ judgements, due })]).toEqual([
        set,
        'hold final-insufficient insufficient'
      ])
      expect(judge(criteria, readingOf(60, {}), frame).map(({ verdict }) => verdict)).toEqual(
        criteria.map(() => 'error')
      )
    }
  })

  test('a phase is never promoted by an unreachable database', () => {
    const away = { code: 'unreachable', message: 'connection refused' }
    for (const criteria of Object.values(example.criteria)) {
      const judgements = judgeBlind(criteria, away)
      expect(decided({ judgements, due })).toBe('hold any-error error')
      expect(decided({ judgements, due }, TOO_LONG)).toBe('hold blind blind')
      expect(decided({ judgements, due }, heldBy('error'))).toBe('hold any-error error')
    }
  })

  test('a phase is never promoted by an empty definition', () => {
    const empty: Definition = { ...example, criteria: {} }
    const criteria = empty.criteria['full'] ?? []
    const judgements = judge(criteria, readingOf(60, {}), frame)
    expect(decided({ judgements, due })).toBe('hold unproven error')
    expect(decided({ judgements: judgeBlind(criteria, { code: '', message: '' }), due })).toBe(
      'hold unproven error'
    )
  })

  function currentPhaseOf() {
    const state = currentPhase(stateAfter(started(), ...live('staging-full')))
    if (state === undefined) throw new Error('the story has a phase')
    return state
  }
})

describe('whatever the circumstances', () => {
  const verdict = fc.constantFrom<Verdict>('pass', 'warn', 'red', 'insufficient', 'error')
  const anyCause = fc.constantFrom<HoldCause>(
    'person',
    'frozen',
    'error',
    'integrity',
    'blind',
    'warn',
    'insufficient'
  )
  const circumstances: fc.Arbitrary<Circumstances> = fc.record({
    judgements: fc
      .oneof(
        fc.array(verdict, { maxLength: 4 }),
        fc.array(fc.constant<Verdict>('pass'), { maxLength: 3 })
      )
      .map(verdicts => saying(...verdicts).judgements),
    integrity: fc.oneof(
      fc.constant([FINE]),
      fc.array(fc.constantFrom(FINE, DRIFTED), { maxLength: 3 })
    ),
    due: fc.constantFrom(SENTINEL, CHECKPOINT, FINAL, OVERDUE),
    hold: fc
      .option(anyCause, { nil: undefined, freq: 1 })
      .map(cause => cause && heldBy(cause).hold),
    accepted: fc.constant([]),
    frozen: fc.constantFrom(undefined, undefined, 'frozen'),
    blind: fc.record({
      maxMs: fc.constant(6 * HOUR),
      decision: fc.constantFrom('hold', 'rollback')
    }),
    unseenMs: fc.oneof(fc.constantFrom(0, 6 * HOUR, 6 * HOUR + 1, Number.NaN), fc.nat())
  })

  function always(claim: (c: Circumstances, made: ReturnType<typeof decide>) => void): void {
    fc.assert(
      fc.property(circumstances, c => claim(c, decide(c))),
      { numRuns: 2000 }
    )
  }

  test('there is exactly one decision, by one rule, with a reason, and the same one every time', () => {
    always((c, made) => {
      expect(['rollback', 'hold', 'continue', 'promote']).toContain(made.decision)
      expect(made.rule).not.toBe('')
      expect(typeof made.reason).toBe('string')
      expect(made.cause !== undefined).toBe(made.decision === 'hold')
      expect(decide(structuredClone(c))).toEqual(made)
    })
  })

  test('promote means at least one judgement, nothing but passes, the end of the soak and no doubt', () => {
    always(({ judgements, integrity, due, hold, frozen }, { decision }) => {
      if (decision !== 'promote') return
      expect(judgements.length).toBeGreaterThan(0)
      expect(judgements.every(j => j.verdict === 'pass')).toBe(true)
      expect(due.final).toBe(true)
      expect(integrity.every(({ ok }) => ok)).toBe(true)
      expect(frozen).toBeUndefined()
      expect(['person', 'warn', 'insufficient']).not.toContain(hold?.cause)
    })
  })

  test('red rolls back', () => {
    always(({ judgements }, { decision }) => {
      if (judgements.some(j => j.verdict === 'red')) expect(decision).toBe('rollback')
    })
  })

  test('nothing rolls back but red, and blindness where the definition says so', () => {
    always(({ judgements, blind }, { decision, rule }) => {
      if (decision !== 'rollback' || judgements.some(j => j.verdict === 'red')) return
      expect(rule).toBe('blind')
      expect(blind.decision).toBe('rollback')
      expect(judgements.some(j => j.verdict === 'error')).toBe(true)
    })
  })

  test('a sentinel never moves a rollout forward', () => {
    always((c, { decision }) => {
      if (!c.due.final) expect(decision).not.toBe('promote')
    })
  })

  test('nothing is promoted in a world that was not looked at', () => {
    always((c, { decision }) => {
      if (c.integrity.length === 0) expect(decision).not.toBe('promote')
    })
  })

  test('making one verdict worse never makes the decision better', () => {
    const RANK = { promote: 0, continue: 1, hold: 2, rollback: 3 }
    const worse: Readonly<Record<Verdict, readonly Verdict[]>> = {
      pass: ['insufficient', 'warn', 'error', 'red'],
      insufficient: ['red'],
      warn: ['red'],
      error: ['red'],
      red: []
    }
    always(drawn => {
      // A world that was not looked at is not graded: it holds at the end, whatever the verdicts.
      const c = drawn.integrity.length === 0 ? { ...drawn, integrity: [FINE] } : drawn
      const { decision } = decide(c)
      const worsened = c.judgements.flatMap(({ verdict }, i) =>
        worse[verdict].map(after => ({ i, after }))
      )
      for (const { i, after } of worsened) {
        const judgements = c.judgements.map((j, k) => (k === i ? judgement(after) : j))
        // An error at a sentinel lets even a hold be: the next look tries again.
        if (after === 'error' && decision === 'hold') continue
        expect(RANK[decide({ ...c, judgements }).decision]).toBeGreaterThanOrEqual(RANK[decision])
      }
    })
  })
})
