import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseDocument, stringify } from 'yaml'
import { enabledPhases, metricsOf, parametersOf } from '../../src/rollout/definition.ts'
import { definitionProblems, parseDefinition } from '../../src/rollout/definition-file.ts'
import { checkpointName, formatDuration } from '../../src/rollout/duration.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { parse, refusals, SMALL, SMALL_METRICS, smallWith } from './small-definition.ts'
import { example, FILE, METRICS, TEXT } from './worked-example.ts'

describe('the worked example', () => {
  test('is the table of the runbook', () => {
    const rows = example.phases.map(({ name, target, flags, soakMs, criteria, enabled }) => [
      name,
      target,
      flags['FEATURE_ASSIGNMENT_PIPELINE_V3'],
      flags['FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW'],
      flags['FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL'],
      formatDuration(soakMs),
      criteria,
      enabled
    ])
    expect(rows).toEqual([
      ['staging-shadow', 'preview', 'false', 'true', '3', '30m', 'shadow', true],
      ['staging-full', 'preview', 'true', 'false', '3', '48h', 'full', true],
      ['production-shadow', 'production', 'false', 'true', '3', '24h', 'shadow', true],
      ['production-full', 'production', 'true', 'false', '3', '48h', 'full', true],
      ['production-scale-4', 'production', 'true', 'false', '4', '6h', 'full', false],
      ['production-scale-5', 'production', 'true', 'false', '5', '6h', 'full', false]
    ])
  })

  test('sets no flag that the runbook does not know', () => {
    const flags = example.phases.map(phase => Object.keys(phase.flags).length)
    expect(flags).toEqual([3, 3, 3, 3, 3, 3])
  })

  test('looks when the runbook looks', () => {
    const times = example.phases.map(({ name, checkpointsMs }) => [
      name,
      checkpointsMs.map(checkpointName).join(' ')
    ])
    expect(Object.fromEntries(times)).toEqual({
      'staging-shadow': 'T+0 T+30m',
      'staging-full': 'T+0 T+1h T+6h T+12h T+24h T+36h T+48h',
      'production-shadow': 'T+0 T+1h T+6h T+12h T+24h',
      'production-full': 'T+0 T+30m T+1h T+2h T+4h T+6h T+12h T+24h T+48h',
      'production-scale-4': 'T+0 T+1h T+6h',
      'production-scale-5': 'T+0 T+1h T+6h'
    })
  })

  test('has its scale phases and does not carry them out', () => {
    expect(enabledPhases(example).map(({ name }) => name)).toEqual([
      'staging-shadow',
      'staging-full',
      'production-shadow',
      'production-full'
    ])
  })

  test('asks a person before every phase in production and before none in preview', () => {
    const gates = example.phases.map(({ target, gate }) => [
      target,
      gate?.mode === 'environment' ? gate.environment : undefined
    ])
    expect(gates).toEqual([
      ['preview', undefined],
      ['preview', undefined],
      ['production', 'approve-production-shadow'],
      ['production', 'approve-production-full'],
      ['production', 'approve-production-scale-4'],
      ['production', 'approve-production-scale-5']
    ])
  })

  test('has the six points that a person confirms before production-full', () => {
    expect(example.phases[3]?.gate?.checklist).toEqual([
      'The engineering team is available',
      'The rollback plan is ready',
      'Monitoring is in place',
      'Staging was stable for 48 hours',
      'The production shadow was stable for 24 hours',
      'The alert channels are set'
    ])
  })

  test('judges by the thresholds of the runbook', () => {
    const telemetry = { metric: 'telemetry', slotMs: 3_600_000 }
    expect(example.criteria).toEqual({
      shadow: [
        {
          kind: 'zero-tolerance',
          name: 'coordinator-events',
          metric: 'coordinator-events',
          control: telemetry
        }
      ],
      full: [
        {
          kind: 'proportion',
          name: 'success-rate',
          metric: 'outcomes',
          pass: { operator: '>=', percent: 97 },
          warn: undefined,
          red: { operator: '<', percent: 90 },
          strictMinN: 50
        },
        {
          kind: 'proportion',
          name: 'manual-review',
          metric: 'manual-review',
          pass: { operator: '<', percent: 1 },
          warn: { operator: '<=', percent: 5 },
          red: { operator: '>', percent: 5 },
          strictMinN: 50
        },
        {
          kind: 'sustained',
          name: 'errors',
          metric: 'errors',
          bucketMs: 300_000,
          run: 3,
          of: [4, 12],
          healMs: 21_600_000,
          healed: 'red',
          control: telemetry
        },
        {
          kind: 'zero-tolerance',
          name: 'circuit-open',
          metric: 'circuit-open',
          control: telemetry
        },
        {
          kind: 'state-machine',
          name: 'state-machine',
          metric: 'transitions',
          legal: {
            created: ['capacity_verified', 'failed'],
            capacity_verified: ['assignment_pending', 'failed'],
            assignment_pending: ['assignment_in_progress', 'manual_review', 'failed'],
            assignment_in_progress: ['assigned', 'assignment_pending', 'failed', 'manual_review'],
            assigned: ['confirmed', 'assignment_pending', 'manual_review']
          },
          stuck: { state: 'assignment_in_progress', warnMs: 600_000, redMs: 1_800_000 },
          control: telemetry
        },
        {
          kind: 'reports',
          name: 'customers',
          metric: 'reported/customer-report',
          label: 'customer-report'
        }
      ],
      'rolled-back': [
        {
          kind: 'zero-tolerance',
          name: 'new-starts',
          metric: 'coordinator-starts',
          control: { metric: 'legacy', slotMs: 3_600_000 }
        }
      ]
    })
  })

  test('rolls back to what stood before, watches it, and graduates after a week', () => {
    expect(example.rollback).toEqual({
      flags: {
        FEATURE_ASSIGNMENT_PIPELINE_V3: 'false',
        FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: 'false',
        FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL: '3'
      },
      watchMs: 1_800_000,
      criteria: 'rolled-back'
    })
    expect(example.graduation).toMatchObject({
      afterMs: 604_800_000,
      issue: { title: 'Delete the legacy planner loop' },
      envExample: '.env.example'
    })
    expect(example.blind).toEqual({ maxMs: 21_600_000, decision: 'hold' })
  })

  test('names every metric that a look at a set has to ask for, each once', () => {
    expect(metricsOf(example.criteria['full'] ?? [])).toEqual([
      'outcomes',
      'manual-review',
      'errors',
      'telemetry',
      'circuit-open',
      'transitions',
      'reported/customer-report'
    ])
  })

  test('shows the figure of the runbook, which decides nothing', () => {
    expect(example.shown).toEqual({
      'runbook-figure': "the runbook's success rate, which takes an error for a success"
    })
    const judged = Object.values(example.criteria).flatMap(criteria => metricsOf(criteria))
    expect(judged).not.toContain('runbook-figure')
  })

  test('has no mistakes', () => {
    const input = { file: FILE, text: TEXT, digest: '', metrics: METRICS }
    expect(definitionProblems(input)).toEqual([])
  })
})

