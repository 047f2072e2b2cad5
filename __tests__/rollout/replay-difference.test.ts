import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { differencesBetween } from '../../src/rollout/replay-difference.ts'

test('whatever is written as JSON and read back is the same, in any order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      const turned = Object.fromEntries(Object.entries(value).reverse())
      expect(differencesBetween(value, JSON.parse(JSON.stringify(turned)))).toEqual([])
    })
  )
})

test('two values that are written differently differ somewhere', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      if (same) expect(differencesBetween({ one }, { one: other })).toEqual([])
      else if (typeof one !== 'object' || typeof other !== 'object')
        expect(differencesBetween({ one }, { one: other })).not.toEqual([])
    })
  )
})

test.each([
  ['a value', { a: { b: 1 } }, { a: { b: 2 } }, ['a.b', '1', '2']],
  ['a value that is gone', { a: 1 }, {}, ['a', '1', undefined]],
  ['a value that came', {}, { a: null }, ['a', undefined, 'null']],
  ['a list where an object was', { a: {} }, { a: [] }, ['a', '{}', '[]']],
  ['a list’s last entry', { a: [1, 2] }, { a: [1] }, ['a.1', '2', undefined]],
  ['the last digit', { a: 0.1 + 0.2 }, { a: 0.3 }, ['a', '0.30000000000000004', '0.3']],
  [
    'a judgement, called by its criterion',
    { judgements: [{ criterion: 'errors', metric: 'e', verdict: 'red' }] },
    { judgements: [{ criterion: 'errors', metric: 'e', verdict: 'pass' }] },
    ['judgements.errors.verdict', '"red"', '"pass"']
  ]
])('%s is told with both sides', (_, before, after, [field, recorded, recomputed]) => {
  expect(differencesBetween(before, after)).toEqual([{ field, recorded, recomputed }])
})
