import { describe, expect, test } from '@jest/globals'
import { criterionCells } from '../../src/report/criterion-cells.ts'
import { changeDetails } from '../../src/report/look-details.ts'
import { trendText } from '../../src/report/trend.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import type { LookBody } from '../../src/rollout/events.ts'
import { judge } from '../../src/rollout/judge.ts'
import type { Answer, WholeWindow } from '../../src/rollout/ports.ts'
import { look } from '../rollout/ledger-story.ts'
import { after, answered, count, humming, moved, readingOf, share } from '../rollout/reading.ts'
import { SMALL_METRICS, smallWith } from '../rollout/small-definition.ts'
import { rowOf } from './tables.ts'

const definition = parseDefinition({
  file: 'small.yml',
  text: smallWith(
    'rollback: {',
    `  every:
    rate: { metric: outcomes, pass: ">= 97%", red: "< 90%", control: telemetry }
    quiet: { metric: events, zero_tolerance: true, control: telemetry }
    errors: { metric: errors, sustained: {}, control: telemetry }
    duration: { metric: latency, pass: "<= 5000", warn: "<= 10000", red: "> 20000" }
    slow-hours: { metric: latency, pass: "<= 5000", red: "> 20000", sustained: { run: 2 } }
    states:
      metric: transitions
      legal: { created: [waiting], waiting: [done] }
      stuck: { state: waiting }
      control: telemetry
    moves: { metric: transitions, legal: { created: [waiting] }, control: telemetry }
    customers: { reported: customer-report }
rollback: {`
  ).replace('criteria: full', 'criteria: every'),
  digest: 'd0',
  metrics: { ...SMALL_METRICS, transitions: 'transitions' }
})

const MINUTES = 120

/** What two hours of the first phase were like; whatever is not named saw nothing. */
function lookAt(seen: Readonly<Record<string, Answer>>): LookBody {
  const criteria = definition.criteria['every'] ?? []
  const nothing = Object.fromEntries(criteria.map(({ metric }) => [metric, answered()]))
  const reading = readingOf(MINUTES, { ...nothing, telemetry: humming(MINUTES), ...seen })
  const frame = { horizonMs: 172_800_000, checkpointMs: undefined }
  return {
    ...look('first', 'continue', { judgements: judge(criteria, reading, frame) }),
    at: after(MINUTES)
  }
}

function latency(value: number, samples: number, beyond: readonly number[] = []): Answer {
  const whole: WholeWindow = { hits: value, total: samples }
  return { kind: 'answered', rows: beyond.map(minute => share(minute, 30_000, 40)), whole }
}

const good = lookAt({
  outcomes: answered(share(0, 60, 60)),
  latency: latency(1840.37, 3000),
  transitions: answered(moved(0, 'created', 'waiting', 1204))
})
const bad = lookAt({
  outcomes: answered(share(0, 55, 60)),
  events: answered(count(0, 1)),
  errors: answered(count(3, 2)),
  latency: latency(7300.4, 120, [0]),
  transitions: answered(moved(0, 'waiting', 'created', 3), {
    ...moved(5, 'created', 'waiting', 4),
    waiting: 2,
    oldest: after(105)
  }),
  'reported/customer-report': answered(count(3, 2))
})
const silent = lookAt({ telemetry: answered() })

/** Value, sequence and verdict of every criterion, and its trend beside an earlier look. */
function cells(one: LookBody, previous?: LookBody): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    one.judgements.map(judgement => {
      const [name = '', value = '', , sequence = '', verdict = ''] = criterionCells(
        definition,
        one,
        judgement
      )
      const trend = previous && trendText({ definition, look: one, judgement, previous })
      return [name, [value, sequence, verdict, ...(trend === undefined ? [] : [trend])]]
    })
  )
}