describe('a definition', () => {
  test('that leaves out what it may has every default filled in', () => {
    expect(parse(SMALL)).toMatchObject({
      name: 'small',
      owner: '@acme/booking',
      timeZone: 'UTC',
      database: { secret: 'DATABASE_URL', environments: undefined, graceMs: 30_000 },
      parameters: {},
      shown: {},
      targets: { preview: { keys: 'staging', deploy: 'cli' } },
      phases: [
        { name: 'first', gate: undefined, extendMs: 0, enabled: true },
        { name: 'second', checkpointsMs: [0, 172_800_000] }
      ],
      criteria: {
        full: [
          { kind: 'proportion', strictMinN: 50, warn: undefined },
          { kind: 'zero-tolerance', control: { slotMs: 3_600_000 } },
          { kind: 'sustained', bucketMs: 300_000, run: 3, of: [4, 12], healed: 'red' }
        ]
      },
      rollback: { watchMs: 1_800_000 },
      graduation: undefined,
      blind: { maxMs: 21_600_000, decision: 'hold' },
      deployDeadlineMs: 1_200_000,
      digest: 'd0'
    })
  })

  test('may let two hours pass without a look, and no less', () => {
    const text = smallWith('rollback: {', 'blind: { max: 2h }\nrollback: {')
    expect(parse(text).blind).toEqual({ maxMs: 7_200_000, decision: 'hold' })
  })

  test('names any metric where nobody knows which there are', () => {
    const text = `${smallWith('metric: outcomes', 'metric: gone')}shown: { gone-too: Gone }\n`
    const input = { file: 'small.yml', text, digest: 'd0' }
    expect(parseDefinition(input).criteria['full']).toMatchObject([{ metric: 'gone' }, {}, {}])
    expect(definitionProblems(input)).toEqual([])
    const without = text.replace(', control: telemetry', '')
    expect(definitionProblems({ ...input, text: without })).toMatchObject([
      { message: expect.stringMatching(/^has no control/u) }
    ])
  })

  test.each([
    ['none', 'preview', ''],
    ['{ preview: staging, production: live }', 'preview', 'staging'],
    ['{ preview: staging, production: live }', 'production', 'live']
  ])('with the environment filter %s binds on %s "%s"', (filter, target, environment) => {
    const text = smallWith('environment_filter: none', `environment_filter: ${filter}`)
    expect(parametersOf(parse(text), target)).toEqual({ environment })
  })
})

