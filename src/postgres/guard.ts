import type { Connection, Rows, ServerAnswer, TextRow } from './connection.ts'
import { AnswerTooLarge, isConnectionLost, StatementRefused } from './failure.ts'
import type { Limits } from './limits.ts'
import { outlookOf } from './outlook.ts'
import { fetchPages } from './pages.ts'
import { allNodes, explain, type PlanNode } from './plan.ts'
import type { BoundStatement } from './statement.ts'

/** The rows of a statement, and whether there would have been more. */
export interface GuardedRows extends Rows {
  readonly truncated: boolean
}

/**
 * A cursor is planned without parallel workers, and for its first rows unless told that all are
 * wanted: with both said, EXPLAIN shows the plan that the cursor will have.
 */
const ARM = `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
  set_config('idle_in_transaction_session_timeout', $3, true), set_config('work_mem', '64MB', true),
  set_config('jit', 'off', true), set_config('cursor_tuple_fraction', '1', true),
  set_config('max_parallel_workers_per_gather', '0', true),
  set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
  set_config('search_path', 'pg_catalog, public', true)`

/**
 * One read-only transaction and one snapshot for everything in `work`, never committed. The first
 * statement is a SELECT: after it the transaction cannot be turned into one that writes.
 */
export async function inSnapshot<Result>(
  connection: Connection,
  limits: Limits,
  work: () => Promise<Result>
): Promise<Result> {
  await connection.query('begin isolation level repeatable read read only')
  try {
    await arm(connection, limits, limits.statementMs)
    return await work()
  } finally {
    await leaveNothing(connection)
  }
}

/**
 * Advisory locks outlive the transaction that took them, and behind a pooler the connection too: all
 * else that a SELECT can leave in a session goes with the rollback. A session in which either of the
 * two fails is of no use to anybody.
 */
async function leaveNothing(connection: Connection): Promise<void> {
  try {
    await connection.query('select pg_catalog.pg_advisory_unlock_all()')
    await connection.query('rollback')
  } catch {
    connection.destroy()
  }
}

/**
 * Keeps a failing statement from taking the transaction with it.
 * @throws what the work throws, after everything it did is undone
 */
export async function inSavepoint<Result>(
  connection: Connection,
  work: () => Promise<Result>
): Promise<Result> {
  await connection.query('savepoint look')
  try {
    const result = await work()
    await connection.query('release savepoint look')
    return result
  } catch (error) {
    if (!isConnectionLost(error)) await connection.query('rollback to savepoint look')
    throw error
  }
}

/**
 * Runs somebody's SQL, provided that it is one plain read: EXPLAIN and DECLARE CURSOR take nothing
 * else by their grammar, and the plan shows a write inside a CTE or a row lock. `take` is given page
 * after page and says whether it wants another one.
 * @throws StatementRefused, AnswerTooLarge, or what the server says
 */
export async function readGuarded(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits,
  take: (page: ServerAnswer) => boolean
): Promise<void> {
  const endsAt = performance.now() + limits.fileMs
  const rearm = () => armUntil(connection, limits, endsAt, statement)
  try {
    await rearm()
    judgePlan(statement, await explain(connection, statement), limits)
    await rearm()
    await connection.query(`declare look no scroll cursor for ${statement.text}`, statement.values)
    await fetchPages(connection, rearm, take)
  } catch (error) {
    throw error instanceof AnswerTooLarge ? tooLarge(AnswerTooLarge, statement, limits) : error
  }
  if (connection.transactionStatus() !== 'T') {
    throw refused('writes', statement, 'the query left its transaction')
  }
  await connection.query('close look')
}

/**
 * All rows of somebody's SQL, for what is judged: few and short ones.
 * @throws as `readGuarded` does
 */
export async function readRows(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits
): Promise<GuardedRows> {
  const rows: TextRow[] = []
  let columns: Rows['columns'] = []
  let bytes = 0
  await readGuarded(connection, statement, limits, page => {
    columns = page.columns
    rows.push(...page.rows)
    bytes += page.bytes
    if (bytes > limits.maxAnswerBytes) throw tooLarge(StatementRefused, statement, limits)
    return rows.length <= limits.maxRows
  })
  return { columns, rows: rows.slice(0, limits.maxRows), truncated: rows.length > limits.maxRows }
}

/**
 * The settings that a statement is planned and run with, set anew before each one, since a statement
 * may set them too.
 */
export async function arm(
  connection: Connection,
  limits: Limits,
  statementMs: number
): Promise<void> {
  const times = [Math.ceil(statementMs), limits.lockMs, 60_000]
  await connection.query(
    ARM,
    times.map(ms => `${ms}ms`)
  )
}

function judgePlan(statement: BoundStatement, plan: PlanNode | undefined, limits: Limits): void {
  if (plan === undefined) throw refused('not_a_select', statement, 'this is not one SELECT')
  const writing = allNodes(plan).find(node => /ModifyTable|LockRows/u.test(node['Node Type']))
  if (writing !== undefined) {
    throw refused('writes', statement, `the query writes or locks (${writing['Node Type']})`)
  }
  const { cost } = outlookOf(plan)
  if (cost > limits.maxPlannedCost) {
    const [planned, budget] = [cost, limits.maxPlannedCost].map(inFull)
    throw refused(
      'too_expensive',
      statement,
      `the planner expects a cost of ${planned}, more than the ${budget} of database.max_planned_cost`
    )
  }
}

function inFull(cost: number): string {
  return Math.round(cost).toLocaleString('en')
}

/** The server's timeout is per statement, so a slow cursor gets less for each further page. */
async function armUntil(
  connection: Connection,
  limits: Limits,
  endsAt: number,
  statement: BoundStatement
): Promise<void> {
  const leftMs = endsAt - performance.now()
  if (leftMs < 1) throw refused('timed_out', statement, 'the query took longer than it may')
  await arm(connection, limits, Math.min(limits.statementMs, leftMs))
}

const REMEDIES = {
  not_a_select: 'A file is one SELECT, VALUES or TABLE.',
  writes: 'A metric only reads; take the writing or locking clause out.',
  too_expensive:
    'Create the index of sql/setup/index.sql, make the query read less, or raise database.max_planned_cost in the definition.',
  timed_out: 'Create the index of sql/setup/index.sql, or make the query read less.'
} as const

function refused(code: keyof typeof REMEDIES, { file }: BoundStatement, problem: string) {
  return new StatementRefused(code, `${file}: ${problem}.`, REMEDIES[code])
}

function tooLarge(
  Kind: typeof AnswerTooLarge | typeof StatementRefused,
  { file }: BoundStatement,
  { maxAnswerBytes }: Limits
) {
  return new Kind(
    'result_too_large',
    `${file}: its rows are larger than the ${maxAnswerBytes / 1e6} MB that are read at once.`,
    'Select less: fewer columns, or left(value, 1000) of a long one.'
  )
}
