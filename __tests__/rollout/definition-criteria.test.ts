import { describe, expect, test } from '@jest/globals'
import type { MetricKinds } from '../../src/rollout/definition.ts'
import { metricsOf } from '../../src/rollout/definition.ts'
import { definitionProblems, parseDefinition } from '../../src/rollout/definition-file.ts'
import { formatProblem } from '../../src/rollout/yaml-source.ts'
import { SMALL, SMALL_METRICS } from './small-definition.ts'

const METRICS: MetricKinds = { ...SMALL_METRICS, transitions: 'transitions' }

const QUIET = 'quiet: { metric: events, zero_tolerance: true, control: telemetry }'
const LEGAL = 'legal: { created: [done, failed], done: [created] }'
const MACHINE = `metric: transitions, ${LEGAL}, control: telemetry`

/** The small definition with this criterion, which begins at line 23, column 5. */
function inputWith(criterion: string) {
  const text = SMALL.replace(QUIET, () => `it: { ${criterion} }`)
  return { file: 'small.yml', text, digest: 'd0', metrics: METRICS }
}

function criterionOf(criterion: string): unknown {
  return parseDefinition(inputWith(criterion)).criteria['full']?.[1]
}

function refusalsOf(criterion: string): readonly string[] {
  return definitionProblems(inputWith(criterion)).map(formatProblem)
}

/** What is said behind the place of the criterion. */
function said(criterion: string): readonly string[] {
  return refusalsOf(criterion).map(line => line.replace(/^small\.yml:23:\d+ criteria\.full\./u, ''))
}

const CONTROL = { metric: 'telemetry', slotMs: 3_600_000 }

describe('every kind of criterion is read, with its defaults', () => {
  test('a share may name a control, which is read like any metric', () => {
    const share = criterionOf('metric: outcomes, pass: "< 5%", red: "> 10%", control: telemetry')
    expect(share).toEqual({
      kind: 'proportion',
      name: 'it',
      metric: 'outcomes',
      pass: { operator: '<', percent: 5 },
      warn: undefined,
      red: { operator: '>', percent: 10 },
      strictMinN: 50,
      control: CONTROL
    })
    const alone = inputWith('metric: outcomes, pass: "< 5%", red: "> 10%", control: legacy')
    const metrics = { ...METRICS, legacy: 'count' } as const
    const { criteria } = parseDefinition({ ...alone, metrics })
    expect(metricsOf(criteria['full'] ?? [])).toContain('legacy')
  })

  test('a value', () => {
    expect(criterionOf('metric: latency, pass: "<= 5000", red: "> 20000"')).toEqual({
      kind: 'value',
      name: 'it',
      metric: 'latency',
      pass: { operator: '<=', value: 5000 },
      warn: undefined,
      red: { operator: '>', value: 20_000 },
      minSamples: 20,
      sustained: undefined
    })
  })

  test('a value with a warning and a rule for what is sustained, in buckets of an hour', () => {
    const rule = 'warn: ">= 1.5", min_samples: 5, sustained: { run: 2 }, heal: 2h, healed: warn'
    expect(criterionOf(`metric: latency, pass: ">= 2", red: "< -0.5", ${rule}`)).toMatchObject({
      warn: { operator: '>=', value: 1.5 },
      red: { operator: '<', value: -0.5 },
      minSamples: 5,
      sustained: {
        bucketMs: 3_600_000,
        run: 2,
        of: [4, 12],
        healMs: 7_200_000,
        healed: 'warn'
      }
    })
  })

  test('a state machine', () => {
    expect(criterionOf(MACHINE)).toEqual({
      kind: 'state-machine',
      name: 'it',
      metric: 'transitions',
      legal: { created: ['done', 'failed'], done: ['created'] },
      stuck: undefined,
      control: CONTROL
    })
  })

  test('a state machine in which nobody may stay, with the times of the runbook', () => {
    expect(criterionOf(`${MACHINE}, stuck: { state: created }`)).toMatchObject({
      stuck: { state: 'created', warnMs: 600_000, redMs: 1_800_000 }
    })
    expect(
      criterionOf(`${MACHINE}, stuck: { state: done, warn: 1h, red: 1d }, control_slot: 6h`)
    ).toMatchObject({
      stuck: { state: 'done', warnMs: 3_600_000, redMs: 86_400_000 },
      control: { metric: 'telemetry', slotMs: 21_600_000 }
    })
  })

  test('reports of customers, which are counted by a metric of their own', () => {
    expect(criterionOf('reported: customer report')).toEqual({
      kind: 'reports',
      name: 'it',
      metric: 'reported/customer report',
      label: 'customer report'
    })
  })
})