describe('a mistake is told with file, line, column, value and fix', () => {
  test.each([
    [
      'an unknown key',
      'soak: 1h',
      'soak: 1h\n    soke: 2h',
      'small.yml:12:5 phases[0].soke is not a known key. Fix: correct its spelling or remove it.'
    ],
    [
      'an unknown key at the top',
      'owner:',
      'onwer: me\nowner:',
      'small.yml:2:1 onwer is not a known key. Fix: correct its spelling or remove it.'
    ],
    [
      'a missing key',
      '    soak: 1h\n',
      '',
      'small.yml:8:5 phases[0].soak is missing. Fix: add soak; write a number and a unit: 30m, 48h, 7d.'
    ],
    [
      'a missing owner',
      'owner: "@acme/booking"\n',
      '',
      'small.yml:1:1 owner is missing. Fix: add owner; put it in quotes.'
    ],
    [
      'a key without its value',
      'soak: 1h',
      'soak:',
      'small.yml:11:10 phases[0].soak = null must be a duration. Fix: write a number and a unit: 30m, 48h, 7d.'
    ],
    [
      'an unknown metric',
      'metric: outcomes',
      'metric: outcome',
      'small.yml:22:21 criteria.full.rate.metric = "outcome" is not a known metric. Fix: write one of outcomes, or add its SQL file.'
    ],
    [
      'a metric of the wrong kind under bounds',
      'metric: outcomes',
      'metric: events',
      'small.yml:22:21 criteria.full.rate.metric = "events" is of kind count, not proportion. Fix: write one of outcomes, or add its SQL file.'
    ],
    [
      'a metric of the wrong kind under zero tolerance',
      'metric: events',
      'metric: latency',
      'small.yml:23:22 criteria.full.quiet.metric = "latency" is of kind value, not count. Fix: write one of events, errors, telemetry, or add its SQL file.'
    ],
    [
      'a metric named like what every object has',
      'metric: outcomes',
      'metric: constructor',
      'small.yml:22:21 criteria.full.rate.metric = "constructor" is not a known metric. Fix: write one of outcomes, or add its SQL file.'
    ],
    [
      'an unknown control',
      'zero_tolerance: true, control: telemetry',
      'zero_tolerance: true, control: telemetri',
      'small.yml:23:61 criteria.full.quiet.control = "telemetri" is not a known metric. Fix: write one of events, errors, telemetry, or add its SQL file.'
    ],
    [
      'a missing control under zero tolerance',
      'zero_tolerance: true, control: telemetry',
      'zero_tolerance: true',
      'small.yml:23:12 criteria.full.quiet has no control, and silence proves nothing when the microphone may be off. Fix: add control: telemetry.'
    ],
    [
      'a missing control under sustained errors',
      'sustained: {}, control: telemetry',
      'sustained: {}',
      'small.yml:24:13 criteria.full.errors has no control, and silence proves nothing when the microphone may be off. Fix: add control: telemetry.'
    ],
    [
      'an empty criteria set',
      'rollback: {',
      '  none: {}\nrollback: {',
      'small.yml:25:9 criteria.none is empty, and nothing is not a proof. Fix: add at least one criterion.'
    ],
    [
      'a criterion without a rule',
      ', pass: ">= 97%", red: "< 90%"',
      '',
      'small.yml:22:11 criteria.full.rate has no rule. Fix: write exactly one of: pass and red; zero_tolerance: true; sustained; legal; reported.'
    ],
    [
      'a criterion with two rules',
      'zero_tolerance: true',
      'zero_tolerance: true, sustained: {}',
      'small.yml:23:12 criteria.full.quiet has more than one rule. Fix: write exactly one of: pass and red; zero_tolerance: true; sustained; legal; reported.'
    ],
    [
      'zero tolerance that is none',
      'zero_tolerance: true',
      'zero_tolerance: false',
      'small.yml:23:46 criteria.full.quiet.zero_tolerance = false can only be true. Fix: leave it out otherwise.'
    ],
    [
      'a key that its rule does not use',
      'red: "< 90%"',
      'red: "< 90%", heal: 6h',
      'small.yml:22:61 criteria.full.rate.heal does nothing beside pass and red. Fix: remove it.'
    ],
    [
      'a bound beside zero tolerance',
      'zero_tolerance: true',
      'zero_tolerance: true, warn: "< 5%"',
      'small.yml:23:52 criteria.full.quiet.warn does nothing beside zero_tolerance. Fix: remove it.'
    ],
    [
      'a pass bound alone',
      ', red: "< 90%"',
      '',
      'small.yml:22:11 criteria.full.rate has no red bound. Fix: add red, as in pass: ">= 97%", red: "< 90%".'
    ],
    [
      'a red bound alone',
      'pass: ">= 97%", ',
      '',
      'small.yml:22:11 criteria.full.rate has no pass bound. Fix: add pass, as in pass: ">= 97%", red: "< 90%".'
    ],
    [
      'pass and red in the same direction',
      'red: "< 90%"',
      'red: ">= 90%"',
      'small.yml:22:52 criteria.full.rate.red = ">= 90%" looks in the same direction as pass. Fix: let pass and red look in opposite directions: ">= 97%" and "< 90%".'
    ],
    [
      'no room between pass and red',
      'red: "< 90%"',
      'red: "< 97%"',
      'small.yml:22:52 criteria.full.rate.red = "< 97%" leaves no room between pass and red. Fix: keep both strictly between 0% and 100%, and pass on the better side of red.'
    ],
    [
      'pass on the worse side of red',
      'pass: ">= 97%", red: "< 90%"',
      'pass: "< 5%", red: "> 1%"',
      'small.yml:22:50 criteria.full.rate.red = "> 1%" leaves no room between pass and red. Fix: keep both strictly between 0% and 100%, and pass on the better side of red.'
    ],
    [
      'a certainty as a bound',
      '>= 97%',
      '>= 100%',
      'small.yml:22:53 criteria.full.rate.red = "< 90%" leaves no room between pass and red. Fix: keep both strictly between 0% and 100%, and pass on the better side of red.'
    ],
    [
      'a bad bound',
      '>= 97%',
      '97%',
      'small.yml:22:37 criteria.full.rate.pass = "97%" is not a bound. Fix: write an operator, a space and a percentage, or a number for a value: ">= 97%", "<= 2000".'
    ],
    [
      'a bound that is a number',
      '">= 97%"',
      '97',
      'small.yml:22:37 criteria.full.rate.pass = 97 must be a bound in quotes. Fix: ">= 97%".'
    ],
    [
      'a bound above everything',
      '>= 97%',
      '>= 101%',
      'small.yml:22:37 criteria.full.rate.pass = ">= 101%" is not a bound. Fix: write an operator, a space and a percentage, or a number for a value: ">= 97%", "<= 2000".'
    ],
    [
      'an errors rule that can never be kept',
      'sustained: {}',
      'sustained: { of: [12, 4] }',
      'small.yml:24:48 criteria.full.errors.sustained.of asks for 12 of 4 buckets. Fix: write the smaller number first: [4, 12].'
    ],
    [
      'a bucket of no length',
      'sustained: {}',
      'sustained: { bucket: 0m }',
      'small.yml:24:52 criteria.full.errors.sustained.bucket = "0m" is no time at all. Fix: give it a length, as 30m.'
    ],
    [
      'healing in no time',
      'sustained: {}',
      'sustained: {}, heal: 0h',
      'small.yml:24:52 criteria.full.errors.heal = "0h" is no time at all. Fix: give it a length, as 30m.'
    ],
    [
      'a control without slots',
      'zero_tolerance: true',
      'zero_tolerance: true, control_slot: 0s',
      'small.yml:23:66 criteria.full.quiet.control_slot = "0s" is no time at all. Fix: give it a length, as 30m.'
    ],
    [
      'a watch that never watches',
      'rollback: {',
      'rollback: { watch: 0m,',
      'small.yml:25:20 rollback.watch = "0m" is no time at all. Fix: give it a length, as 30m.'
    ],
    [
      'a deployment without time',
      'phases:',
      'deploy_deadline: 0m\nphases:',
      'small.yml:7:18 deploy_deadline = "0m" is no time at all. Fix: give it a length, as 30m.'
    ],
    [
      'a checkpoint after the soak',
      '[0m, 30m, 1h]',
      '[0m, 1h, 2h]',
      'small.yml:12:27 phases[0].checkpoints[2] = "2h" lies after the soak of 1h. Fix: end the checkpoints at 1h, or lengthen the soak.'
    ],
    [
      'unsorted checkpoints',
      '[0m, 30m, 1h]',
      '[30m, 0m, 1h]',
      'small.yml:12:24 phases[0].checkpoints[1] = "0m" does not come after the one before it. Fix: sort them, each once.'
    ],
    [
      'a checkpoint twice, in two units',
      '[0m, 30m, 1h]',
      '[0m, 60m, 1h]',
      'small.yml:12:28 phases[0].checkpoints[2] = "1h" does not come after the one before it. Fix: sort them, each once.'
    ],
    [
      'checkpoints that end before the soak',
      '[0m, 30m, 1h]',
      '[0m, 30m]',
      'small.yml:12:18 phases[0].checkpoints end at 30m, before the soak of 1h is over. Fix: add 1h as the last checkpoint.'
    ],
    [
      'no checkpoint',
      '[0m, 30m, 1h]',
      '[]',
      'small.yml:12:18 phases[0].checkpoints is empty. Fix: name at least the end of the soak.'
    ],
    [
      'a soak of no length',
      'soak: 1h\n    checkpoints: [0m, 30m, 1h]',
      'soak: 0m\n    checkpoints: [0m]',
      'small.yml:11:11 phases[0].soak = "0m" is no time at all. Fix: give it at least 1m.'
    ],
    [
      'a phase that changes no flag',
      'flags: { FEATURE: "true" }',
      'flags: { FEATURE: "false" }',
      'small.yml:10:12 phases[0].flags change nothing: preview already stands like this before the phase. Fix: change a flag, or remove the phase.'
    ],
    [
      'two phases with one name',
      'name: second',
      'name: first',
      'small.yml:14:11 phases[1].name = "first" is the name of an earlier phase too. Fix: give every phase a name of its own.'
    ],
    [
      'a flag that the rollback forgets',
      'flags: { FEATURE: "true" }',
      'flags: { FEATURE: "true", OTHER: "1" }',
      'small.yml:10:31 phases[0].flags.OTHER is set here and forgotten in the rollback. Fix: add OTHER to rollback.flags.'
    ],
    [
      'a forgotten flag named like what every object has',
      'flags: { FEATURE: "true" }',
      'flags: { FEATURE: "true", constructor: "1" }',
      'small.yml:10:31 phases[0].flags.constructor is set here and forgotten in the rollback. Fix: add constructor to rollback.flags.'
    ],
    [
      'a flag value that is not quoted',
      'flags: { FEATURE: "true" }',
      'flags: { FEATURE: true }',
      'small.yml:10:23 phases[0].flags.FEATURE = true is not text, and a flag is always text. Fix: put it in quotes: "true", "3".'
    ],
    [
      'a flag that no environment can hold',
      'flags: { FEATURE: "true" }',
      'flags: { FEATURE: "true", MY-FLAG: "1" }',
      'small.yml:10:31 phases[0].flags.MY-FLAG is not the name of an environment variable. Fix: letters, digits and underscores.'
    ],
    [
      'no flag',
      'flags: { FEATURE: "true" }',
      'flags: {}',
      'small.yml:10:12 phases[0].flags names no flag. Fix: write at least one: FEATURE_NAME: "true".'
    ],
    [
      'a bad duration',
      'soak: 1h',
      'soak: 1 h',
      'small.yml:11:11 phases[0].soak = "1 h" is not a duration. Fix: write a number and a unit without a space: 30m, 48h, 7d.'
    ],
    [
      'a duration that is a number',
      'soak: 1h',
      'soak: 60',
      'small.yml:11:11 phases[0].soak = 60 must be a duration. Fix: write a number and a unit: 30m, 48h, 7d.'
    ],
    [
      'an unknown target',
      'target: preview',
      'target: staging',
      'small.yml:9:13 phases[0].target = "staging" is not one of the targets. Fix: write one of preview, production.'
    ],
    [
      'an unknown criteria set',
      'criteria: full\n  - name: second',
      'criteria: ful\n  - name: second',
      'small.yml:13:15 phases[0].criteria = "ful" names no set under `criteria`. Fix: write one of full, or add the set.'
    ],
    [
      'an unknown criteria set of the rollback',
      '}, criteria: full }',
      '}, criteria: ful }',
      'small.yml:25:52 rollback.criteria = "ful" names no set under `criteria`. Fix: write one of full, or add the set.'
    ],
    [
      'an environment filter that forgets a target',
      'environment_filter: none',
      'environment_filter: { preview: staging }',
      'small.yml:3:55 database.environment_filter says nothing of target production. Fix: add production, or write none.'
    ],
    [
      'an environment filter for a target that is none',
      'environment_filter: none',
      'environment_filter: { preview: a, production: b, staging: c }',
      'small.yml:3:84 database.environment_filter.staging is not one of the targets. Fix: correct or remove it.'
    ],
    [
      'a parameter that Rollgate binds itself',
      'targets:',
      'parameters: { environment: live }\ntargets:',
      'small.yml:4:15 parameters.environment is bound by Rollgate itself. Fix: rename it.'
    ],
    [
      'a blindness that is over before a quiet look must leave a trace',
      'rollback: {',
      'blind: { max: 119m }\nrollback: {',
      'small.yml:25:15 blind.max = "119m" is shorter than the two hours in which a quiet look may leave no trace. Fix: write 2h or more.'
    ],
    [
      'a figure to show of a metric that is no share',
      'rollback: {',
      'shown: { outcomes: fine, events: many }\nrollback: {',
      'small.yml:25:26 shown.events is not a metric of kind proportion. Fix: write one of outcomes.'
    ],
    [
      'a figure to show without a label',
      'rollback: {',
      'shown: { outcomes: }\nrollback: {',
      'small.yml:25:20 shown.outcomes = null must be text. Fix: put it in quotes.'
    ],
    [
      'a name that is none',
      'name: small',
      'name: Small Rollout',
      'small.yml:1:7 name = "Small Rollout" is not a name. Fix: use lower-case letters, digits and dashes, starting with a letter.'
    ],
    [
      'a list where a map belongs',
      'targets:\n  preview: { keys: staging }\n  production: { keys: production }',
      'targets: [preview, production]',
      'small.yml:4:10 targets expected record, received array. Fix: see docs/definition.md for its shape.'
    ]
  ])('%s', (_, part, other, refusal) => {
    expect(refusals(smallWith(part, other))).toContain(refusal)
  })

  test.each([
    ['an empty file', ''],
    ['a file with nothing but a comment', '# to do\n'],
    ['an empty document', '---\n'],
    ['nothing at all', 'null']
  ])('%s', (_, text) => {
    expect(refusals(text)).toEqual([
      expect.stringMatching(
        /^small\.yml:1:\d (null |)is empty\. Fix: start from rollouts\/assignment-pipeline-v3\.yml\.$/u
      )
    ])
  })

  test('what is not YAML', () => {
    expect(refusals(smallWith('[0m, 48h]', '[0m, 48h'))).toEqual([
      'small.yml:19:5 is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. Fix: correct the indentation, the quotes or the brackets around this place.'
    ])
  })

  test('what is YAML and no map', () => {
    expect(refusals('- name: small\n')).toEqual([
      'small.yml:1:1 expected object, received array. Fix: see docs/definition.md for its shape.'
    ])
  })
})

