/** What GitHub numbers, each kind from its own start. */
const STARTS = {
  user: 5_000_001,
  team: 700_001,
  workflow: 90_000_001,
  run: 9_000_000_001,
  environment: 4_000_000_001,
  rule: 30_000_001,
  policy: 20_000_001,
  ruleset: 1_000_001,
  deployment: 2_000_000_001,
  status: 6_000_000_001,
  issue: 3_000_000_001,
  pull: 1_500_000_001,
  comment: 2_500_000_001,
  label: 8_000_000_001
} as const

/** What has numbers of its own. */
export type Kind = keyof typeof STARTS

/** Gives out numbers. */
export interface Identifiers {
  next(kind: Kind): number
}

/** Numbers that differ from each other within a kind, and are the same in every run of a test. */
export function createIdentifiers(): Identifiers {
  const given = new Map<Kind, number>()
  return {
    next: kind => {
      const id = (given.get(kind) ?? STARTS[kind] - 1) + 1
      given.set(kind, id)
      return id
    }
  }
}

/** A global node id as GitHub writes them: `E_kwDO...`; the same for the same thing. */
export function nodeId(prefix: string, id: number | string): string {
  return `${prefix}_kwDO${Buffer.from(`${prefix}${id}`).toString('base64url')}`
}
