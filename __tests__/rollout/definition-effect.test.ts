import { describe, expect, test } from '@jest/globals'
import { definitionJsonSchema } from '../../src/rollout/definition-schema.ts'
import { parse, refusals, smallWith } from './small-definition.ts'

const PHASE = '  - name: second\n'

/** The small definition with that effect of its second phase, which begins in line 14. */
function withEffect(effect: string): string {
  return smallWith(PHASE, `${PHASE}    effect: ${effect}\n`)
}

describe('an effect', () => {
  test('is none unless somebody asks for one', () => {
    expect(parse(smallWith(PHASE, PHASE)).phases.map(({ effect }) => effect)).toEqual([
      undefined,
      undefined
    ])
  })

  test('is a probe that is answered with 200, within ten minutes', () => {
    expect(parse(withEffect('{ probe: { path: /api/health } }')).phases[1]?.effect).toEqual({
      probe: { path: '/api/health', status: 200, contains: undefined },
      exposure: undefined,
      deadlineMs: 600_000
    })
  })

  test('is a share of 95% of one unit at least', () => {
    expect(parse(withEffect('{ exposure: { metric: outcomes } }')).phases[1]?.effect).toEqual({
      probe: undefined,
      exposure: { metric: 'outcomes', parameters: {}, atLeast: 0.95, minUnits: 1 },
      deadlineMs: 600_000
    })
  })

  test('is both, each as it is written', () => {
    const probe = '{ path: "/api/health?full=1", status: 204, contains: "shadow" }'
    const exposure =
      '{ metric: outcomes, parameters: { mode: shadow }, at_least: 99.5%, min_units: 20 }'
    const text = withEffect(`{ probe: ${probe}, exposure: ${exposure}, deadline: 1h }`)
    expect(parse(text).phases[1]?.effect).toEqual({
      probe: { path: '/api/health?full=1', status: 204, contains: 'shadow' },
      exposure: {
        metric: 'outcomes',
        parameters: { mode: 'shadow' },
        atLeast: 0.995,
        minUnits: 20
      },
      deadlineMs: 3_600_000
    })
  })

  const at = 'small.yml:15'
  const place = 'phases[1].effect'

  test.each<[string, string, readonly string[]]>([
    [
      'names nothing',
      '{ deadline: 5m }',
      [
        `${at}:13 ${place} names nothing that is to be seen. Fix: add probe or exposure, or leave effect out: the flags are proven without it.`
      ]
    ],
    [
      'asks for no path',
      '{ probe: { path: api/health } }',
      [
        `${at}:30 ${place}.probe.path = "api/health" is not the path of a request. Fix: begin with one slash: /api/health.`
      ]
    ],
    [
      'asks for another host',
      '{ probe: { path: //evil.example/ } }',
      [
        `${at}:30 ${place}.probe.path = "//evil.example/" is not the path of a request. Fix: begin with one slash: /api/health.`
      ]
    ],
    [
      'wants a status that no answer has',
      '{ probe: { path: /, status: 42 } }',
      [`${at}:41 ${place}.probe.status = 42 is no status of an answer. Fix: 200.`]
    ],
    [
      'waits for longer than a job can',
      '{ probe: { path: / }, deadline: 7h }',
      [`${at}:45 ${place}.deadline = "7h" is longer than one job can wait. Fix: write 1h or less.`]
    ],
    [
      'names a metric that is not there',
      '{ exposure: { metric: outcome } }',
      [`${at}:35 ${place}.exposure.metric = "outcome" is not a metric. Fix: write one of outcomes.`]
    ],
    [
      'names a metric that is no share',
      '{ exposure: { metric: errors } }',
      [
        `${at}:35 ${place}.exposure.metric = "errors" is of kind count, and a share is wanted. Fix: write one of outcomes.`
      ]
    ],
    [
      'names a metric that every object has',
      '{ exposure: { metric: constructor } }',
      [
        `${at}:35 ${place}.exposure.metric = "constructor" is not a metric. Fix: write one of outcomes.`
      ]
    ],
    [
      'is content with nothing',
      '{ exposure: { metric: outcomes, at_least: 0%, min_units: 0 } }',
      [
        `${at}:55 ${place}.exposure.at_least = "0%" is not a share above zero. Fix: at_least: 95%.`,
        `${at}:70 ${place}.exposure.min_units = 0 must be above zero. Fix: min_units: 1.`
      ]
    ],
    [
      'binds what Rollgate binds itself',
      '{ exposure: { metric: outcomes, parameters: { since: "2026", Mode: x } } }',
      [
        `${at}:59 ${place}.exposure.parameters.since is bound by Rollgate itself. Fix: rename it.`,
        `${at}:74 ${place}.exposure.parameters.Mode is not the name of a parameter. Fix: use lower-case letters, digits and underscores.`
      ]
    ],
    [
      'has a key that nobody knows',
      '{ probe: { path: /, url: https://evil.example } }',
      [`${at}:33 ${place}.probe.url is not a known key. Fix: correct its spelling or remove it.`]
    ],
    [
      'is wrong in several places',
      '{ probe: { path: x }, exposure: { metric: errors }, deadline: 7h }',
      [
        `${at}:30 ${place}.probe.path = "x" is not the path of a request. Fix: begin with one slash: /api/health.`,
        `${at}:55 ${place}.exposure.metric = "errors" is of kind count, and a share is wanted. Fix: write one of outcomes.`,
        `${at}:75 ${place}.deadline = "7h" is longer than one job can wait. Fix: write 1h or less.`
      ]
    ]
  ])('that %s is refused', (_, effect, expected) => {
    expect(refusals(withEffect(effect))).toEqual(expected)
  })

  test('binds no parameter that the whole definition has', () => {
    const text = withEffect(
      '{ exposure: { metric: outcomes, parameters: { source: x } } }'
    ).replace('targets:', 'parameters: { source: coordinator }\ntargets:')
    expect(refusals(text)).toEqual([
      'small.yml:16:59 phases[1].effect.exposure.parameters.source is a parameter of the whole definition already. Fix: remove one of the two, or rename it in the SQL file.'
    ])
  })

  test('is what editors know of it', () => {
    expect(JSON.stringify(definitionJsonSchema())).toContain(
      'What must be seen at the deployment before the phase counts as applied'
    )
  })
})
