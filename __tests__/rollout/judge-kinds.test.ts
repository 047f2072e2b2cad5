import { describe, expect, test } from '@jest/globals'
import type {
  Criterion,
  ProportionCriterion,
  ReportsCriterion,
  StateMachineCriterion,
  ValueCriterion
} from '../../src/rollout/definition.ts'
import type { Judgement } from '../../src/rollout/events.ts'
import { ledgerEvent } from '../../src/rollout/events.ts'
import { judge } from '../../src/rollout/judge.ts'
import type { Answer, SeriesRow } from '../../src/rollout/ports.ts'
import { look, told } from './ledger-story.ts'
import {
  after,
  answered,
  count,
  humming,
  measured,
  moved,
  readingOf,
  share,
  unansweredBy
} from './reading.ts'

const HOUR = 60
const HOUR_MS = 3_600_000
const CONTROL = { metric: 'telemetry', slotMs: HOUR_MS }

const RATE: ProportionCriterion = {
  kind: 'proportion',
  name: 'success-rate',
  metric: 'outcomes',
  pass: { operator: '>=', percent: 97 },
  warn: undefined,
  red: { operator: '<', percent: 90 },
  strictMinN: 50,
  control: CONTROL
}

const LATENCY: ValueCriterion = {
  kind: 'value',
  name: 'duration',
  metric: 'duration-p95',
  pass: { operator: '<=', value: 5000 },
  warn: { operator: '<=', value: 10_000 },
  red: { operator: '>', value: 20_000 },
  minSamples: 20,
  sustained: undefined
}

const SUSTAINED_LATENCY: ValueCriterion = {
  ...LATENCY,
  sustained: { bucketMs: HOUR_MS, run: 3, of: [4, 12], healMs: 6 * HOUR_MS, healed: 'warn' }
}

const MACHINE: StateMachineCriterion = {
  kind: 'state-machine',
  name: 'state-machine',
  metric: 'transitions',
  legal: { created: ['in_progress', 'failed'], in_progress: ['done'] },
  stuck: { state: 'in_progress', warnMs: 600_000, redMs: 1_800_000 },
  control: CONTROL
}

const CUSTOMERS: ReportsCriterion = {
  kind: 'reports',
  name: 'customers',
  metric: 'reported/customer-report',
  label: 'customer-report'
}

function judged(
  criterion: Criterion,
  minutes: number,
  answers: Readonly<Record<string, Answer>>
): Judgement {
  const frame = { horizonMs: 96 * HOUR_MS, checkpointMs: undefined }
  const [judgement, ...others] = judge([criterion], readingOf(minutes, answers), frame)
  expect(others).toEqual([])
  if (judgement === undefined) throw new Error('every criterion has a judgement')
  return judgement
}

const KINDS: readonly [string, Criterion, string][] = [
  ['a value', LATENCY, 'insufficient'],
  ['a state machine', MACHINE, 'pass'],
  ['reports of customers', CUSTOMERS, 'pass']
]

