import { countText } from '../verdict/wording.ts'
import { indexAdvice } from './index-advice.ts'
import type { FullScan, QueryEstimate } from './ports.ts'
import type { PreflightItem } from './preflight.ts'
import { InputError } from './rollgate-error.ts'

const MIB = 1_048_576
/** A table of up to this size is read from end to end in no time, from memory mostly. */
const SMALL_TABLE_BYTES = 256 * MIB

/**
 * What looks would cost the database. A file beyond the budget, in the planner's units, fails: its
 * metrics would be refused at every look. A large table that is read from end to end warns.
 */
export function judgeCost(
  name: string,
  estimates: readonly QueryEstimate[],
  budget: number
): readonly PreflightItem[] {
  const dear = estimates.filter(({ plannedCost }) => plannedCost > budget)
  const others = estimates.filter(({ plannedCost }) => plannedCost <= budget)
  const problems = [
    ...dear.map(estimate => overBudget(name, estimate, budget)),
    ...tablesRead(others).map(read => slow(name, read))
  ]
  return problems.length > 0 ? problems : [affordable(name, estimates, budget)]
}

/**
 * The warnings about the looks at a phase that is about to begin.
 * @throws InputError (`look_too_expensive`) when a file is beyond the budget
 */
export function requireAffordable(
  phase: string,
  estimates: readonly QueryEstimate[],
  budget: number
): readonly PreflightItem[] {
  const items = judgeCost(`looks at ${phase}`, estimates, budget)
  const refused = items.filter(({ outcome }) => outcome === 'fail')
  if (refused.length === 0) return items.filter(({ outcome }) => outcome === 'warn')
  throw new InputError(
    'look_too_expensive',
    `${phase} is not applied, since looking at it would cost too much: ${refused.map(({ message }) => message).join('; ')}.`,
    [...new Set(refused.map(({ remedy = '' }) => remedy))].join(' ')
  )
}

function affordable(
  name: string,
  estimates: readonly QueryEstimate[],
  budget: number
): PreflightItem {
  const [dearest] = [...estimates].sort((one, other) => other.plannedCost - one.plannedCost)
  const message =
    dearest === undefined
      ? 'nothing could be planned'
      : `${dearest.file} is the dearest of ${countText(estimates.length)}: planned cost ${costText(dearest.plannedCost)} of at most ${costText(budget)}`
  return { name, outcome: 'ok', message }
}

function overBudget(
  name: string,
  { file, plannedCost, fullScans }: QueryEstimate,
  budget: number
): PreflightItem {
  const scans = fullScans.map(
    scan => ` It reads ${sizeText(scan)} from end to end: ${indexAdvice(scan)}`
  )
  return {
    name,
    outcome: 'fail',
    message: `${file} has a planned cost of ${costText(plannedCost)}, and database.max_planned_cost is ${costText(budget)}`,
    remedy: `Make ${file} read less, or raise database.max_planned_cost.${scans.join('')}`
  }
}

interface TableRead {
  readonly scan: FullScan
  readonly files: readonly string[]
}

/** Every large table once, with the files that read it from end to end. */
function tablesRead(estimates: readonly QueryEstimate[]): readonly TableRead[] {
  const tables = new Map<string, TableRead>()
  for (const { file, fullScans } of estimates) {
    for (const scan of fullScans.filter(({ bytes }) => bytes > SMALL_TABLE_BYTES)) {
      const { files = [] } = tables.get(scan.table) ?? {}
      tables.set(scan.table, { scan, files: [...new Set([...files, file])] })
    }
  }
  return [...tables.values()]
}

function slow(name: string, { scan, files }: TableRead): PreflightItem {
  const read = files.length === 1 ? 'reads' : 'read'
  return {
    name,
    outcome: 'warn',
    message: `${files.join(', ')} ${read} ${sizeText(scan)} from end to end at every look`,
    remedy: indexAdvice(scan)
  }
}

function sizeText({ table, bytes, rows }: FullScan): string {
  const mib = bytes / MIB
  const size = mib < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
  const many = rows === undefined ? 'never analyzed' : `about ${countText(Math.round(rows))} rows`
  return `${table} (${size}, ${many})`
}

function costText(cost: number): string {
  return countText(Math.round(cost))
}
