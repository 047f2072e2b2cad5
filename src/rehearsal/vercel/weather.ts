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
  /** What the log of that failing build says before its error. */
  nextBuildLog: readonly string[]
  /** The build of the next deployment that is created ends in this state, which may be one nobody knows. */
  nextReadyState: string | undefined
  /** Deployments created from now on never finish. */
  endlessBuilds: boolean
  /** The next deployment that becomes ready carries this alias error. */
  nextAliasError: string | undefined
  /** Whether what carries an alias error reports `aliasAssigned` all the same. */
  aliasErrorAssigned: boolean
  /** The next rollback or promotion ends this way; `elsewhere` is the success of another deployment. */
  nextAliasJob: 'failed' | 'skipped' | 'elsewhere' | undefined
  /** Whether a ready deployment without the production domains still reports `aliasAssigned`. */
  stagedAliasAssigned: boolean
  /** The next variable that is created is answered with 201 and this in `failed`, and not stored. */
  nextEnvFailed: string | undefined
}

/** Builds of 45 s, and nothing goes wrong. */
export function fairWeather(): Weather {
  return {
    buildMs: 45_000,
    aliasMs: 0,
    readyAfterReads: undefined,
    nextBuildError: undefined,
    nextBuildLog: [],
    nextReadyState: undefined,
    endlessBuilds: false,
    nextAliasError: undefined,
    aliasErrorAssigned: false,
    nextAliasJob: undefined,
    stagedAliasAssigned: false,
    nextEnvFailed: undefined
  }
}
