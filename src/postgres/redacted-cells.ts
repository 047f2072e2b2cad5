import { redact } from '../rollout/redaction.ts'
import type { Column, TextRow } from './connection.ts'

/** Types whose text is a number, an instant, a truth or a UUID, whatever it looks like. */
const SAFE_TYPES = new Set([
  16, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950
])

/** A row with every cell redacted that is text. */
export function redactCells(columns: readonly Column[], row: TextRow): TextRow {
  return row.map((cell, index) =>
    cell === null || SAFE_TYPES.has(columns[index]?.type ?? 0) ? cell : redact(cell)
  )
}
