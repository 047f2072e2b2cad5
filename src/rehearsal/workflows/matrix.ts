/** One job of a matrix: its values by name. */
export type Combination = Readonly<Record<string, unknown>>

/** A matrix that GitHub refuses when the job is about to start. */
export class MatrixFailure extends Error {
  override readonly name = 'MatrixFailure'
}

/**
 * All jobs of an evaluated `matrix:`, in GitHub's order, exclusions and inclusions heeded.
 * @throws MatrixFailure
 */
export function combinations(matrix: unknown): readonly Combination[] {
  if (typeof matrix !== 'object' || matrix === null || Array.isArray(matrix)) {
    throw new MatrixFailure('Matrix must be a mapping')
  }
  const { include = [], exclude = [], ...vectors } = matrix as Readonly<Record<string, unknown>>
  const names = Object.keys(vectors)
  const crossed = names.length === 0 ? [] : cross(vectors)
  const kept = crossed.filter(each => !objects(exclude).some(excluded => matches(each, excluded)))
  const all = including(kept, objects(include), names)
  if (all.length === 0) throw new MatrixFailure('Matrix must define at least one vector')
  return all
}

function cross(vectors: Readonly<Record<string, unknown>>): readonly Combination[] {
  return Object.entries(vectors).reduce<readonly Combination[]>(
    (sofar, [name, values]) => {
      if (!Array.isArray(values) || values.length === 0) {
        throw new MatrixFailure(`Matrix vector '${name}' does not contain any values`)
      }
      return sofar.flatMap(each => values.map(value => ({ ...each, [name]: value })))
    },
    [{}]
  )
}

/** An inclusion extends every combination whose own values it does not change, or stands alone. */
function including(
  kept: readonly Combination[],
  includes: readonly Combination[],
  names: readonly string[]
): readonly Combination[] {
  const extended: Combination[] = [...kept]
  const alone: Combination[] = []
  for (const included of includes) {
    const own = Object.fromEntries(Object.entries(included).filter(([key]) => names.includes(key)))
    const fitting = kept.flatMap((each, index) => (matches(each, own) ? [index] : []))
    if (fitting.length === 0) alone.push(included)
    for (const index of fitting) extended[index] = { ...extended[index], ...included }
  }
  return [...extended, ...alone]
}

function matches(combination: Combination, pattern: Combination): boolean {
  return Object.entries(pattern).every(
    ([key, value]) => JSON.stringify(combination[key]) === JSON.stringify(value)
  )
}

function objects(value: unknown): readonly Combination[] {
  return Array.isArray(value) ? value : []
}
