import type { World } from './operations/world.ts'

/** What Vercel is asked through. */
export type Project = Pick<World, 'flags' | 'deployer' | 'project'>

/** What the database is asked through. */
export type Database = Pick<World, 'metrics' | 'evidence' | 'database'>

/** A Vercel project that could not be opened: whoever asks it is told why. */
export function refusingProject(why: unknown): Project {
  const refused = (): Promise<never> => Promise.reject(why)
  return {
    flags: { read: refused, write: refused },
    deployer: {
      live: refused,
      find: refused,
      deploy: refused,
      abandon: refused,
      reinstate: refused
    },
    project: { inspectProject: refused }
  }
}

/** A database that could not be opened: whoever asks it is told why. */
export function refusingDatabase(why: unknown): Database {
  const refused = (): Promise<never> => Promise.reject(why)
  return {
    metrics: { look: refused, databaseNow: refused },
    evidence: { collect: refused },
    database: { inspectDatabase: refused }
  }
}
