import { allNodes, childrenOf, type PlanNode } from './plan.ts'

/** The part of a plan that is expected to run. */
export interface Outlook {
  /** In the planner's units. */
  readonly cost: number
  readonly nodes: readonly PlanNode[]
}

/**
 * The planner adds up all that might be run. A file that picks its way by one question, as about the
 * indexes there are, asks it in one branch (`where (select …)`, a one-time filter) and its opposite in
 * another (`where not (select …)`): one of them is run, and what is built on the other one finds no
 * rows. Counted is the cheaper way, so that the one for tables without an index does not make a table
 * with an index dear. Without an opposite there is no other way, and everything is counted. A CTE is
 * worked out when it is first read: one that nothing reads is not counted.
 */
export function outlookOf(plan: PlanNode): Outlook {
  const gates = new Set(allNodes(plan).flatMap(node => gateOf(node) ?? []))
  if (gates.size < 2) return outlookWithout(undefined, plan)
  return [...gates]
    .map(gate => outlookWithout(gate, plan))
    .reduce((cheapest, other) => (other.cost < cheapest.cost ? other : cheapest))
}

function outlookWithout(closed: Gate | undefined, plan: PlanNode): Outlook {
  const ctes = allNodes(plan).filter(node => cteNameOf(node) !== undefined)
  const ctesOf = (node: PlanNode) =>
    ctes.filter(cte => node['CTE Name'] !== undefined && cteNameOf(cte) === node['CTE Name'])
  const findsNothing = emptiness(closed, ctesOf)
  const nodes = new Set<PlanNode>()
  const visit = (node: PlanNode): void => {
    if (nodes.has(node)) return
    nodes.add(node)
    const children = childrenOf(node).filter(child => cteNameOf(child) === undefined)
    for (const next of [...children, ...ctesOf(node)]) if (!findsNothing(next)) visit(next)
  }
  visit(plan)
  // A LIMIT costs less than what it cuts short.
  const cost = Math.max(plan['Total Cost'] - costLeftOut(plan, nodes), 0)
  return { cost, nodes: [...nodes] }
}

/** A node's cost has that of everything below it, so only the topmost left out counts. */
function costLeftOut(node: PlanNode, taken: ReadonlySet<PlanNode>): number {
  return childrenOf(node).reduce(
    (sum, child) => sum + (taken.has(child) ? costLeftOut(child, taken) : child['Total Cost']),
    0
  )
}

/** Whether what is below is run when the answer is yes, or when it is no. */
type Gate = 'yes' | 'no'

function gateOf(node: PlanNode): Gate | undefined {
  const filter = node['One-Time Filter']
  if (filter === undefined) return undefined
  return /^\(*NOT /u.test(filter) ? 'no' : 'yes'
}

type Findings = (node: PlanNode) => boolean

/** Which nodes have no rows when nothing behind these gates is run. */
function emptiness(
  closed: Gate | undefined,
  ctesOf: (node: PlanNode) => readonly PlanNode[]
): Findings {
  const known = new Map<PlanNode, boolean>()
  const findsNothing: Findings = node => {
    const before = known.get(node)
    if (before !== undefined) return before
    // A recursive CTE reads itself: what it starts with decides.
    known.set(node, false)
    const found =
      closed !== undefined &&
      (gateOf(node) === closed || passesNothing(node, findsNothing, ctesOf(node)))
    known.set(node, found)
    return found
  }
  return findsNothing
}

function passesNothing(node: PlanNode, findsNothing: Findings, ctes: readonly PlanNode[]): boolean {
  const inputs = childrenOf(node).filter(child => child['Subplan Name'] === undefined)
  const [first] = [...inputs, ...ctes]
  if (first === undefined) return false
  switch (node['Node Type']) {
    case 'Append':
    case 'Merge Append':
      return inputs.every(findsNothing)
    case 'Aggregate':
      return isGrouped(node) && findsNothing(first)
    case 'Nested Loop':
    case 'Hash Join':
    case 'Merge Join':
      // The other side may have been read before it is found that this one is empty.
      return keepsOuter(node) && findsNothing(first)
    default:
      return findsNothing(first)
  }
}

function isGrouped(node: PlanNode): boolean {
  return node.Strategy !== 'Plain' && node['Grouping Sets'] === undefined
}

/** Whether it has no rows but those that its first input brings. */
function keepsOuter(node: PlanNode): boolean {
  return /^(?:Inner|Left|Semi|Anti)$/u.test(node['Join Type'] ?? '')
}

function cteNameOf(node: PlanNode): string | undefined {
  return /^CTE (.*)$/su.exec(node['Subplan Name'] ?? '')?.[1]
}
