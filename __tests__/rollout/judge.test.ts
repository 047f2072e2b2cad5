import { describe, expect, test } from '@jest/globals'
import type {
  Criterion,
  ProportionCriterion,
  SustainedCriterion,
  ZeroToleranceCriterion
} from '../../src/rollout/definition.ts'
import type { Judgement } from '../../src/rollout/events.ts'
import { ledgerEvent } from '../../src/rollout/events.ts'
import { type JudgingFrame, judge, judgeBlind, showFigures } from '../../src/rollout/judge.ts'
import type { Answer, SeriesRow } from '../../src/rollout/ports.ts'
import { look, told } from './ledger-story.ts'
import { answered, count, humming, readingOf, share, unansweredBy } from './reading.ts'
import { example } from './worked-example.ts'

const HOUR = 60
const CONTROL = { metric: 'telemetry', slotMs: 3_600_000 }

const RATE: ProportionCriterion = {
  kind: 'proportion',
  name: 'success-rate',
  metric: 'outcomes',
  pass: { operator: '>=', percent: 97 },
  warn: undefined,
  red: { operator: '<', percent: 90 },
  strictMinN: 50
}

const QUIET: ZeroToleranceCriterion = {
  kind: 'zero-tolerance',
  name: 'circuit-open',
  metric: 'circuit-open',
  control: CONTROL
}

const ERRORS: SustainedCriterion = {
  kind: 'sustained',
  name: 'errors',
  metric: 'errors',
  bucketMs: 300_000,
  run: 3,
  of: [4, 12],
  healMs: 21_600_000,
  healed: 'red',
  control: CONTROL
}

const FRAME: JudgingFrame = { horizonMs: 96 * 3_600_000, checkpointMs: undefined }

function judged(
  criterion: Criterion,
  minutes: number,
  answers: Readonly<Record<string, Answer>>,
  frame = FRAME
): Judgement {
  const [judgement, ...others] = judge([criterion], readingOf(minutes, answers), frame)
  expect(others).toEqual([])
  if (judgement === undefined) throw new Error('every criterion has a judgement')
  return judgement
}

