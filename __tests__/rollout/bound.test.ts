import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseBound } from '../../src/rollout/bound.ts'
import { thresholdText } from '../../src/verdict/threshold.ts'

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
