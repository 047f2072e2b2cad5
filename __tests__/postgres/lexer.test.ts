import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lexSql } from '../../src/postgres/lexer.ts'
import { bindStatement, parametersUsed, parseStatement } from '../../src/postgres/statement.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'

const bind = (text: string, parameters: Readonly<Record<string, string>> = { a: '1', b: '2' }) =>
  bindStatement(parseStatement('sql/x.sql', text), parameters)

describe('a parameter', () => {
  test.each([
    ["select :'a'", 'select ($1::text)', ['1']],
    ["select :'a'::int", 'select ($1::text)::int', ['1']],
    ["select :'a'::timestamptz", 'select ($1::timestamptz)::timestamptz', ['1']],
    [
      "select :'a'::timestamptz, :'a', :'a'::timestamptz",
      'select ($1::timestamptz)::timestamptz, ($2::text), ($1::timestamptz)::timestamptz',
      ['1', '1']
    ],
    ["select :'b', :'a', :'b'", 'select ($1::text), ($2::text), ($1::text)', ['2', '1']],
    ["select x::text, :'a'", 'select x::text, ($1::text)', ['1']],
    ["select f(x := :'a')", 'select f(x := ($1::text))', ['1']],
    ["select a[1:2], :'a'", 'select a[1:2], ($1::text)', ['1']],
    ["select :'a';\n-- done\n", 'select ($1::text)', ['1']],
    ["select '' :'a'", "select '' ($1::text)", ['1']]
  ])('in %j is bound', (text, sent, values) => {
    expect(bind(text)).toMatchObject({ text: sent, values })
  })

  test.each([
    "select ':''a''', 'it''s :x'",
    String.raw`select E'\' :''a'' \\'`,
    String.raw`select e'\':a'`,
    `select ":a" from "t"";:b"`,
    "select $$ :'a' ; $$",
    "select $q$ :'a' $$ ; $q$",
    "select 1 -- :'a' ; it's",
    "select /* :'a' /* ; */ ' */ 1",
    'select a$b$c, b$b$ from t',
    "select U&'\\0061 :a'",
    "select name'x' , stone'\\'"
  ])('is not seen in %s', text => {
    expect(bind(text)).toMatchObject({ text, values: [] })
  })

  test('stays beside the text, whatever it holds', () => {
    const value = "'; delete from t; --"
    expect(bind("select :'a'", { a: value })).toMatchObject({ values: [value] })
  })

  test('without a value is refused with file, line and the names there are', () => {
    const statement = parseStatement('sql/x.sql', "select 1,\n\n  :'sorce'")
    const bad = () => bindStatement(statement, { source: 's', since: 't' })
    expect(bad).toThrow("sql/x.sql:3: the parameter :'sorce' has no value.")
    expect(remedyOf(bad)).toContain('since, source')
  })

  test('is not taken from the prototype', () => {
    expect(() => bind("select :'constructor'")).toThrow(InputError)
  })
})

describe('a file', () => {
  test.each([
    ['select :a', ':a would become SQL text', ":'name'"],
    ['select\n:"a"', 'sql/x.sql:2: :" would become an identifier', ":'name'"],
    ['select :{?a}', 'asks psql', ":'name'"],
    ["select :'a-b'", 'is not the name of a psql variable', 'underscores'],
    ['select $1', '$1 is a placeholder', ":'name'"],
    ['\\timing\nselect 1', 'sql/x.sql:1: \\timing is a command of psql', 'statement'],
    ["select 'a", 'is never closed', 'Close'],
    ['select "a', 'is never closed', 'Close'],
    ['select /* /* */ 1', 'is never closed', 'Close'],
    ['select 1; delete from t', 'a second statement begins', 'one statement'],
    ['select 1;;\n;select 2', 'sql/x.sql:2: a second statement', 'one statement'],
    ['-- nothing\n/* here */ ;', 'there is no statement', 'SELECT']
  ])('%j is refused', (text, problem, remedy) => {
    expect(() => bind(text)).toThrow(problem)
    expect(remedyOf(() => bind(text))).toContain(remedy)
  })
})

describe('whatever a file is made of', () => {
  const quoted = fc.constantFrom(
    "'a :''b'' ; '",
    String.raw`E'\':\\ '`,
    '":a;"',
    "$$ :'b' $$",
    "$t$ ; $$ :'b' $t$",
    "-- :'b' ;\n",
    "/* :'b' /* ; */ */",
    ' x::text ',
    ' a.b, 12 <> 3 '
  )
  const parameter = fc.constantFrom('a', 'since', 'x_1').map(name => ` :'${name}' `)
  const file = fc.array(fc.oneof(quoted, parameter), { minLength: 1 })

  test('the tokens put together are the file', () => {
    fc.assert(
      fc.property(file, pieces => {
        const text = pieces.join(' ')
        const tokens = lexSql('x.sql', text)
        expect(tokens.map(token => token.text).join('')).toBe(text)
      })
    )
  })

  test('exactly the parameters outside quotes and comments are bound', () => {
    fc.assert(
      fc.property(file, pieces => {
        const wanted = pieces.flatMap(piece => /^ :'(\w+)' $/u.exec(piece)?.[1] ?? [])
        const statement = parseStatement('x.sql', `select ${pieces.join(' ')}`)
        expect(parametersUsed(statement)).toEqual([...new Set(wanted)])
      })
    )
  })

  test('any text is cut to the end or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`'"$\\:;-/*eE a1_\n`) }), text => {
        try {
          expect(
            lexSql('x.sql', text)
              .map(token => token.text)
              .join('')
          ).toBe(text)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
      { numRuns: 1000 }
    )
  })
})

function remedyOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof InputError) return error.remedy
  }
  throw new Error('nothing was refused')
}
