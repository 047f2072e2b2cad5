/** How the next things turn out; a test or a rehearsal changes it while the world runs. */
export interface Weather {
  /** How long a build takes, by the world's clock. */
  buildMs: number
  /** How long moving the production domains takes. */
  aliasMs: number
  /** When set, a deployment is ready after that many reads, whatever the time. */
  readyAfterReads: number | undefined
  /** Fails the build of the next deployment that is created. */
  nextBuildError: string | undefined
  /** Deployments created from now on never finish. */
  endlessBuilds: boolean
  /** The next deployment that becomes ready carries this alias error. */
  nextAliasError: string | undefined
  /** The next rollback or promotion ends this way. */
  nextAliasJob: 'failed' | 'skipped' | undefined
  /** Whether a ready deployment without the production domains still reports `aliasAssigned`. */
  stagedAliasAssigned: boolean
}

/** Builds of 45 s, and nothing goes wrong. */
export function fairWeather(): Weather {
  return {
    buildMs: 45_000,
    aliasMs: 0,
    readyAfterReads: undefined,
    nextBuildError: undefined,
    endlessBuilds: false,
    nextAliasError: undefined,
    nextAliasJob: undefined,
    stagedAliasAssigned: false
  }
}
