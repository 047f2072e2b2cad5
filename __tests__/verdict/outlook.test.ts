import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { judgeProportion, type ProportionLook } from '../../src/verdict/proportion.ts'
import { codeAfter, isPass, isRed } from './further-units.ts'
import { look, manualReview, successRate } from './reference.ts'

test.each([
  [[[0, 0]], 40, 3],
  [[[39, 39]], 1, 6],
  [[[40, 40]], 0, 6],
  [[[0, 3]], undefined, 0]
] as const)('%j needs %p good units to pass and %p bad ones to be red', (hours, needs, toRed) => {
  const finding = judgeProportion(look(hours))
  expect([finding.needs, finding.toRed]).toEqual([needs, toRed])
})

test('the smallest number is found where more good units fail for a while', () => {
  // 19 of 20 since the checkpoint are too few to count; at 30 they count, and are short.
  const start = { ...look([[38, 38], ...Array(6).fill([0, 0]), [19, 20]]), checkpointHour: 7 }
  const needs = judgeProportion(start).needs ?? Number.NaN
  expect(codeAfter(start, needs, 0)).toBe('adequate')
  expect(codeAfter(start, 10, 0)).toBe('tail_short')
  expect(needs).toBeLessThan(10)
})

const looks: fc.Arbitrary<ProportionLook> = fc
  .record({
    hours: fc.array(fc.tuple(fc.nat(12), fc.nat({ max: 5 })), { minLength: 1, maxLength: 8 }),
    prelude: fc.nat(120),
    empty: fc.nat(3),
    horizonHours: fc.integer({ min: 1, max: 12 }),
    strictMinN: fc.constantFrom(1, 20, 50, 1000),
    checkpointHour: fc.option(fc.nat(11), { nil: undefined }),
    base: fc.constantFrom(
      successRate,
      manualReview,
      { pass: { operator: '>', percent: 80 }, red: { operator: '<=', percent: 75 } } as const,
      { pass: { operator: '>=', percent: 30 }, red: { operator: '<', percent: 15 } } as const
    )
  })
  .map(({ hours, prelude, empty, horizonHours, strictMinN, checkpointHour, base }) => {
    const rule = { ...base, horizonHours, strictMinN }
    const goodHits = base.pass.operator.startsWith('>')
    const counts = [[prelude, 0] as const, ...hours].map(([good, bad], hour) => ({
      hour,
      hits: goodHits ? good : bad,
      total: good + bad
    }))
    const nowHour = counts.length - 1 + empty
    return { rule, counts, nowHour, ...(checkpointHour === undefined ? {} : { checkpointHour }) }
  })

test('needs is the first number of good units that passes, found by trying them all', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(looks, start => {
      const { needs, verdict, code } = judgeProportion(start)
      seen.add(code)
      if (verdict === 'red') {
        expect(needs).toBeUndefined()
        return
      }
      expect(needs).toBe(smallest(more => isPass(codeAfter(start, more, 0)), 5000))
    }),
    { numRuns: 400 }
  )
  expect(seen.size).toBeGreaterThan(5)
})

test('toRed is the first number of bad units that is red, found by trying them all', () => {
  fc.assert(
    fc.property(looks, start => {
      const found = smallest(more => isRed(codeAfter(start, 0, more)), 5000)
      expect(judgeProportion(start).toRed).toBe(found)
    }),
    { numRuns: 400 }
  )
})

test('a phase of a million units has exact numbers too', () => {
  const start = look([[969_000, 1_000_000]])
  const { needs = 0, toRed = 0 } = judgeProportion(start)
  expect([isPass(codeAfter(start, needs - 1, 0)), isPass(codeAfter(start, needs, 0))]).toEqual([
    false,
    true
  ])
  expect([isRed(codeAfter(start, 0, toRed - 1)), isRed(codeAfter(start, 0, toRed))]).toEqual([
    false,
    true
  ])
})

function smallest(holds: (more: number) => boolean, limit: number): number | undefined {
  for (let more = 0; more <= limit; more += 1) {
    if (holds(more)) {
      return more
    }
  }
  return undefined
}
