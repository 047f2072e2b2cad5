import type { Connection, Rows, ServerAnswer } from './connection.ts'
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

const ARM = `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
  set_config('idle_in_transaction_session_timeout', $3, true), set_config('work_mem', '64MB', true),
  set_config('jit', 'off', true), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
  set_config('search_path', 'pg_catalog, public', true)`

/**
 * A cursor is planned without parallel workers, and for its first rows unless told that all are
 * wanted: with both said, EXPLAIN shows the plan that the cursor will have.
 */
const ARM_CURSOR = `select set_config('cursor_tuple_fraction', '1', true),
  set_config('max_parallel_workers_per_gather', '0', true)`

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
 * Streams the rows of somebody's SQL, of which there may be any number, through a cursor. Takes one
 * plain read and nothing else: EXPLAIN and DECLARE CURSOR refuse more by their grammar, and the plan
 * shows a write inside a CTE or a row lock. `take` is given page after page and says whether it wants
 * another one.
 * @throws StatementRefused, AnswerTooLarge, or what the server says
 */
export async function streamRows(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits,
  take: (page: ServerAnswer) => boolean
): Promise<void> {
  await guarded(connection, statement, limits, async rearm => {
    await connection.query(ARM_CURSOR)
    judgePlan(statement, await explain(connection, statement), limits)
    await rearm()
    await connection.query(`declare look no scroll cursor for ${statement.text}`, statement.values)
    await fetchPages(connection, rearm, take)
  })
  await connection.query('close look')
}

/**
 * All rows of somebody's SQL at once, for what is judged: few and short ones. Takes one plain read and
 * nothing else: what writes cannot stand in a FROM clause, and the plan shows a row lock. Unlike a
 * cursor it may have parallel workers, which a table without an index is read faster by.
 * @throws as `streamRows` does
 */
export async function readRows(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits
): Promise<GuardedRows> {
  const { columns, rows } = await guarded(connection, statement, limits, async rearm => {
    judgePlan(statement, await explain(connection, statement), limits)
    await rearm()
    // On lines of its own, so that a comment at the end of the SQL ends there.
    const bounded = `select * from (\n${statement.text}\n) as answer limit ${limits.maxRows + 1}`
    return connection.query(bounded, statement.values)
  })
  return { columns, rows: rows.slice(0, limits.maxRows), truncated: rows.length > limits.maxRows }
}

/** What a statement may take of time and memory, and that it leaves the transaction as it was. */
async function guarded<Result>(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits,
  run: (rearm: () => Promise<void>) => Promise<Result>
): Promise<Result> {
  const endsAt = performance.now() + limits.fileMs
  const rearm = () => armUntil(connection, limits, endsAt, statement)
  let result: Result
  try {
    await rearm()
    result = await run(rearm)
  } catch (error) {
    throw error instanceof AnswerTooLarge ? tooLarge(statement, limits) : error
  }
  if (connection.transactionStatus() !== 'T') {
    throw refused('writes', statement, 'the query left its transaction')
  }
  return result
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

function tooLarge({ file }: BoundStatement, { maxAnswerBytes }: Limits): AnswerTooLarge {
  return new AnswerTooLarge(
    'result_too_large',
    `${file}: its rows are larger than the ${maxAnswerBytes / 1e6} MB that are read at once.`,
    'Select less: fewer columns, or left(value, 1000) of a long one.'
  )
}
