import { stringify } from 'csv-stringify/sync'
import type { Rows, TextRow } from './connection.ts'
import type { Limits } from './limits.ts'
import { redactCells } from './redacted-cells.ts'

/** A CSV that takes rows until it is full; every cell is redacted before it is kept. */
export interface CsvFile {
  /** False when it wants no more. */
  add(page: Rows): boolean
  content(): string
  /** Rows kept, the line of names not counted. */
  rows(): number
  /** Rows were left out. */
  truncated(): boolean
}

/** Cut at the end of a row, by `maxRows` and by `maxEvidenceBytes`. */
export function createCsv({ maxRows, maxEvidenceBytes }: Limits): CsvFile {
  const lines: string[] = []
  let bytes = 0
  let truncated = false

  const append = (cells: TextRow): boolean => {
    const line = stringify([cells], { cast: { string: quotedWhenEmpty } })
    const grown = bytes + Buffer.byteLength(line)
    if (grown > maxEvidenceBytes) return false
    bytes = grown
    lines.push(line)
    return true
  }
  const addRow = ({ columns }: Rows, row: TextRow): boolean => {
    // Not worth the work of redaction, whose result has at most the length of a row that fits.
    const tooLong = row.reduce((sum, cell) => sum + (cell?.length ?? 0), 0) > maxEvidenceBytes
    return lines.length <= maxRows && !tooLong && append(redactCells(columns, row))
  }

  return {
    add: page => {
      if (lines.length === 0) truncated = !append(page.columns.map(column => column.name))
      truncated ||= !page.rows.every(row => addRow(page, row))
      return !truncated
    },
    content: () => lines.join(''),
    rows: () => Math.max(lines.length - 1, 0),
    truncated: () => truncated
  }
}

/** As COPY writes it: nothing at all is NULL, and an empty text is in quotes. */
function quotedWhenEmpty(text: string) {
  return text === '' ? { value: text, quoted_empty: true } : text
}
