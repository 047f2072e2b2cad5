import { InputError } from '../rollout/rollgate-error.ts'
import { lexSql, type Token } from './lexer.ts'

/** One SQL statement of a file, with the places where its parameters go. */
export interface Statement {
  /** As shown to people: `sql/metrics/outcomes.sql`. */
  readonly file: string
  readonly pieces: readonly Piece[]
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly line: number }

/** What is sent: placeholders in the text, values beside it. */
export interface BoundStatement {
  readonly file: string
  readonly text: string
  readonly values: readonly string[]
}

/**
 * Reads a psql file of one statement. `:'name'` is a parameter, as it is to psql; what psql would
 * do and a bound statement cannot (`:name`, `:"name"`, `\set`, a second statement) is refused.
 * @throws InputError naming file and line
 */
export function parseStatement(file: string, text: string): Statement {
  const tokens = lexSql(file, text)
  const end = tokens.findIndex(token => token.kind === 'semicolon')
  const kept = end === -1 ? tokens : tokens.slice(0, end)
  const extra = tokens.slice(kept.length + 1).find(isCode)
  if (extra !== undefined) {
    throw statementError(
      file,
      extra.line,
      'a second statement begins',
      'Keep one statement per file.'
    )
  }
  if (!kept.some(isCode)) {
    throw statementError(file, 1, 'there is no statement', 'Write one SELECT below the header.')
  }
  return { file, pieces: kept.map(pieceOf) }
}

/** The names a statement wants bound, each once. */
export function parametersUsed(statement: Statement): readonly string[] {
  return [...new Set(statement.pieces.flatMap(p => (p.kind === 'parameter' ? [p.name] : [])))]
}

/**
 * Every value travels beside the text: SQL inside a value stays a value. It arrives as the type that
 * it is cast to (`:'since'::timestamptz`), else as text, once for each type: the server would work a
 * cast from text out anew for every row, since what it gives depends on the session. A name in `columns`
 * is not bound but read from there: a column of text, where the statement stands inside another one.
 * @throws InputError naming file, line and the parameters there are
 */
export function bindStatement(
  statement: Statement,
  parameters: Readonly<Record<string, string>>,
  columns: Readonly<Record<string, string>> = {}
): BoundStatement {
  const places: string[] = []
  const values: string[] = []
  const texts = statement.pieces.map((piece, index) => {
    if (piece.kind === 'text') return piece.text
    if (Object.hasOwn(columns, piece.name)) return `(${columns[piece.name]})`
    const value = Object.hasOwn(parameters, piece.name) ? parameters[piece.name] : undefined
    if (value === undefined) throw unknownParameter(statement, piece, parameters)
    const type = castAfter(statement.pieces.slice(index + 1, index + 3))
    const place = `${piece.name}::${type}`
    if (!places.includes(place)) {
      places.push(place)
      values.push(value)
    }
    return `($${places.indexOf(place) + 1}::${type})`
  })
  return { file: statement.file, text: texts.join(''), values }
}

function castAfter(next: readonly Piece[]): 'timestamptz' | 'text' {
  const text = next.map(piece => (piece.kind === 'text' ? piece.text : '')).join('')
  return text === '::timestamptz' ? 'timestamptz' : 'text'
}

/** A mistake in a SQL file, at its line. */
export function statementError(
  file: string,
  line: number,
  problem: string,
  remedy: string
): InputError {
  return new InputError('sql_file_invalid', `${file}:${line}: ${problem}.`, remedy)
}

function isCode(token: Token): boolean {
  return token.kind !== 'comment' && token.kind !== 'semicolon' && token.text.trim() !== ''
}

function pieceOf(token: Token): Piece {
  return token.kind === 'parameter'
    ? { kind: 'parameter', name: token.text.slice(2, -1), line: token.line }
    : { kind: 'text', text: token.text }
}

function unknownParameter(
  statement: Statement,
  piece: { readonly name: string; readonly line: number },
  parameters: Readonly<Record<string, string>>
): InputError {
  const known = Object.keys(parameters).sort().join(', ')
  return new InputError(
    'unknown_parameter',
    `${statement.file}:${piece.line}: the parameter :'${piece.name}' has no value.`,
    `Add it under \`parameters\` in the definition, or use one of: ${known}.`
  )
}