describe('all mistakes come in one go', () => {
  const BROKEN = SMALL.replace('name: small', 'name: Small')
    .replace('soak: 1h', 'soak: soon')
    .replace('name: second', 'name: first')
    .replace('metric: outcomes', 'metric: outcome')
    .replace('control: telemetry', 'contrl: telemetry')
    .replace('criteria: full }', 'criteria: none }')

  test('in the order of the file', () => {
    expect(refusals(BROKEN).map(line => line.replace(/ (is|names|has) .*/u, ''))).toEqual([
      'small.yml:1:7 name = "Small"',
      'small.yml:11:11 phases[0].soak = "soon"',
      'small.yml:14:11 phases[1].name = "first"',
      'small.yml:22:21 criteria.full.rate.metric = "outcome"',
      'small.yml:23:52 criteria.full.quiet.contrl',
      'small.yml:25:52 rollback.criteria = "none"'
    ])
  })

  test('as one InputError that counts them', () => {
    const error = failure(BROKEN)
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({
      code: 'definition_invalid',
      remedy: 'Correct the file and run the same command again; nothing was changed.'
    })
    expect(String(error)).toContain('small.yml has 6 mistakes:\nsmall.yml:1:7 name')
    expect(String(failure(smallWith('soak: 1h', 'soak: soon')))).toContain('has one mistake:\n')
  })

  test('a mistake in an anchor is one mistake, however often it is used', () => {
    const shared = smallWith('flags: { FEATURE: "true" }', 'flags: &on { FEATURE: true }')
    const text = shared.replace('flags: { FEATURE: "true" }', 'flags: *on')
    expect(refusals(text)).toEqual([
      'small.yml:10:27 phases[0].flags.FEATURE = true is not text, and a flag is always text. Fix: put it in quotes: "true", "3".'
    ])
    expect(refusals(text.replace('FEATURE: true', 'FEATURE: "true", OTHER: "1"'))).toHaveLength(1)
  })

  test('an alias without its anchor is told like any other mistake', () => {
    expect(refusals(smallWith('flags: { FEATURE: "true" }', 'flags: *gone'))).toEqual([
      'small.yml:10:12 is not valid YAML: an alias without an anchor. Fix: write the anchor before the alias, or the value itself.'
    ])
  })
})

