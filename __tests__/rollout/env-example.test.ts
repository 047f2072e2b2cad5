import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { setEnvExample } from '../../src/rollout/env-example.ts'

const ON = { FEATURE: 'true' }

describe('only the value changes', () => {
  test.each([
    ['a plain value', 'FEATURE=false\n', 'FEATURE=true\n'],
    ['no value', 'FEATURE=\n', 'FEATURE=true\n'],
    ['no value before another line', 'FEATURE=\nOTHER=1\n', 'FEATURE=true\nOTHER=1\n'],
    ['double quotes', 'FEATURE="false"\n', 'FEATURE="true"\n'],
    ['single quotes', "FEATURE='false'\n", "FEATURE='true'\n"],
    ['a comment behind it', 'FEATURE=false # off\n', 'FEATURE=true # off\n'],
    ['a comment behind quotes', 'FEATURE="false" # off\n', 'FEATURE="true" # off\n'],
    ['a comment behind nothing', 'FEATURE= # off\n', 'FEATURE=true # off\n'],
    ['spaces around it', '  FEATURE = false  \n', '  FEATURE = true  \n'],
    ['export', 'export FEATURE=false\n', 'export FEATURE=true\n'],
    [
      'the line ends of Windows',
      'A=1\r\nFEATURE=false\r\nB=2\r\n',
      'A=1\r\nFEATURE=true\r\nB=2\r\n'
    ],
    ['no end of the last line', 'A=1\nFEATURE=false', 'A=1\nFEATURE=true'],
    ['a value of several lines', 'FEATURE="a\nb"\nB=2\n', 'FEATURE="true"\nB=2\n'],
    ['several words', 'FEATURE=one two # three\n', 'FEATURE=true # three\n'],
    ['a sign of number in a word', 'FEATURE=one#two\n', 'FEATURE=true\n'],
    ['the same key twice', 'FEATURE=false\nFEATURE=no\n', 'FEATURE=true\nFEATURE=true\n']
  ])('%s', (_, before, after) => {
    expect(setEnvExample(before, ON)).toBe(after)
  })

  test('comments, order and everything else stay as they are', () => {
    const text = '# flags\n#FEATURE=false\n\nB=2\nFEATURE=false\n\n# the end\nA=1\n'
    expect(setEnvExample(text, ON)).toBe(text.replace('\nFEATURE=false', '\nFEATURE=true'))
  })

  test.each([
    'FEATURE_TWO=false\n',
    'MY_FEATURE=false\n',
    'feature=false\n',
    'KEY="\nFEATURE=false\n"\n'
  ])('%j is another matter', text => {
    expect(setEnvExample(text, ON)).toBe(`${text}FEATURE=true\n`)
  })

  test.each(['FEATURE=true\n', "FEATURE='true'\n", 'FEATURE="true" # on\n'])(
    '%j is right already',
    text => {
      expect(setEnvExample(text, ON)).toBe(text)
    }
  )
})

describe('what is missing is added at the end', () => {
  test.each([
    ['of an empty file', '', 'FEATURE=true\n'],
    ['of a file', 'A=1\n', 'A=1\nFEATURE=true\n'],
    ['after a line that was not ended', 'A=1', 'A=1\nFEATURE=true\n'],
    ['with the line ends of Windows', 'A=1\r\nB=2', 'A=1\r\nB=2\r\nFEATURE=true\r\n']
  ])('%s', (_, before, after) => {
    expect(setEnvExample(before, ON)).toBe(after)
  })
})

test.each([
  ['words', 'one two', "FEATURE='one two'\n"],
  ['a number sign', '#1', "FEATURE='#1'\n"],
  ['a single quote', "it's", 'FEATURE="it\'s"\n'],
  ['both quotes', `it's "so"`, 'FEATURE=`it\'s "so"`\n'],
  ['a dollar sign', '$HOME', "FEATURE='$HOME'\n"],
  ['nothing', '', 'FEATURE=\n']
])('a value that is %s is quoted as it needs', (_, value, expected) => {
  expect(setEnvExample('FEATURE=x\n', { FEATURE: value })).toBe(expected)
})

test('quotes that cannot hold the value are exchanged', () => {
  expect(setEnvExample("FEATURE='x'\n", { FEATURE: "it's" })).toBe('FEATURE="it\'s"\n')
})

test('doing it again changes nothing, whatever the file holds', () => {
  const line = fc.constantFrom(
    'A=1',
    '# c',
    '',
    'FEATURE=x',
    'FEATURE="y" # z',
    "B='1",
    'C="',
    'export D = 4',
    '=',
    '\r'
  )
  const value = fc.constantFrom('true', '3', 'a b', '')
  fc.assert(
    fc.property(fc.array(line), value, (lines, wanted) => {
      const once = setEnvExample(lines.join('\n'), { FEATURE: wanted })
      expect(setEnvExample(once, { FEATURE: wanted })).toBe(once)
    })
  )
})

test('a long line of nothing is no trouble', () => {
  const text = `A=${' x'.repeat(50_000)}\nB=${' '.repeat(50_000)}#\n"${'\\"'.repeat(50_000)}`
  expect(setEnvExample(text, ON)).toBe(`${text}\nFEATURE=true\n`)
})