describe('every criterion has exactly one judgement', () => {
  const full = example.criteria['full'] ?? []

  test('in the order of the definition, by its name and metric', () => {
    const names = judge(full, readingOf(HOUR, {}), FRAME).map(j => [j.criterion, j.metric])
    expect(names).toEqual([
      ['success-rate', 'outcomes'],
      ['manual-review', 'manual-review'],
      ['errors', 'errors'],
      ['circuit-open', 'circuit-open'],
      ['state-machine', 'transitions'],
      ['customers', 'reported/customer-report']
    ])
  })

  test('and nothing is skipped: what was not answered at all is an error', () => {
    expect(
      judge(full, readingOf(HOUR, {}), FRAME).map(({ verdict, code }) => [verdict, code])
    ).toEqual(full.map(() => ['error', 'not_asked']))
  })

  test('that keeps what verdict/ found and fits into the ledger', () => {
    const judgements = judge(full, readingOf(HOUR, { outcomes: answered(share(0, 9, 10)) }), FRAME)
    expect(judgements[0]?.finding).toMatchObject({ kind: 'proportion', good: 9, all: 10 })
    const [event] = told({ ...look('staging-full', 'continue'), judgements: [...judgements] })
    expect(ledgerEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })

  test('also when nobody could look', () => {
    const blind = judgeBlind(full, { code: 'unreachable', message: 'connection refused' })
    expect(blind).toHaveLength(full.length)
    for (const judgement of blind) {
      expect(judgement).toMatchObject({
        verdict: 'error',
        code: 'unreachable',
        message: 'connection refused',
        finding: { kind: 'unanswered' }
      })
    }
  })
})

describe.each<[string, Criterion]>([
  ['a proportion', RATE],
  ['zero tolerance', QUIET],
  ['sustained errors', ERRORS]
])('%s', (_, criterion) => {
  test('whose metric was not answered is an error that says why', () => {
    const answers = { [criterion.metric]: unansweredBy('timeout', 'took longer than 15 s') }
    expect(judged(criterion, HOUR, { ...answers, telemetry: humming(HOUR) })).toMatchObject({
      verdict: 'error',
      code: 'timeout',
      message: `${criterion.metric}: took longer than 15 s`,
      finding: { kind: 'unanswered' }
    })
  })

  test('whose metric the reader forgot is an error', () => {
    expect(judged(criterion, HOUR, { telemetry: humming(HOUR) })).toMatchObject({
      verdict: 'error',
      code: 'not_asked'
    })
  })

  test('that saw no row is insufficient or, with its control alive, a pass', () => {
    const nothing = { [criterion.metric]: answered() }
    expect(judged(criterion, 2 * HOUR, { ...nothing, telemetry: answered() }).verdict).toBe(
      'insufficient'
    )
    expect(judged(criterion, 2 * HOUR, { ...nothing, telemetry: humming(2 * HOUR) }).verdict).toBe(
      criterion.kind === 'proportion' ? 'insufficient' : 'pass'
    )
  })

  test.each([
    ['a bucket before the phase began', count(-1, 1)],
    ['a bucket after the window', count(5 * HOUR, 1)],
    ['a bucket that is no instant', { bucket: 'soon', hits: 1, total: 1 }],
    ['half an event', { ...share(0, 0.5, 1) }],
    ['fewer than no events', { ...share(0, -1, 1) }],
    ['a number that is none', { ...share(0, Number.NaN, 1) }]
  ])('that is given %s never passes', (_case, row) => {
    const answers = {
      [criterion.metric]: answered({ total: 1, ...row }),
      telemetry: humming(2 * HOUR)
    }
    expect(['error', 'red', 'insufficient']).toContain(judged(criterion, 2 * HOUR, answers).verdict)
  })
})

describe('a proportion', () => {
  function rate(minutes: number, ...rows: readonly SeriesRow[]): Judgement {
    return judged(RATE, minutes, { outcomes: answered(...rows) })
  }

  test('adds up all hours since the phase began', () => {
    const judgement = rate(3 * HOUR, share(0, 50, 50), share(HOUR, 49, 50), share(2 * HOUR, 50, 50))
    expect(judgement).toMatchObject({ verdict: 'pass', finding: { good: 149, all: 150 } })
  })

  test('puts each bucket into its hour, so that a break is dated', () => {
    const healthy = Array.from({ length: 5 }, (_, hour) => share(hour * HOUR, 10, 10))
    expect(rate(6 * HOUR, ...healthy, share(5 * HOUR, 0, 10))).toMatchObject({
      verdict: 'red',
      finding: { segment: { component: 'L2', start: 5 } }
    })
  })

  test('takes a bucket that is finer than an hour into the hour it lies in', () => {
    const judgement = rate(2 * HOUR, share(0, 200, 200), share(65, 0, 5), share(119, 0, 5))
    expect(judgement.finding).toMatchObject({ all: 210, segment: { start: 1, all: 10 } })
  })

  test('accepts the last hour up to the end of the window, and no row beyond it', () => {
    expect(rate(HOUR, share(0, 9, 10)).code).not.toBe('bad-counts')
    expect(rate(HOUR, share(HOUR, 9, 10)).code).toBe('bad-counts')
    expect(rate(HOUR + 1, share(HOUR, 9, 10)).code).not.toBe('bad-counts')
  })

  test('without a total is an error', () => {
    expect(rate(HOUR, count(0, 5))).toMatchObject({ verdict: 'error', code: 'bad-counts' })
  })

  test('in an empty window is insufficient', () => {
    expect(rate(0)).toMatchObject({ verdict: 'insufficient', code: 'no-data' })
  })

  const HISTORY = [share(0, 400, 400), share(6 * HOUR, 28, 30)]

  test.each<[string, number | undefined, string]>([
    ['before the first checkpoint no tail is judged', undefined, 'pass'],
    ['since the last checkpoint is judged as a tail', 6 * HOUR, 'warn'],
    ['a checkpoint within an hour begins with that hour', 6 * HOUR + 59, 'warn'],
    ['a checkpoint long ago has a tail that is fine', 0, 'pass'],
    ['a checkpoint beyond the window is the last hour', 30 * HOUR, 'warn']
  ])('%s', (_, checkpoint, verdict) => {
    const frame = {
      ...FRAME,
      checkpointMs: checkpoint === undefined ? undefined : checkpoint * 60_000
    }
    const answers = { outcomes: answered(...HISTORY) }
    expect(judged(RATE, 7 * HOUR, answers, frame).verdict).toBe(verdict)
  })

  test('is weighed over the longest that the phase can last', () => {
    const rows = answered(share(0, 8, 10))
    const logE = (hours: number): unknown =>
      judged(RATE, HOUR, { outcomes: rows }, { ...FRAME, horizonMs: hours * 3_600_000 }).finding[
        'logE'
      ]
    expect(Number(logE(48))).not.toBe(Number(logE(96)))
    expect(logE(0.25)).toBe(logE(1))
  })

  test('counts bad units when its bound is a ceiling', () => {
    const manual: ProportionCriterion = {
      ...RATE,
      pass: { operator: '<', percent: 1 },
      warn: { operator: '<=', percent: 5 },
      red: { operator: '>', percent: 5 }
    }
    const judgement = judged(manual, HOUR, { outcomes: answered(share(0, 20, 100)) })
    expect(judgement).toMatchObject({ verdict: 'red', finding: { good: 80, all: 100, hits: 20 } })
  })
})

describe('a figure that is only shown', () => {
  const shown = { 'runbook-figure': 'as the runbook counts' }

  test('adds up the share since the phase began', () => {
    const reading = readingOf(2 * HOUR, {
      'runbook-figure': answered(share(0, 5, 6), share(HOUR, 4, 4))
    })
    expect(showFigures(shown, reading)).toEqual([
      { metric: 'runbook-figure', label: 'as the runbook counts', hits: 9, total: 10 }
    ])
  })

  test.each<[string, Readonly<Record<string, Answer>>]>([
    ['was not asked', {}],
    ['was not answered', { 'runbook-figure': unansweredBy('timeout', 'slow') }],
    ['has no row', { 'runbook-figure': answered() }],
    ['has nothing to count', { 'runbook-figure': answered(share(0, 0, 0)) }]
  ])('is left out when it %s', (_, answers) => {
    expect(showFigures(shown, readingOf(HOUR, answers))).toEqual([])
  })
})

describe('zero tolerance', () => {
  function quiet(events: Answer, telemetry: Answer): readonly [string, string] {
    const { verdict, code } = judged(QUIET, 2 * HOUR, { 'circuit-open': events, telemetry })
    return [verdict, code]
  }

  test.each<[string, Answer, Answer, string, string]>([
    ['silence with the control alive passes', answered(), humming(2 * HOUR), 'pass', 'none_seen'],
    [
      'rows of zero are silence',
      answered(count(0, 0), count(HOUR, 0)),
      humming(2 * HOUR),
      'pass',
      'none_seen'
    ],
    [
      'one event is red',
      answered(count(0, 0), count(HOUR, 1)),
      humming(2 * HOUR),
      'red',
      'event_seen'
    ],
    [
      'one event is red with a dead control',
      answered(count(0, 1)),
      answered(),
      'red',
      'event_seen'
    ],
    [
      'one event is red with an unanswered control',
      answered(count(0, 1)),
      unansweredBy('timeout', 'slow'),
      'red',
      'event_seen'
    ],
    [
      'silence with a dead control proves nothing',
      answered(),
      answered(),
      'insufficient',
      'control_dead'
    ],
    [
      'silence with a control of zeros proves nothing',
      answered(),
      answered(count(0, 0), count(HOUR, 0)),
      'insufficient',
      'control_dead'
    ],
    [
      'silence with a gap in the control proves nothing',
      answered(),
      answered(count(HOUR, 9)),
      'insufficient',
      'control_dead'
    ],
    [
      'silence with an unanswered control is an error',
      answered(),
      unansweredBy('timeout', 'slow'),
      'error',
      'timeout'
    ]
  ])('%s', (_, events, telemetry, verdict, code) => {
    expect(quiet(events, telemetry)).toEqual([verdict, code])
  })

  test('says that it was the control that was not answered', () => {
    const answers = { 'circuit-open': answered(), telemetry: unansweredBy('timeout', 'slow') }
    expect(judged(QUIET, HOUR, answers).message).toBe('control telemetry: slow')
    expect(judged(QUIET, HOUR, { 'circuit-open': answered() }).message).toContain(
      'control telemetry:'
    )
  })

  test('believes a control whose newest event is fresh, not one that fell silent', () => {
    const long = 40 * HOUR
    const until = (hours: number): Answer =>
      answered(
        ...Array.from({ length: hours }, (_, hour) => count(hour * HOUR, 1, hour * HOUR + 59))
      )
    const verdictOf = (telemetry: Answer): string =>
      judged(QUIET, long, { 'circuit-open': answered(), telemetry }).verdict
    expect(verdictOf(until(40))).toBe('pass')
    expect(verdictOf(until(39))).toBe('pass')
    expect(verdictOf(until(38))).toBe('insufficient')
  })

  test('takes the bucket for the newest event of a control that does not tell it', () => {
    const telemetry = answered(count(0, 1), count(HOUR, 1))
    expect(
      judged(QUIET, 2 * HOUR, { 'circuit-open': answered(), telemetry }).finding
    ).toMatchObject({
      control: { alive: true, message: expect.stringContaining('its last 60 min old') }
    })
  })

  test('checks its control in slots of its own length', () => {
    const telemetry = answered(count(0, 1), count(2 * HOUR, 1))
    const answers = { 'circuit-open': answered(), telemetry }
    const coarse = { ...QUIET, control: { metric: 'telemetry', slotMs: 2 * 3_600_000 } }
    expect(judged(QUIET, 4 * HOUR, answers).verdict).toBe('insufficient')
    expect(judged(coarse, 4 * HOUR, answers).verdict).toBe('pass')
  })

  test('in the first minute believes any event of the control', () => {
    const first = { 'circuit-open': answered(), telemetry: answered(count(0, 1)) }
    expect(judged(QUIET, 1, first).verdict).toBe('pass')
    expect(judged(QUIET, 0, { ...first, telemetry: answered() }).verdict).toBe('insufficient')
  })
})

describe('sustained errors', () => {
  function errors(minutes: number, events: Answer, telemetry = humming(minutes)): Judgement {
    return judged(ERRORS, minutes, { errors: events, telemetry })
  }

  function at(...minutes: readonly number[]): Answer {
    return answered(...minutes.map(minute => count(minute, 1)))
  }

  test.each<[string, number, Answer, string, string]>([
    ['none is a pass', 60, at(), 'pass', 'none_seen'],
    ['two buckets in a row are a warning', 60, at(10, 15), 'warn', 'some_errors'],
    ['three buckets in a row are red', 60, at(10, 15, 20), 'red', 'sustained'],
    ['four of twelve buckets are red', 60, at(0, 15, 30, 45), 'red', 'sustained'],
    ['errors in one bucket are one bucket', 60, at(10, 11, 12, 13, 14), 'warn', 'some_errors'],
    ['a burst long ago is red even when it has healed', 600, at(10, 15, 20), 'red', 'healed']
  ])('%s', (_, minutes, events, verdict, code) => {
    expect(errors(minutes, events)).toMatchObject({ verdict, code })
  })

  test('that have healed warn where the definition says so', () => {
    const lenient: SustainedCriterion = { ...ERRORS, healed: 'warn' }
    const answers = { errors: at(10, 15, 20), telemetry: humming(600) }
    expect(judged(lenient, 600, answers).verdict).toBe('warn')
    expect(judged({ ...lenient, healMs: 12 * 3_600_000 }, 600, answers).verdict).toBe('red')
  })

  test('are counted in buckets of the length that the definition says', () => {
    const coarse: SustainedCriterion = { ...ERRORS, bucketMs: 600_000 }
    const answers = { errors: at(10, 15, 20), telemetry: humming(60) }
    expect(judged(coarse, 60, answers).verdict).toBe('warn')
  })

  test('that were seen need no control, silence does', () => {
    const away = unansweredBy('timeout', 'slow')
    expect(errors(60, at(10, 15, 20), away).verdict).toBe('red')
    expect(errors(60, at(10), away).verdict).toBe('warn')
    expect(errors(60, at(), away)).toMatchObject({
      verdict: 'error',
      code: 'timeout',
      message: 'control telemetry: slow'
    })
    expect(errors(60, at(), answered())).toMatchObject({ verdict: 'insufficient' })
  })
})
