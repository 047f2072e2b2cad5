/** One place in which what was recorded is not what follows from the evidence. */
export interface Difference {
  /** `judgements.success-rate.verdict` */
  readonly field: string
  /** As JSON; undefined where there is nothing. */
  readonly recorded: string | undefined
  readonly recomputed: string | undefined
}

type Members = Readonly<Record<string, unknown>>

/**
 * Every member in which two values differ once both are written as JSON; none: they are the same, bit
 * for bit. The order of keys means nothing.
 */
export function differencesBetween(recorded: unknown, recomputed: unknown): readonly Difference[] {
  return compare('', plain(recorded), plain(recomputed))
}

function compare(field: string, recorded: unknown, recomputed: unknown): readonly Difference[] {
  const before = membersOf(recorded)
  const after = membersOf(recomputed)
  if (
    before === undefined ||
    after === undefined ||
    Array.isArray(recorded) !== Array.isArray(recomputed)
  ) {
    const [one, other] = [jsonOf(recorded), jsonOf(recomputed)]
    return one === other ? [] : [{ field, recorded: one, recomputed: other }]
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return keys.flatMap(key => {
    const name = nameOf(key, before[key] ?? after[key])
    return compare(field === '' ? name : `${field}.${name}`, before[key], after[key])
  })
}

/** What a list's entry is called by people: a judgement by its criterion, a finding by its code. */
function nameOf(key: string, entry: unknown): string {
  if (!/^\d+$/u.test(key)) return key
  const { criterion, metric, code } = membersOf(entry) ?? {}
  return String(criterion ?? metric ?? code ?? key)
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null ? (value as Members) : undefined
}

/** Scalars, and a whole member where the other side has none. */
function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}

/** As it is read back from a ledger. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}