describe('a mistake in a criterion is told with its place, its value and its fix', () => {
  const share = 'metric: outcomes, pass: ">= 97%", red: "< 90%"'
  const value = 'metric: latency, pass: "<= 5000", red: "> 20000"'

  test.each([
    [
      'bounds with and without %',
      'metric: outcomes, pass: ">= 97%", red: "< 90"',
      'it mixes bounds with and without %. Fix: write % behind all of them for a share, behind none for a value.'
    ],
    [
      'bounds of a share on a value',
      'metric: latency, pass: ">= 97%", red: "< 90%"',
      'it.metric = "latency" is of kind value, not proportion. Fix: write its bounds without %.'
    ],
    [
      'bounds of a value on a share',
      'metric: outcomes, pass: ">= 97", red: "< 90"',
      'it.metric = "outcomes" is of kind proportion, not value. Fix: write its bounds with %.'
    ],
    [
      'bounds of a value on a count',
      'metric: events, pass: "<= 5000", red: "> 20000"',
      'it.metric = "events" is of kind count, not value. Fix: write one of latency, or add its SQL file.'
    ],
    [
      'a value without a red bound',
      'metric: latency, pass: "<= 5000"',
      'it has no red bound. Fix: add red, as in pass: "<= 2000", red: "> 5000".'
    ],
    [
      'bounds of a value in one direction',
      'metric: latency, pass: "<= 5000", red: "<= 20000"',
      'it.red = "<= 20000" looks in the same direction as pass. Fix: let pass and red look in opposite directions: "<= 2000" and "> 5000".'
    ],
    [
      'a value that would be both',
      'metric: latency, pass: "<= 5000", red: ">= 5000"',
      'it.red = ">= 5000" leaves no room between pass and red. Fix: write pass on the better side of red, so that no value is both.'
    ],
    [
      'a warning of a value beyond red',
      `${value}, warn: "<= 30000"`,
      'it.warn = "<= 30000" does not lie between pass and red. Fix: let it look in the direction of pass: warn: "<= 4000".'
    ],
    [
      'a warning of a share that looks the wrong way',
      `${share}, warn: "< 95%"`,
      'it.warn = "< 95%" does not lie between pass and red. Fix: let it look in the direction of pass: warn: ">= 92%".'
    ],
    [
      'no sample at least',
      `${value}, min_samples: 0`,
      'it.min_samples = 0 must be above zero. Fix: min_samples: 20.'
    ],
    [
      'samples beside a share',
      `${share}, min_samples: 5`,
      'it.min_samples does nothing beside pass and red. Fix: remove it.'
    ],
    [
      'units beside a value',
      `${value}, strict_min_n: 5`,
      'it.strict_min_n does nothing beside pass and red of a value. Fix: remove it.'
    ],
    [
      'healing of nothing',
      `${value}, heal: 6h`,
      'it.heal does nothing beside pass and red of a value. Fix: remove it.'
    ],
    [
      'slots of no control',
      `${share}, control_slot: 2h`,
      'it.control_slot does nothing beside pass and red. Fix: remove it.'
    ],
    [
      'a control of a share that counts nothing',
      `${share}, control: latency`,
      'it.control = "latency" is of kind value, not count. Fix: write one of events, errors, telemetry, or add its SQL file.'
    ],
    [
      'a value that can never be sustained',
      `${value}, sustained: { of: [5, 4] }`,
      'it.sustained.of asks for 5 of 4 buckets. Fix: write the smaller number first: [4, 12].'
    ],
    [
      'states of a metric without transitions',
      `metric: events, ${LEGAL}, control: telemetry`,
      'it.metric = "events" is of kind count, not transitions. Fix: write one of transitions, or add its SQL file.'
    ],
    [
      'states without a control',
      `metric: transitions, ${LEGAL}`,
      'it has no control, and silence proves nothing when the microphone may be off. Fix: add control: telemetry.'
    ],
    [
      'no legal transition',
      'metric: transitions, legal: {}, control: telemetry',
      'it.legal allows nothing. Fix: write at least one: { created: [assigned, failed] }.'
    ],
    [
      'a state that is followed by no list',
      'metric: transitions, legal: { created: failed }, control: telemetry',
      'it.legal.created = "failed" must be a list of states. Fix: [assigned, failed].'
    ],
    [
      'a state without a name',
      'metric: transitions, legal: { created: [""] }, control: telemetry',
      'it.legal.created[0] = "" is empty. Fix: write the name of a state.'
    ],
    [
      'a state that is named twice',
      'metric: transitions, legal: { created: [done, failed, done] }, control: telemetry',
      'it.legal.created[2] = "done" is named twice. Fix: remove one of them.'
    ],
    [
      'waiting in a state that there is not',
      `${MACHINE}, stuck: { state: gone }`,
      'it.stuck.state = "gone" is not one of the states under `legal`. Fix: write one of created, done.'
    ],
    [
      'waiting in a state that nobody leaves',
      `${MACHINE}, stuck: { state: failed }`,
      'it.stuck.state = "failed" is never left, so whoever gets there would be stuck. Fix: write one of created, done.'
    ],
    [
      'red before the warning',
      `${MACHINE}, stuck: { state: done, warn: 30m, red: 10m }`,
      'it.stuck.red = "10m" is not longer than the warning of 30m. Fix: let the warning come first: warn: 10m, red: 30m.'
    ],
    [
      'a label that is two',
      'reported: "bug,customer"',
      'it.reported = "bug,customer" is not the name of one label. Fix: customer-report.'
    ],
    [
      'the label of what Rollgate itself files',
      'reported: Rollgate',
      'it.reported = "Rollgate" is the label of the issues that Rollgate files itself, so that a hold would roll back. Fix: customer-report.'
    ],
    [
      'a metric of reports',
      'reported: customer-report, metric: events',
      'it.metric does nothing beside reported. Fix: remove it.'
    ],
    [
      'a rule without its metric',
      'pass: ">= 97%", red: "< 90%"',
      'it.metric is missing. Fix: add metric; lower-case letters, digits and dashes.'
    ],
    [
      'two rules',
      `${MACHINE}, reported: customer-report`,
      'it has more than one rule. Fix: write exactly one of: pass and red; zero_tolerance: true; sustained; legal; reported.'
    ]
  ])('%s', (_, criterion, refusal) => {
    expect(said(criterion)).toEqual([refusal])
  })

  test('and all of them come in one go, in the order of the file', () => {
    const criterion =
      'metric: latenci, pass: "<= 5000", red: "> 20%", strict_min_n: 5, heal: 0h, control: quiet'
    expect(refusalsOf(criterion)).toEqual([
      'small.yml:23:9 criteria.full.it mixes bounds with and without %. Fix: write % behind all of them for a share, behind none for a value.',
      'small.yml:23:19 criteria.full.it.metric = "latenci" is not a known metric. Fix: write one of outcomes, latency, or add its SQL file.',
      'small.yml:23:82 criteria.full.it.heal = "0h" is no time at all. Fix: give it a length, as 30m.',
      'small.yml:23:95 criteria.full.it.control = "quiet" is not a known metric. Fix: write one of events, errors, telemetry, or add its SQL file.'
    ])
    const states = `metric: gone, legal: { a: [b, b] }, stuck: { state: c, warn: 1h, red: 1m }`
    expect(said(states)).toEqual([
      expect.stringMatching(/^it has no control/u),
      expect.stringMatching(/^it\.metric = "gone" is not a known metric/u),
      expect.stringMatching(/^it\.legal\.a\[1\] = "b" is named twice/u),
      expect.stringMatching(/^it\.stuck\.state = "c" is not one of the states/u),
      expect.stringMatching(/^it\.stuck\.red = "1m" is not longer than the warning of 1h/u)
    ])
  })
})
