import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Definition, ProportionCriterion } from '../../src/rollout/definition.ts'
import { judgeSampleSize, soonestPass } from '../../src/rollout/sample-size.ts'
import { judgeProportion } from '../../src/verdict/proportion.ts'
import { example } from './worked-example.ts'

const HOUR = 3_600_000

function share(pass: number, red: number): ProportionCriterion {
  return {
    kind: 'proportion',
    name: 'success-rate',
    metric: 'outcomes',
    pass: { operator: '>=', percent: pass },
    warn: undefined,
    red: { operator: '<', percent: red },
    strictMinN: 50
  }
}

function criterion(name: string): ProportionCriterion {
  const found = example.criteria['full']?.find(one => one.name === name)
  if (found?.kind !== 'proportion') throw new Error(`${name} is no share`)
  return found
}

describe('the soonest pass', () => {
  test('of the success rate takes forty good bookings, a day and a half', () => {
    expect(soonestPass(criterion('success-rate'), 27)).toEqual({
      units: 40,
      ms: (40 / 27) * 24 * HOUR
    })
  })

  test('of a share of bad units is reached by none of them', () => {
    expect(soonestPass(criterion('manual-review'), 27)).toMatchObject({ units: 73 })
  })

  test('is the very first number of good units that passes', () => {
    const bounds = fc.tuple(fc.integer({ min: 50, max: 99 }), fc.integer({ min: 1, max: 30 }))
    fc.assert(
      fc.property(bounds, ([pass, apart]) => {
        const rule = share(pass, pass - apart)
        const { units = 0 } = soonestPass(rule, 1) ?? {}
        expect([verdictOn(rule, units), verdictOn(rule, units - 1)]).toEqual([
          'pass',
          'insufficient'
        ])
      }),
      { numRuns: 50 }
    )
  })

  test('is never where the bounds make no sense', () => {
    expect(soonestPass(share(90, 97), 27)).toBeUndefined()
  })
})

function verdictOn({ pass, red, strictMinN }: ProportionCriterion, units: number): string {
  const rule = { pass, red, strictMinN, horizonHours: 96 }
  return judgeProportion({ rule, counts: [{ hour: 0, hits: units, total: units }], nowHour: 47 })
    .verdict
}

/** Only `staging-full`, with one share, a soak and what it may be extended by. */
function definition(unitsPerDay: number | undefined, soak: number, extend: number): Definition {
  const phases = example.phases
    .filter(({ name }) => name === 'staging-full')
    .map(phase => ({ ...phase, soakMs: soak * HOUR, extendMs: extend * HOUR }))
  return { ...example, unitsPerDay, phases, criteria: { full: [criterion('success-rate')] } }
}

describe('preflight says of the sample size', () => {
  test('how soon a share can pass', () => {
    expect(judgeSampleSize(definition(27, 48, 48))).toEqual([
      {
        name: 'sample size',
        outcome: 'ok',
        message:
          '27 units/day: success-rate can pass after ≈ 36h at best (40 good units); staging-full soaks 48h'
      }
    ])
  })

  test('that the soak will have to be extended', () => {
    expect(judgeSampleSize(definition(27, 24, 48))).toEqual([
      {
        name: 'sample size',
        outcome: 'warn',
        message:
          '27 units/day: success-rate can pass after ≈ 36h at best (40 good units); the soak of staging-full is 24h, so it will be extended',
        remedy: 'Nothing, or give staging-full a longer soak: it may be extended by 48h.'
      }
    ])
  })

  test('that no soak is long enough', () => {
    expect(judgeSampleSize(definition(1, 48, 48))).toMatchObject([
      {
        outcome: 'fail',
        message:
          '1 unit/day: success-rate can pass after ≈ 40d at best (40 good units); staging-full lasts 4d at most'
      }
    ])
  })

  test('minutes where there is plenty', () => {
    expect(judgeSampleSize(definition(2000, 48, 48))[0]?.message).toContain('after ≈ 29m at best')
  })

  test('how to have it estimated', () => {
    expect(judgeSampleSize(definition(undefined, 48, 48))).toEqual([
      {
        name: 'sample size',
        outcome: 'ok',
        message:
          'not estimated: units_per_day in the definition says how many units end on a usual day'
      }
    ])
  })

  test('that a share can never pass', () => {
    const never = { ...definition(27, 48, 48), criteria: { full: [share(90, 97)] } }
    expect(judgeSampleSize(never)).toMatchObject([
      { outcome: 'fail', message: 'success-rate can never pass in staging-full' }
    ])
  })

  test('nothing where no share is judged', () => {
    expect(judgeSampleSize({ ...definition(27, 48, 48), criteria: {} })).toEqual([])
  })

  test('of the worked example that everything can pass in time', () => {
    const said = judgeSampleSize(example)
    expect(said.map(({ outcome }) => outcome)).toEqual(['ok', 'warn', 'ok', 'warn'])
    expect(said[1]?.message).toContain('manual-review can pass after ≈ 65h at best (73 good units)')
  })
})
