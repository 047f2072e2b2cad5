import { NO_REPOSITORY, type World } from './operations/world.ts'
import type { Gates, ReportReader } from './rollout/ports.ts'
import type { InputError } from './rollout/rollgate-error.ts'

/** What Vercel is asked through. */
export type Project = Pick<World, 'flags' | 'deployer' | 'project' | 'prober'>

/** What the database is asked through. */
export type Database = Pick<World, 'metrics' | 'evidence' | 'database'>

/** A Vercel project that could not be opened: whoever asks it is told why. */
export function refusingProject(why: unknown): Project {
  const refused = (): Promise<never> => Promise.reject(why)
  return {
    flags: { read: refused, write: refused },
    deployer: {
      live: refused,
      traffic: refused,
      get: refused,
      newest: refused,
      find: refused,
      flagsIn: refused,
      deploy: refused,
      abandon: refused,
      reinstate: refused
    },
    project: { inspectProject: refused, inspectTarget: refused },
    prober: { probe: refused }
  }
}

/** A database that could not be opened: whoever asks it is told why. */
export function refusingDatabase(why: unknown): Database {
  const refused = (): Promise<never> => Promise.reject(why)
  return {
    metrics: { look: refused, lookBack: refused, estimate: refused, databaseNow: refused },
    evidence: { collect: refused },
    database: { inspectDatabase: refused }
  }
}

/** What GitHub is asked through. */
export type GithubParts = Pick<World, 'ledger' | 'gates' | 'workflows' | 'board' | 'repository'> & {
  readonly reports: ReportReader
}

/** Where nobody reviews: a name that is typed is all there is. */
export const TYPED: Gates = {
  kind: 'typed',
  inspect: () => Promise.resolve(undefined),
  reviews: () => Promise.resolve([])
}

/** Why there is no GitHub, as whoever wanted something of it is told. */
export interface NoGithub {
  readonly ledger: InputError
  readonly reports: InputError
}

/**
 * No GitHub: whoever reads or writes its ledger, or wants to know what was reported, is told why, and
 * there is nothing to start or to file.
 */
export function withoutGithub(why: NoGithub): GithubParts {
  const noLedger = (): Promise<never> => Promise.reject(why.ledger)
  return {
    ledger: { read: noLedger, append: noLedger },
    reports: { openedSince: () => Promise.reject(why.reports) },
    gates: TYPED,
    ...NO_REPOSITORY
  }
}
