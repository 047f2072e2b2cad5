import type { Connection } from './connection.ts'
import type { BoundStatement } from './statement.ts'

/** A node of a plan, as `explain (format json)` writes it. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Total Cost': number
  readonly 'Relation Name'?: string
  /** With `verbose` only. */
  readonly Schema?: string
  readonly Filter?: string
  /** `CTE …` or `InitPlan …` on what is worked out beside the node it hangs on. */
  readonly 'Subplan Name'?: string
  /** Of a `CTE Scan`. */
  readonly 'CTE Name'?: string
  /** Decides, once and before anything below is read, whether it is read at all. */
  readonly 'One-Time Filter'?: string
  readonly 'Join Type'?: string
  /** Of an `Aggregate`: `Plain` has a row even of nothing, as does one of grouping sets. */
  readonly Strategy?: string
  readonly 'Grouping Sets'?: unknown
  readonly Plans?: readonly PlanNode[]
}

/** What the server sees first; positions in its complaints count from the start of this. */
export function explainOf(text: string, options = 'format json'): string {
  return `explain (${options}) ${text}`
}

/** Undefined when the server explains something that has no plan. */
export async function explain(
  connection: Connection,
  { text, values }: BoundStatement,
  options?: string
): Promise<PlanNode | undefined> {
  const { rows } = await connection.query(explainOf(text, options), values)
  const [answer]: readonly ({ readonly Plan?: PlanNode } | undefined)[] = JSON.parse(
    rows[0]?.[0] ?? '[]'
  )
  return answer?.Plan
}

/** Every node, whether it will be run or not. */
export function allNodes(node: PlanNode): readonly PlanNode[] {
  return [node, ...childrenOf(node).flatMap(allNodes)]
}

/** What the node takes its rows from, and what is worked out beside it. */
export function childrenOf(node: PlanNode): readonly PlanNode[] {
  return node.Plans ?? []
}
