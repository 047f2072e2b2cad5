import { describe, expect, test } from '@jest/globals'
import { type JudgeRequest, judgeCounts } from '../../src/operations/judge-counts.ts'

const REQUEST: JudgeRequest = {
  pass: '97%',
  red: '90%',
  hours: 48,
  strictMinN: 50,
  text: '10,10\n'
}

function judged(text: string, change: Partial<JudgeRequest> = {}) {
  return judgeCounts({ ...REQUEST, ...change, text })
}

describe('hourly counts', () => {
  test.each<[string, string, string, number, number]>([
    ['enough good units', '100,100\n', 'pass', 100, 100],
    ['too few good units', '10,10\n', 'insufficient', 10, 10],
    ['a break', '10,10\n10,10\n0,9\n', 'red', 20, 29],
    ['no rows', '', 'insufficient', 0, 0],
    ['a heading', 'good,all\n100,100', 'pass', 100, 100],
    [
      'spaces, empty lines and the line ends of Windows',
      ' 60 , 60 \r\n\r\n40,40\r\n',
      'pass',
      100,
      100
    ]
  ])('with %s', (_, text, verdict, good, all) => {
    expect(judged(text)).toMatchObject({ verdict, good, all })
  })

  test('are one hour a row', () => {
    const { segment } = judged(`${'50,50\n'.repeat(5)}0,10\n`)
    expect(segment).toMatchObject({ component: 'L2', start: 5, all: 10 })
  })

  test.each([
    ['97%', '90%'],
    ['>= 97%', '< 90%'],
    ['>=97%', '<90%']
  ])('are judged by %s and %s alike', (pass, red) => {
    expect(judged('10,10', { pass, red })).toEqual(judged('10,10'))
  })

  test('are good of all under a ceiling on the bad share too, and a bare red looks the other way', () => {
    for (const red of ['> 5%', '5%']) {
      expect(judged('80,100', { pass: '< 1%', red })).toMatchObject({ verdict: 'red', good: 80 })
    }
  })

  test('under bounds that contradict each other are an error, not a verdict', () => {
    expect(judged('10,10', { pass: '80%' })).toMatchObject({ verdict: 'error', code: 'bad-rule' })
  })

  test('show a healthy 98% to be no reason for alarm, and a strict minimum of one to be', () => {
    expect(judged('9,10').verdict).not.toBe('red')
    expect(judged('8,10').verdict).toBe('warn')
    expect(judged('8,10', { strictMinN: 1 }).verdict).toBe('red')
  })
})

describe('what makes no sense', () => {
  test('is all named at once', () => {
    const wrong = { pass: '97', red: 'ninety', hours: 0.5 }
    expect(() => judged('good,all\n10,10\nten,10\n11,10\n', wrong)).toThrow(
      expect.objectContaining({
        code: 'judge_invalid',
        message: [
          '--pass "97" is not a bound on a share. Fix: --pass 97%.',
          '--red "ninety" is not a bound on a share. Fix: --red 97%.',
          'line 3 "ten,10" is not a row. Fix: write good,all with 0 <= good <= all.',
          'line 4 "11,10" is not a row. Fix: write good,all with 0 <= good <= all.',
          '--hours "0.5" is not a whole number of hours. Fix: --hours 48.'
        ].join('\n')
      })
    )
  })

  test.each([
    '10',
    '10;10',
    '10,10,10',
    '-1,10',
    '1.5,10',
    '1e3,10000',
    '10,',
    'good,all,x',
    `1,${'9'.repeat(16)}`
  ])('is no row: %s', row => {
    expect(() => judged(`10,10\n${row}`)).toThrow('line 2')
  })

  test('is cut when it is long', () => {
    expect(() => judged('x'.repeat(999))).toThrow(`"${'x'.repeat(40)}"`)
  })

  test.each([Number.NaN, 0, -48, 1.5, Number.POSITIVE_INFINITY])(
    'is no horizon: %p hours',
    hours => {
      expect(() => judged('10,10', { hours })).toThrow('--hours')
    }
  )
})
