const LITERAL = /'(?:[^']|'')*'/gu
/** A column, of whatever table and cast to text or not, against something. */
const COMPARISON =
  /(?<![\w$"])\(?(?:(?:[a-z_][\w$]*|"(?:[^"]|"")+")\.)?(?<column>[a-z_][\w$]*|"(?:[^"]|"")+")(?:\)::(?:text|bpchar))? (?<operator>=|>=|<=|>|<) /gu

/**
 * The columns that a filter, as `explain (verbose)` writes it, picks rows by, in the order of the
 * index that would serve it: those that are compared for equality, then the first that has a span.
 * As SQL writes them. Empty where it cannot be told, as with alternatives.
 */
export function pickedBy(filter: string): readonly string[] {
  const bare = filter.replaceAll(LITERAL, "''")
  if (/ OR |\bCASE |SubPlan /u.test(bare)) return []
  const found = [...bare.matchAll(COMPARISON)].map(({ groups = {} }) => groups)
  const equal = found.flatMap(({ column = '', operator }) => (operator === '=' ? [column] : []))
  const [span] = found.flatMap(({ column = '' }) => (equal.includes(column) ? [] : [column]))
  return [...new Set(equal), ...(span === undefined ? [] : [span])]
}
