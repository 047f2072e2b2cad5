/** Further away than this share of the longer name, a name is another one and no slip. */
const LIKENESS = 0.4

/** The name that somebody most likely meant; undefined when none is like it. */
export function closestName(typed: string, names: readonly string[]): string | undefined {
  const near = names
    .map(name => ({ name, away: editDistance(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= LIKENESS * Math.max(typed.length, name.length))
    .sort((a, b) => a.away - b.away)
  return near[0]?.name
}

/** Levenshtein's distance: insertions, deletions and replacements that make one text the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = at(row, column) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, at(row, column + 1) + 1, at(next, column) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0
}