describe.each(KINDS)('%s', (_, criterion, ofSilence) => {
  test('whose metric was not answered is an error that says why', () => {
    const answers = { [criterion.metric]: unansweredBy('timeout', 'took longer than 15 s') }
    expect(judged(criterion, HOUR, { ...answers, telemetry: humming(HOUR) })).toMatchObject({
      verdict: 'error',
      code: 'timeout',
      message: `${criterion.metric}: took longer than 15 s`
    })
  })

  test('whose metric the reader forgot is an error', () => {
    expect(judged(criterion, HOUR, { telemetry: humming(HOUR) }).code).toBe('not_asked')
  })

  test(`that saw no row is ${ofSilence}`, () => {
    const answers = { [criterion.metric]: answered(), telemetry: humming(2 * HOUR) }
    expect(judged(criterion, 2 * HOUR, answers).verdict).toBe(ofSilence)
  })

  test.each<[string, SeriesRow]>([
    ['half an event', measured(0, 0.5, 0.5)],
    ['fewer than no events', measured(0, -1, -1)],
    ['a number that is none', measured(0, Number.NaN, Number.NaN)],
    ['a bucket before the phase began', measured(-1, 1, 20)],
    ['a bucket after the window', measured(5 * HOUR, 1, 20)],
    ['a bucket that is no instant', { ...measured(0, 1, 20), bucket: 'soon' }]
  ])('that is given %s never passes', (_case, row) => {
    const machine = { ...row, from: 'created', to: 'failed', waiting: 0 }
    const given = criterion.kind === 'state-machine' ? machine : row
    const whole = { hits: 1, total: 1000 }
    const answer: Answer = { kind: 'answered', rows: [given], whole }
    const answers = { [criterion.metric]: answer, telemetry: humming(2 * HOUR) }
    expect(['error', 'red']).toContain(judged(criterion, 2 * HOUR, answers).verdict)
  })

  test('is recorded in the ledger as it was found', () => {
    const answers = { [criterion.metric]: answered(), telemetry: humming(HOUR) }
    const judgements = [judged(criterion, HOUR, answers)]
    const [event] = told({ ...look('staging-full', 'continue'), judgements })
    expect(ledgerEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })
})

describe('a share without units', () => {
  function empty(telemetry: Answer, ...rows: readonly SeriesRow[]): Judgement {
    return judged(RATE, 2 * HOUR, { outcomes: answered(...rows), telemetry })
  }

  test('is quiet while its control is alive', () => {
    expect(empty(humming(2 * HOUR))).toMatchObject({
      verdict: 'insufficient',
      code: 'no-data',
      message:
        'no units yet, quiet: the control has events in 2 of 2 slots, its last 1 min old; needs at least 40 more good units to pass',
      finding: { control: { alive: true } }
    })
  })

  test('may be dead telemetry when its control is dead too', () => {
    expect(empty(answered())).toMatchObject({
      verdict: 'insufficient',
      code: 'control_dead',
      message: expect.stringMatching(/^no units yet, and telemetry may be dead: the control /u)
    })
    expect(empty(answered(), share(0, 0, 0)).code).toBe('control_dead')
  })

  test('is an error when its control was not answered', () => {
    expect(empty(unansweredBy('timeout', 'slow'))).toMatchObject({
      verdict: 'error',
      code: 'timeout',
      message: 'control telemetry: slow'
    })
  })

  test('needs no control as soon as one unit has come', () => {
    for (const telemetry of [answered(), unansweredBy('timeout', 'slow')]) {
      expect(empty(telemetry, share(0, 1, 1)).code).toBe('thin')
      expect(empty(telemetry, share(0, 0, 3)).verdict).toBe('red')
      expect(empty(telemetry, share(0, 2, 1)).code).toBe('bad-counts')
    }
  })
})

describe('a value', () => {
  function latency(
    criterion: ValueCriterion,
    whole: readonly [value: number, samples: number] | undefined,
    ...rows: readonly SeriesRow[]
  ): readonly [string, string] {
    const answer: Answer = {
      kind: 'answered',
      rows,
      ...(whole === undefined ? {} : { whole: { hits: whole[0], total: whole[1] } })
    }
    const { verdict, code } = judged(criterion, 24 * HOUR, { 'duration-p95': answer })
    return [verdict, code]
  }

  test.each<[number, number, string, string]>([
    [5000, 20, 'pass', 'within_pass'],
    [5001, 20, 'warn', 'short_of_pass'],
    [20_001, 20, 'red', 'beyond_red'],
    [5000, 19, 'insufficient', 'thin']
  ])('of %d from %d samples in the whole phase is %s, %s', (value, samples, verdict, code) => {
    expect(latency(LATENCY, [value, samples])).toEqual([verdict, code])
  })

  test('is judged by the number of the whole phase, which its buckets do not add up to', () => {
    const rows = [measured(0, 100, 50), measured(HOUR, 200, 50)]
    expect(latency(LATENCY, [6000, 100], ...rows)).toEqual(['warn', 'short_of_pass'])
    expect(latency(LATENCY, undefined, ...rows)).toEqual(['error', 'bad-counts'])
  })

  test('in buckets without samples is an error', () => {
    expect(latency(LATENCY, [100, 100], count(0, 100))).toEqual(['error', 'bad-counts'])
  })

  test('beyond red in one hour is a warning', () => {
    const rows = [measured(0, 100, 80), measured(HOUR, 30_000, 20)]
    expect(latency(LATENCY, [4000, 100], ...rows)).toEqual(['warn', 'bucket_beyond_red'])
  })

  test('beyond red in three hours in a row is red, and as it is written once healed', () => {
    const from = (hour: number): readonly SeriesRow[] =>
      [0, 1, 2].map(next => measured((hour + next) * HOUR, 30_000, 20))
    expect(latency(SUSTAINED_LATENCY, [4000, 100], ...from(21))).toEqual(['red', 'sustained'])
    expect(latency(SUSTAINED_LATENCY, [4000, 100], ...from(2))).toEqual(['warn', 'healed'])
    expect(latency(LATENCY, [4000, 100], ...from(21))).toEqual(['warn', 'bucket_beyond_red'])
  })
})

describe('a state machine', () => {
  function machine(rows: readonly SeriesRow[], telemetry = humming(2 * HOUR)): Judgement {
    return judged(MACHINE, 2 * HOUR, { transitions: answered(...rows), telemetry })
  }

  function waits(sinceMinute: number): SeriesRow {
    return { ...moved(0, 'created', 'in_progress'), waiting: 1, oldest: after(sinceMinute) }
  }

  test.each<[string, readonly SeriesRow[], string, string]>([
    ['legal transitions', [moved(0, 'created', 'failed', 9)], 'pass', 'none_seen'],
    ['an illegal one', [moved(HOUR, 'failed', 'created')], 'red', 'illegal_transition'],
    ['a unit that waits for ten minutes', [waits(110)], 'pass', 'none_seen'],
    ['a unit that waits for eleven', [waits(109)], 'warn', 'slow'],
    ['a unit that waits for thirty', [waits(90)], 'warn', 'slow'],
    ['a unit that waits for longer', [waits(89)], 'red', 'stuck'],
    ['a row without states', [count(0, 1)], 'error', 'bad-counts'],
    ['somebody who waits since nobody knows when', [noAge()], 'error', 'bad-counts']
  ])('with %s', (_, rows, verdict, code) => {
    expect(machine(rows)).toMatchObject({ verdict, code })
  })

  test('that may wait for ever', () => {
    const { stuck: _, ...patient } = MACHINE
    const answers = { transitions: answered(waits(0)), telemetry: humming(2 * HOUR) }
    expect(judged({ ...patient, stuck: undefined }, 2 * HOUR, answers).verdict).toBe('pass')
  })

  test('whose silence is believed only beside a control that is alive', () => {
    expect(machine([], answered()).code).toBe('control_dead')
    expect(machine([], unansweredBy('timeout', 'slow'))).toMatchObject({
      verdict: 'error',
      message: 'control telemetry: slow'
    })
    expect(machine([waits(0)], unansweredBy('timeout', 'slow')).verdict).toBe('red')
  })

  function noAge(): SeriesRow {
    return { ...moved(0, 'created', 'in_progress'), waiting: 1 }
  }
})

describe('reports of customers', () => {
  function reports(...rows: readonly SeriesRow[]): Judgement {
    return judged(CUSTOMERS, HOUR, { 'reported/customer-report': answered(...rows) })
  }

  test('are red from the first one on', () => {
    expect(reports(count(3, 1))).toMatchObject({
      verdict: 'red',
      code: 'event_seen',
      message: '1 issue seen where none is allowed'
    })
    expect(reports(count(3, 1), count(50, 2)).message).toBe('3 issues seen where none is allowed')
  })

  test('that are none pass, because GitHub has listed all there are', () => {
    expect(reports().message).toBe('no issue seen, and GitHub listed all that have the label')
  })
})