describe('a credential that somebody pasted into the definition', () => {
  test.each([
    'postgres://app:hunter2@db.example/prod',
    'postgres://app:p%40hunter2@db.example:6543/prod?sslmode=verify-full',
    'host=db.example user=app password=hunter2',
    'hunter2'
  ])('is refused as the name of the secret and not repeated: %s', pasted => {
    const [refusal, ...others] = refusals(smallWith('DATABASE_URL', JSON.stringify(pasted)))
    expect(others).toEqual([])
    expect(refusal).toBe(
      'small.yml:3:21 database.secret = (not shown) is not the name of a secret. Fix: only its NAME stands here, never a connection string.'
    )
  })

  const PASTED = 'postgres://app:hunter2@db.example/prod'

  test('is not repeated wherever it stands as a value or as a key', () => {
    for (const text of everywhere(SMALL, PASTED)) {
      expect(String(failure(text) ?? '')).not.toContain('hunter2')
    }
  })
})

describe('whatever the text is', () => {
  const token = fc.constantFrom(
    'name',
    'phases',
    'criteria',
    'flags',
    'full',
    ': ',
    ' ',
    '- ',
    '\n',
    '  ',
    '&a ',
    '*a',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '|',
    '>',
    '? ',
    '<<: ',
    '!!set ',
    '%YAML 1.1\n',
    '---\n',
    '# ',
    ', ',
    'null',
    '1h',
    '0',
    '__proto__',
    '\t',
    '\u0000',
    '\r'
  )
  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(token, { maxLength: 40 }).map(all => all.join(''))
  )
  const mutant = fc
    .tuple(fc.nat(SMALL.length), fc.nat(40), fc.oneof(token, fc.string(), garbage))
    .map(([from, length, other]) => SMALL.slice(0, from) + other + SMALL.slice(from + length))
  const place = fc.constantFrom(...pathsIn(SMALL))
  const misfit = fc
    .tuple(place, fc.jsonValue())
    .map(([path, value]) => replaced(SMALL, path, value))

  test.each([
    ['garbage', garbage],
    ['the small definition with a part cut out or put in', mutant],
    ['the small definition with any value anywhere', misfit]
  ])('%s is parsed or refused as input, with a place for every mistake', (_, texts) => {
    fc.assert(
      fc.property(texts, text => {
        const input = { file: 'f.yml', text, digest: 'd', metrics: SMALL_METRICS }
        const problems = definitionProblems(input)
        const lines = text.split('\n').length
        expect(problems.every(({ line, column }) => line <= lines && column >= 1)).toBe(true)
        const error = failure(text)
        expect(error === undefined).toBe(problems.length === 0)
        expect(error ?? new InputError('', '', '')).toBeInstanceOf(InputError)
      }),
      { numRuns: 150 }
    )
  })

  test('what is accepted has no number that is none', () => {
    fc.assert(
      fc.property(fc.oneof(mutant, misfit), text => {
        if (failure(text) !== undefined) return
        expect(JSON.stringify(parse(text), notFinite)).not.toContain('not finite')
      }),
      { numRuns: 150 }
    )
  })
})

