import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { numberText } from '../../src/verdict/wording.ts'

test.each([
  [1840, undefined, '1,840'],
  [1840.37, undefined, '1,840'],
  [12.34567, undefined, '12.3'],
  [0.0123456, undefined, '0.0123'],
  [0, undefined, '0'],
  [-1234.5, undefined, '-1,235'],
  [1e-9, undefined, '1e-9'],
  [1e21, undefined, '1e+21'],
  [1234567.891, undefined, '1,234,568'],
  [5000, 5000, '5,000'],
  [5000.4, 5000, '5,000.4'],
  [4999.9996, 5000, '4,999.9996'],
  [5000.00000001, 5000, '5,000.00000001']
])('%d beside %p is told as %s', (value, bound, text) => {
  expect(numberText(value, bound)).toBe(text)
})

test('a number is always told within half a percent and on its side of the bound', () => {
  const number = fc.double({ noDefaultInfinity: true, noNaN: true })
  const near = fc.tuple(number, fc.double({ min: -1e-6, max: 1e-6, noNaN: true }))
  fc.assert(
    fc.property(near, ([bound, apart]) => {
      const value = bound + apart
      const told = Number(numberText(value, bound).replaceAll(',', ''))
      expect(Math.abs(told - value)).toBeLessThanOrEqual(Math.abs(value) * 0.005)
      expect(Math.sign(told - bound)).toBe(Math.sign(value - bound))
    })
  )
})
