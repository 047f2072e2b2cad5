import { types } from 'node:util'
import { redact } from '../rollout/redaction.ts'
import { EvidenceError, RollgateError } from '../rollout/rollgate-error.ts'

/** Why something is unanswered, in the words of a RollgateError without being thrown. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** What the server says about a failed statement; the driver's class is not the same in every realm. */
interface ServerError {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly position?: string
}

/** One statement is to blame; the transaction can go on without it. */
export class StatementRefused extends EvidenceError {}

/** One statement is to blame, and the line was cut to be rid of its answer. */
export class AnswerTooLarge extends EvidenceError {}

export function isServerError(error: unknown): error is ServerError {
  return typeof error === 'object' && error !== null && 'severity' in error && 'code' in error
}

/** The connection is gone or going, whatever the statement was. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof AnswerTooLarge) return true
  if (isServerError(error)) {
    return /^(?:FATAL|PANIC)$/u.test(error.severity) || /^(?:08|57P|25P03)/u.test(error.code)
  }
  if (!types.isNativeError(error)) return false
  return 'syscall' in error || /^(?:Connection terminated|Client (?:has|was) )/u.test(error.message)
}

interface Explanation {
  readonly code: string
  readonly says: string
  readonly remedy: string
  /** The server's own words name only what the file itself says, so they may be shown. */
  readonly quotes?: boolean
}

/** By SQLSTATE, the longest prefix first. */
const EXPLANATIONS: readonly (readonly [string, Explanation])[] = [
  [
    '57014',
    {
      code: 'timed_out',
      says: 'the query took longer than it may',
      remedy: 'Create the index of sql/setup/index.sql, or make the query read less.'
    }
  ],
  [
    '55P03',
    {
      code: 'locked',
      says: 'somebody holds a lock on the table',
      remedy: 'Wait for the migration or maintenance to finish; the next look tries again.'
    }
  ],
  [
    '42703',
    {
      code: 'missing_column',
      says: 'a column is not there',
      remedy: 'Compare the query with the table in this database.',
      quotes: true
    }
  ],
  [
    '42P01',
    {
      code: 'missing_table',
      says: 'a table is not there',
      remedy: 'Check that the connection string names the right database; write schema and table.',
      quotes: true
    }
  ],
  [
    '42883',
    {
      code: 'wrong_type',
      says: 'an operator or function does not take these types',
      remedy: "Parameters are text: cast them, as in :'since'::timestamptz.",
      quotes: true
    }
  ],
  [
    '42804',
    {
      code: 'wrong_type',
      says: 'the types do not fit',
      remedy: "Parameters are text: cast them, as in :'since'::timestamptz.",
      quotes: true
    }
  ],
  [
    '42501',
    {
      code: 'no_privilege',
      says: 'the role may not read this',
      remedy: 'Grant SELECT to it: see sql/setup/reader-role.sql.',
      quotes: true
    }
  ],
  [
    '42601',
    {
      code: 'not_a_select',
      says: 'this is not one SELECT',
      remedy:
        "A file is one SELECT, VALUES or TABLE; a parameter stands where a value may: :'name'.",
      quotes: true
    }
  ],
  [
    '25006',
    {
      code: 'writes',
      says: 'the query writes',
      remedy: 'A metric only reads; take the writing function or clause out.'
    }
  ],
  [
    '25001',
    {
      code: 'writes',
      says: 'the query changes the transaction it is read in',
      remedy: 'A metric only reads; take the function that does so out.'
    }
  ],
  [
    '22',
    {
      code: 'bad_data',
      says: 'a value in the table is not what the query takes it for',
      remedy: "Guard the cast, as with jsonb_typeof(context -> 'duration_ms') = 'number'."
    }
  ],
  [
    '42',
    {
      code: 'query_wrong',
      says: 'the server does not accept the query',
      remedy: 'Run the file with psql against this database.',
      quotes: true
    }
  ],
  [
    '53',
    {
      code: 'database_busy',
      says: 'the server has no room for the query',
      remedy: 'The next look tries again; if it stays so, look at memory, disk and connections.'
    }
  ]
]

const UNEXPLAINED: Explanation = {
  code: 'query_failed',
  says: 'the query failed',
  remedy: 'Run the file with psql against this database.'
}

/** The sentence for a failed statement: where, what, and the server's code. */
export function describeFailure(error: unknown, file: string, sent: string): Problem {
  if (error instanceof RollgateError) return error
  if (!isServerError(error))
    return { ...problemOf(UNEXPLAINED), message: `${file}: the query failed.` }
  const found = EXPLANATIONS.find(([state]) => error.code.startsWith(state))?.[1] ?? UNEXPLAINED
  const said = found.quotes ? `: ${redact(error.message).slice(0, 300)}` : ''
  const message = `${file}${lineOf(error, sent)}: ${found.says} (${error.code})${said}.`
  return { ...problemOf(found), message }
}

function problemOf({ code, remedy }: Explanation): Pick<Problem, 'code' | 'remedy'> {
  return { code, remedy }
}

/** Placeholders keep the lines of the file, so the server's position leads back to one. */
function lineOf(error: ServerError, sent: string): string {
  const position = Number(error.position)
  return position > 0
    ? `:${[...sent].slice(0, position - 1).filter(c => c === '\n').length + 1}`
    : ''
}
