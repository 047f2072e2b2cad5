import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { confidenceSequence } from '../../src/verdict/sequence.ts'
import { rows } from './reference.ts'

test.each(rows.map(row => [row.k, row.n, row.cs_two_sided] as const))(
  'the sequence for %d good of %d is the reference',
  (k, n, [low, high]) => {
    const [lower, upper] = confidenceSequence(k, n)
    expect(Math.abs(lower - low)).toBeLessThan(1e-9)
    expect(Math.abs(upper - high)).toBeLessThan(1e-9)
  }
)

test('nothing counted leaves every rate possible', () => {
  expect(confidenceSequence(0, 0)).toEqual([0, 1])
})

test('no good unit starts it at 0 and no bad unit ends it at 1, exactly', () => {
  for (const n of [1, 2, 50, 1_000_000]) {
    expect(confidenceSequence(0, n)[0]).toBe(0)
    expect(confidenceSequence(n, n)[1]).toBe(1)
  }
})

test('it contains the rate, mirrors, and narrows to it at a million units', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 }), (some, all) => {
      const good = some % (all + 1)
      const [low, high] = confidenceSequence(good, all)
      const [mirroredLow, mirroredHigh] = confidenceSequence(all - good, all)
      expect(low).toBeLessThanOrEqual(good / all)
      expect(high).toBeGreaterThanOrEqual(good / all)
      expect(Math.abs(1 - high - mirroredLow)).toBeLessThan(1e-9)
      expect(Math.abs(1 - low - mirroredHigh)).toBeLessThan(1e-9)
    })
  )
  const [low, high] = confidenceSequence(970_000, 1_000_000)
  expect(high - low).toBeLessThan(0.002)
})