describe('the cells of every kind of criterion', () => {
  test('say what was counted or measured, and only a share has a sequence', () => {
    expect(cells(good)).toEqual({
      rate: ['60 of 60 (100%)', '88.8% – 100.0%', '✅ pass'],
      quiet: ['0 events', '–', '✅ pass'],
      errors: ['0 errors', '–', '✅ pass'],
      duration: ['1,840 from 3,000 samples', '–', '✅ pass'],
      'slow-hours': ['1,840 from 3,000 samples', '–', '✅ pass'],
      states: ['1,204 transitions', '–', '✅ pass'],
      moves: ['1,204 transitions', '–', '✅ pass'],
      customers: ['0 issues', '–', '✅ pass']
    })
  })

  test('say what the definition needs', () => {
    const needs = good.judgements.map(judgement => criterionCells(definition, good, judgement)[2])
    expect(needs).toEqual([
      'pass >= 97%; red < 90%',
      'none, while telemetry arrives',
      'none; red in 3 buckets of 5m in a row, or in 4 of 12',
      'pass <= 5000; red > 20000',
      'pass <= 5000; red > 20000 in all, or in 2 buckets of 1h in a row, or in 4 of 12',
      'only legal transitions, nobody in waiting for 10m (red: 30m), while telemetry arrives',
      'only legal transitions, while telemetry arrives',
      'no issue labelled customer-report'
    ])
  })

  test('say what is wrong, and how it has moved since the look before', () => {
    expect(cells(bad, good)).toEqual({
      rate: ['55 of 60 (91.7%)', '75.2% – 98.8%', '⚠️ warn', 'worse than 60 of 60 (100%); was pass'],
      quiet: ['1 event', '–', '🛑 red', '1 more; was pass'],
      errors: ['2 errors in 1 bucket', '–', '⚠️ warn', '2 more; was pass'],
      duration: [
        '7,300 from 120 samples',
        '–',
        '⚠️ warn',
        'after 1,840 from 3,000 samples; was pass'
      ],
      'slow-hours': [
        '7,300 from 120 samples',
        '–',
        '⚠️ warn',
        'after 1,840 from 3,000 samples; was pass'
      ],
      states: [
        '3 illegal of 7 transitions, 2 units waiting for up to 15 min',
        '–',
        '🛑 red',
        '3 more; was pass'
      ],
      moves: ['3 illegal of 7 transitions', '–', '🛑 red', '3 more; was pass'],
      customers: ['2 issues', '–', '🛑 red', '2 more; was pass']
    })
    expect(cells(good, bad)).toMatchObject({
      quiet: expect.arrayContaining(['1 fewer; was red']),
      states: expect.arrayContaining(['3 fewer; was red'])
    })
  })

  test('say that nothing was seen, and what that is worth', () => {
    expect(cells(silent, silent)).toEqual({
      rate: ['0 of 0', '0.0% – 100.0%', '⏳ insufficient', 'unchanged'],
      quiet: ['0 events', '–', '⏳ insufficient', 'unchanged'],
      errors: ['0 errors', '–', '⏳ insufficient', 'unchanged'],
      duration: ['0 samples', '–', '⏳ insufficient', 'unchanged'],
      'slow-hours': ['0 samples', '–', '⏳ insufficient', 'unchanged'],
      states: ['0 transitions', '–', '⏳ insufficient', 'unchanged'],
      moves: ['0 transitions', '–', '⏳ insufficient', 'unchanged'],
      customers: ['0 issues', '–', '✅ pass', 'unchanged']
    })
  })

  test('of a percentile keep their side of the bound, however close it is', () => {
    const close = lookAt({ latency: latency(5000.0004, 3000) })
    expect(cells(close)['duration']?.[0]).toBe('5,000.0004 from 3,000 samples')
  })
})

describe('what would change the verdicts', () => {
  /** What was found, what would roll back and what would pass. */
  function changes(one: LookBody, criterion: string): readonly string[] | undefined {
    return rowOf(changeDetails(one, ''), criterion)?.slice(2, 5)
  }

  test.each([
    ['rate', ['–', '6 more bad units', '–']],
    ['quiet', [expect.any(String), 'one event', '–']],
    ['errors', [expect.any(String), 'sustained errors', '–']],
    ['duration', ['1,840 from 3,000 samples, within <= 5000', 'a value beyond red', '–']],
    ['states', [expect.any(String), 'an illegal transition or a stuck unit', '–']],
    ['moves', [expect.any(String), 'an illegal transition', '–']],
    ['customers', [expect.stringMatching(/^no issue seen/u), 'one issue', '–']]
  ])('of a good look: %s', (criterion, row) => {
    expect(changes(good, criterion)).toEqual(row)
  })

  test('of a bad look: a value that was beyond red in an hour stays that, a share can mend', () => {
    expect(changes(bad, 'rate')).toEqual([
      'whole phase: 55 good of 60',
      '2 more bad units',
      '107 more good units'
    ])
    expect(changes(bad, 'duration')?.slice(1)).toEqual(['a value beyond red', '–'])
    expect(changes(bad, 'customers')?.slice(1)).toEqual(['–', '–'])
    const short = lookAt({ latency: latency(7300, 120) })
    expect(changes(short, 'duration')?.[2]).toBe('a value within pass')
    const slow = { ...moved(5, 'created', 'waiting'), waiting: 1, oldest: after(105) }
    expect(changes(lookAt({ transitions: answered(slow) }), 'states')?.[2]).toBe(
      'that whoever waits goes on'
    )
  })

  test('of a silent look: a share says whether it is quiet or nothing is heard', () => {
    expect(changes(silent, 'rate')).toEqual([
      expect.stringMatching(/^no units yet, and telemetry may be dead: the control /u),
      '3 more bad units',
      '40 more good units'
    ])
    expect(changes(lookAt({}), 'rate')?.[0]).toMatch(/^no units yet, quiet: the control /u)
    expect(changes(silent, 'states')?.[2]).toBe('a control that is alive')
    expect(changes(silent, 'duration')?.[2]).toBe('20 more samples')
  })
})
