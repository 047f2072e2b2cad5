import type { Connection, Rows, TextRow } from './connection.ts'
import { StatementRefused } from './failure.ts'
import type { Limits } from './limits.ts'
import type { BoundStatement } from './statement.ts'

/** The rows of a statement, and whether there would have been more. */
export interface GuardedRows extends Rows {
  readonly truncated: boolean
}

const PAGE = 1000

const ARM = `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
  set_config('idle_in_transaction_session_timeout', $3, true), set_config('work_mem', '64MB', true),
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
    // A session that may still be inside the transaction is of no use to anybody.
    await connection.query('rollback').catch(() => connection.destroy())
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
    await connection.query('rollback to savepoint look')
    throw error
  }
}

/**
 * Runs somebody's SQL, provided that it is one plain read: EXPLAIN and DECLARE CURSOR take nothing
 * else by their grammar, and the plan shows a write inside a CTE or a row lock.
 * @throws StatementRefused, or what the server says
 */
export async function readGuarded(
  connection: Connection,
  statement: BoundStatement,
  limits: Limits
): Promise<GuardedRows> {
  const endsAt = performance.now() + limits.fileMs
  const rearm = () => armUntil(connection, limits, endsAt, statement)
  await rearm()
  judgePlan(statement, await explain(connection, statement), limits)
  await rearm()
  await connection.query(`declare look no scroll cursor for ${statement.text}`, statement.values)
  const result = await fetchAll(connection, rearm, limits.maxRows)
  if (connection.transactionStatus() !== 'T') {
    throw refused('writes', statement, 'the query left its transaction')
  }
  await connection.query('close look')
  return result
}

/** What the server sees first; positions in its complaints count from the start of this. */
export function explainOf(text: string): string {
  return `explain (format json) ${text}`
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Total Cost': number
  readonly Plans?: readonly PlanNode[]
}

async function explain(
  connection: Connection,
  { text, values }: BoundStatement
): Promise<PlanNode | undefined> {
  const { rows } = await connection.query(explainOf(text), values)
  const [answer]: readonly ({ readonly Plan?: PlanNode } | undefined)[] = JSON.parse(
    rows[0]?.[0] ?? '[]'
  )
  return answer?.Plan
}

function judgePlan(statement: BoundStatement, plan: PlanNode | undefined, limits: Limits): void {
  if (plan === undefined) throw refused('not_a_select', statement, 'this is not one SELECT')
  const writing = nodesOf(plan).find(node => /ModifyTable|LockRows/u.test(node['Node Type']))
  if (writing !== undefined) {
    throw refused('writes', statement, `the query writes or locks (${writing['Node Type']})`)
  }
  if (plan['Total Cost'] > limits.maxPlannedCost) {
    throw refused('too_expensive', statement, `the planned cost is ${plan['Total Cost']}`)
  }
}

function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}

async function fetchAll(
  connection: Connection,
  rearm: () => Promise<void>,
  maxRows: number
): Promise<GuardedRows> {
  const rows: TextRow[] = []
  for (;;) {
    await rearm()
    const page = await connection.query(`fetch ${PAGE} from look`)
    rows.push(...page.rows)
    const truncated = rows.length > maxRows
    if (truncated || page.rows.length < PAGE) {
      return { columns: page.columns, rows: rows.slice(0, maxRows), truncated }
    }
  }
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

/** Set anew before each statement, since a statement may set them too. */
async function arm(connection: Connection, limits: Limits, statementMs: number): Promise<void> {
  const times = [Math.ceil(statementMs), limits.lockMs, 60_000]
  await connection.query(
    ARM,
    times.map(ms => `${ms}ms`)
  )
}

const REMEDIES = {
  not_a_select: 'A file is one SELECT, VALUES or TABLE.',
  writes: 'A metric only reads; take the writing or locking clause out.',
  too_expensive: 'Create the index of sql/setup/index.sql, or make the query read less.',
  timed_out: 'Create the index of sql/setup/index.sql, or make the query read less.'
} as const

function refused(code: keyof typeof REMEDIES, { file }: BoundStatement, problem: string) {
  return new StatementRefused(code, `${file}: ${problem}.`, REMEDIES[code])
}
