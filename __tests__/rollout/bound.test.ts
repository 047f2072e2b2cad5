import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseBound, parseValueBound } from '../../src/rollout/bound.ts'
import { thresholdText } from '../../src/verdict/threshold.ts'
import { valueBoundText } from '../../src/verdict/value-look.ts'

describe('a bound on a share', () => {
  test.each([
    ['>= 97%', '>=', 97],
    ['>97%', '>', 97],
    ['<= 5%', '<=', 5],
    ['< 0.07%', '<', 0.07],
    ['< 99.999%', '<', 99.999],
    ['>= 0%', '>=', 0],
    ['<= 100%', '<=', 100],
    ['<= 100.000%', '<=', 100]
  ] as const)('%s is read', (text, operator, percent) => {
    expect(parseBound(text)).toEqual({ operator, percent })
  })

  test.each([
    '',
    '97%',
    '>= 97',
    '>=  97%',
    ' >= 97%',
    '>= 97% ',
    '>= 97 %',
    '>= 97%\n',
    '> 100.1%',
    '> 101%',
    '> 1000%',
    '>= -1%',
    '>= .5%',
    '>= 5.%',
    '>= 1e1%',
    '= 97%',
    '== 97%',
    '=> 97%',
    '>= ninety%'
  ])('%j is none', text => {
    expect(parseBound(text)).toBeUndefined()
  })

  test('whatever a threshold is written as is read back as the same threshold', () => {
    const percent = fc.integer({ min: 0, max: 100_000 }).map(n => n / 1000)
    const operator = fc.constantFrom('>=', '>', '<=', '<')
    fc.assert(
      fc.property(fc.record({ operator, percent }), threshold => {
        expect(parseBound(thresholdText(threshold))).toEqual(threshold)
      })
    )
  })
})

describe('a bound on a value', () => {
  test.each([
    ['<= 5000', '<=', 5000],
    ['>0.5', '>', 0.5],
    ['< -3', '<', -3],
    ['>= 0', '>=', 0],
    ['<= 123456789012345', '<=', 123_456_789_012_345]
  ] as const)('%s is read', (text, operator, value) => {
    expect(parseValueBound(text)).toEqual({ operator, value })
  })

  test.each([
    '',
    '5000',
    '<= 97%',
    '<=  5000',
    ' <= 5000',
    '<= 5000\n',
    '<= 5_000',
    '<= 5,000',
    '<= 1e3',
    '<= .5',
    '<= 5.',
    '<= - 3',
    '<= 1234567890123456',
    '= 5000',
    '<= NaN',
    '<= Infinity'
  ])('%j is none', text => {
    expect(parseValueBound(text)).toBeUndefined()
  })

  test('whatever a bound is written as is read back as the same bound, and as no share', () => {
    const value = fc.integer({ min: -1e9, max: 1e9 }).map(n => n / 1000)
    const operator = fc.constantFrom('>=', '>', '<=', '<')
    fc.assert(
      fc.property(fc.record({ operator, value }), bound => {
        expect(parseValueBound(valueBoundText(bound))).toEqual(bound)
        expect(parseBound(valueBoundText(bound))).toBeUndefined()
      })
    )
  })
})
