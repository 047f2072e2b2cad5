import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { code, details, escapeMarkdown, link, md, table } from '../../src/report/markdown.ts'
import { EXPRESSION, hostile } from './hostile.ts'
import { tablesIn } from './tables.ts'

describe('escaped text', () => {
  test.each([
    ['a pipe', 'a|b', 'a&#124;b'],
    ['a pipe that is escaped already', 'a\\|b', 'a\\\\&#124;b'],
    ['backticks', '`rm`', '&#96;rm&#96;'],
    ['HTML', '<img src=x onerror=y>', '&lt;img src=x onerror=y>'],
    ['an end of a comment or a fold', '</details>-->', '&lt;/details>-->'],
    ['an entity', '&lt;b&gt;', '&amp;lt;b&amp;gt;'],
    ['a new line', 'one\r\n\ttwo', 'one two'],
    ['a link and an image', '![x](y)', '!\\[x\\](y)'],
    ['emphasis', '*a* _b_ ~c~', '\\*a\\* \\_b\\_ \\~c\\~'],
    ['a workflow command', '::set-output name=a::b', ':&#58;set-output name=a:&#58;b'],
    ['an expression', EXPRESSION, '&#36;{&#123; secrets.TOKEN }}'],
    ['a formula', '$x$', '&#36;x&#36;'],
    ['a heading', '# big', '\\# big'],
    ['a list and a quote', '- a', '\\- a'],
    ['a numbered list', '1. a', '1\\. a'],
    ['text turned around', 'a\u202eb\u2066c', 'a b c'],
    ['half a character', 'a\ud800b', 'a\ufffdb']
  ])('takes the effect from %s', (_, text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped)
  })

  test.each([
    'FEATURE_PIPELINE_V3 is "true"',
    '97 of 100 (97%)',
    '>= 97%'.slice(3),
    'pass < 1%; red > 5%',
    '@acme/booking',
    'T+6h',
    'مرحبا',
    '12.5%'
  ])('leaves %s readable', text => {
    expect(escapeMarkdown(text)).toBe(text)
  })

  test('is cut after a thousand characters, and says so', () => {
    const text = escapeMarkdown('😀'.repeat(10_000))
    expect(text).toBe(`${'😀'.repeat(1000)}… (9,000 more characters)`)
  })

  test('never holds what could end its line, its cell or its page', () => {
    fc.assert(
      fc.property(hostile, text => {
        const escaped = escapeMarkdown(text)
        expect(escaped).not.toMatch(/[\r\n|`$\u2028\u202e]|::|\{\{|<[a-z/!?]|^>/iu)
      })
    )
  })
})

describe('a table', () => {
  test('has as many cells in every row as it has columns, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hostile, { maxLength: 5 })), rows => {
        const [cells = []] = tablesIn(table(['a', 'b', 'c'], rows))
        expect(cells).toHaveLength(rows.length + 2)
        expect(cells.every(row => row.length === 3)).toBe(true)
      })
    )
  })

  test('shows a dash where a cell is missing', () => {
    expect(table(['a', 'b'], [['1']])).toBe('| a | b |\n| --- | --- |\n| 1 | – |')
  })
})

test('code is in backticks, unless its text could end them', () => {
  expect(code('T+6h')).toEqual({ markdown: '`T+6h`' })
  expect(code('a`b|c')).toEqual({ markdown: '<code>a&#96;b&#124;c</code>' })
  fc.assert(
    fc.property(hostile, text => {
      expect(tablesIn(table(['a'], [[code(text)]])).flat()).toHaveLength(3)
    })
  )
})

test.each([
  ['https://x.vercel.app/a?b=c', '[x](https://x.vercel.app/a?b=c)'],
  ['evidence/staging-full/T+6h', '[x](evidence/staging-full/T+6h)'],
  ['javascript:alert(1)', 'x'],
  ['//elsewhere.example', 'x'],
  ['https://x.app/) | [y](z', 'x']
])('a link to %s is %s', (address, markdown) => {
  expect(link('x', address)).toEqual({ markdown })
})

test('only what is Markdown already goes into Markdown as it is', () => {
  const name = '<b>'
  expect(md`**${name}** ${md`_${1}_`}`.markdown).toBe('**&lt;b>** _1_')
  expect(details('<b>', '| a |')).toBe('<details><summary>&lt;b></summary>\n\n| a |\n\n</details>')
})
