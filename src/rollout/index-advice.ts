import type { FullScan } from './ports.ts'

/** The table that the bundled metrics and sql/setup are about. */
const OWN_TABLE = 'public.observability_events'
const OWN_COLUMNS = ['source', 'created_at']
const OWN_INDEX = 'observability_events_source_created_at'

/** What would keep a table from being read from end to end, as far as possible in SQL. */
export function indexAdvice(scan: FullScan): string {
  const { table, rows } = scan
  const advice = adviceOn(scan)
  return rows === undefined
    ? `${advice} It was never analyzed, so the planner guesses: analyze ${table};`
    : advice
}

function adviceOn(scan: FullScan): string {
  const { table, indexes, partitioned } = scan
  const columns = table === OWN_TABLE ? OWN_COLUMNS : scan.pickedBy
  if (columns.length === 0) {
    return `Give ${table} an index that begins with what its queries pick rows by and ends with their time.`
  }
  const list = `(${columns.join(', ')})`
  if (indexes.some(index => columns.every((column, at) => index[at] === column))) {
    return `The index on ${list} is there, and the planner would not use it for a window this long: nothing has to be done when the window holds most of ${table}; otherwise analyze ${table};`
  }
  if (partitioned) {
    return `Run as its owner, for every partition: create index concurrently on <partition> ${list}; and then, which joins them: create index on ${table} ${list};`
  }
  const name = table === OWN_TABLE ? ` if not exists ${OWN_INDEX}` : ''
  return `Run as its owner: create index concurrently${name} on ${table} ${list};`
}
