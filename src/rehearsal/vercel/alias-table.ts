import { notFound } from './refusal.ts'

/** A domain that somebody pointed at one deployment. */
export interface SimulatedAlias {
  readonly uid: string
  readonly alias: string
  readonly deploymentId: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** The domains of one project, apart from those of production. */
export interface AliasTable {
  all(): readonly SimulatedAlias[]
  /** @throws Refusal */
  find(aliasOrUid: string): SimulatedAlias
  /** Points the domain there, wherever it pointed before. */
  assign(alias: string, deploymentId: string): SimulatedAlias
}

/** No domains yet; `now` stamps them. */
export function createAliasTable(now: () => number): AliasTable {
  const aliases = new Map<string, SimulatedAlias>()
  return {
    all: () => [...aliases.values()],
    find: asked => {
      const found = [...aliases.values()].find(({ alias, uid }) => [alias, uid].includes(asked))
      if (!found) throw notFound(`The alias ${asked}`)
      return found
    },
    assign: (alias, deploymentId) => {
      const known = aliases.get(alias) ?? { uid: `als_${aliases.size + 1}`, createdAt: now() }
      const assigned = { ...known, alias, deploymentId, updatedAt: now() }
      aliases.set(alias, assigned)
      return assigned
    }
  }
}
