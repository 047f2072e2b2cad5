import { InputError } from '../rollout/rollgate-error.ts'

/** A stretch of SQL; the texts of all tokens in order are the file. */
export interface Token {
  readonly kind: 'code' | 'quoted' | 'comment' | 'parameter' | 'semicolon'
  readonly text: string
  /** Where it begins, from 1. */
  readonly line: number
}

const LETTER = 'A-Za-z_\\u0080-\\uffff'

/** In order of precedence; the first that matches at a place wins. */
const RULES: readonly (readonly [Token['kind'] | Refusal, RegExp])[] = [
  ['comment', /--[^\r\n]*/uy],
  ['quoted', /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/uy],
  ['quoted', /'(?:[^']|'')*'/uy],
  ['quoted', /"(?:[^"]|"")*"/uy],
  ['quoted', new RegExp(`(\\$(?:[${LETTER}][0-9${LETTER}]*)?\\$)[\\s\\S]*?\\1`, 'uy')],
  // Whole words, so that the `e` of `name'x'` or the `$` of `a$b$` is not taken for a quote.
  ['code', new RegExp(`[${LETTER}][0-9$${LETTER}]*`, 'uy')],
  ['code', /::|:=/uy],
  ['parameter', /:'\w+'/uy],
  ['named', /:'[^'\r\n]*'/uy],
  ['identifier', /:"/uy],
  ['bare', new RegExp(`:[${LETTER}][0-9${LETTER}]*`, 'uy')],
  ['test', /:\{/uy],
  ['position', /\$\d+/uy],
  ['command', /\\\S*/uy],
  ['open', /['"]|\/\*/uy],
  ['semicolon', /;/uy],
  ['code', /\s+|\d+|[\s\S]/uy]
]

const REFUSALS = {
  named: [
    'is not the name of a psql variable',
    'Letters, digits and underscores make a parameter name.'
  ],
  identifier: ['would become an identifier', "Only values can be bound: write :'name'."],
  bare: [
    'would become SQL text',
    "Put the name in quotes, so that it is bound as a value: :'name'."
  ],
  test: ['asks psql whether a variable exists', "Every parameter exists: write :'name'."],
  position: ['is a placeholder of its own', "Name the parameter: :'name'."],
  command: ['is a command of psql, not SQL', 'Leave it out; only the statement is run.'],
  open: ['is never closed', 'Close the quote or the comment.']
} as const
type Refusal = keyof typeof REFUSALS

/**
 * Cuts SQL as psql and the server do: quotes, escapes, dollar quotes, nested comments.
 * @throws InputError at what psql would read and a bound statement cannot express
 */
export function lexSql(file: string, text: string): readonly Token[] {
  const tokens: Token[] = []
  let line = 1
  for (let at = 0; at < text.length; ) {
    const [kind, found] = tokenAt(text, at)
    if (kind in REFUSALS) throw refusal(file, line, kind as Refusal, found)
    tokens.push({ kind: kind as Token['kind'], text: found, line })
    at += found.length
    line += found.split('\n').length - 1
  }
  return tokens
}

function tokenAt(text: string, at: number): readonly [Token['kind'] | Refusal, string] {
  const comment = blockCommentAt(text, at)
  if (comment !== undefined) return ['comment', comment]
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at
    const found = rule.exec(text)?.[0]
    if (found) return [kind, found]
  }
  // The last rule takes any character.
  return ['code', text.slice(at, at + 1)]
}

/** Comments nest, which no regular expression follows; undefined when none is closed here. */
function blockCommentAt(text: string, start: number): string | undefined {
  if (!text.startsWith('/*', start)) return undefined
  const marks = /\/\*|\*\//gu
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return text.slice(start, marks.lastIndex)
  }
  return undefined
}

function refusal(file: string, line: number, kind: Refusal, found: string): InputError {
  const [problem, remedy] = REFUSALS[kind]
  return new InputError('sql_file_invalid', `${file}:${line}: ${found} ${problem}.`, remedy)
}
