/** Every table of a page as rows of cells, the way GitHub splits it: at each pipe. */
export function tablesIn(page: string): readonly (readonly (readonly string[])[])[] {
  const blocks = page.split(/\n(?!\|)/u).map(block => block.split('\n').filter(isRow))
  return blocks.filter(rows => rows.length > 0).map(rows => rows.map(cellsOf))
}

/** The cells of the row that begins with this text. */
export function rowOf(page: string, first: string): readonly string[] | undefined {
  return tablesIn(page)
    .flat()
    .find(cells => cells[0] === first)
}

function isRow(line: string): boolean {
  return line.startsWith('|')
}

function cellsOf(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())
}