function notFinite(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? 'not finite' : value
}

/** What `parseDefinition` throws, if anything. */
function failure(text: string): unknown {
  try {
    parseDefinition({ file: 'small.yml', text, digest: 'd0', metrics: SMALL_METRICS })
    return undefined
  } catch (error) {
    return error
  }
}

type Place = readonly (string | number)[]

/** The places of all values in a YAML text, the whole of it excepted. */
function pathsIn(text: string): readonly Place[] {
  const walk = (value: unknown, path: Place): readonly Place[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) => {
          const next = [...path, Array.isArray(value) ? Number(key) : key]
          return [next, ...walk(item, next)]
        })
      : []
  return walk(parseDocument(text).toJS(), [])
}

function replaced(text: string, path: Place, value: unknown): string {
  const document = parseDocument(text)
  document.setIn(path, document.createNode(value))
  return document.toString()
}

/** The text with something pasted over each of its values, and over each of its keys. */
function everywhere(text: string, pasted: string): readonly string[] {
  const values = pathsIn(text).map(path => replaced(text, path, pasted))
  const plain = stringify(parseDocument(text).toJS())
  const keys = [...plain.matchAll(/^( *(?:- )?)([\w-]+):/gmu)].map(
    ({ 0: found, 1: indent = '', index }) =>
      `${plain.slice(0, index)}${indent}"${pasted}":${plain.slice(index + found.length)}`
  )
  return [...values, ...keys]
}
