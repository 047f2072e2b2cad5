/** Settings that tests and rehearsals switch; the API itself never changes them. */
export interface ProjectSwitches {
  /** The raw `rollingRelease` of the project; null when it has none. */
  rollingRelease: unknown
  /** What the project calls its production deployment while a rolling release is under way. */
  rollingTarget: 'current' | 'canary'
  /** The project setting, apart from what a rollback switches off. */
  autoAssignCustomDomains: boolean
  /** Whether a rollback also shows in the project's `autoAssignCustomDomains`. */
  rollbackShowsInSetting: boolean
  /** Whether the project tells the last move of its domains at all. */
  showsLastMove: boolean
  /** Hobby rolls back to the deployment that served just before, and to no other. */
  plan: 'hobby' | 'pro'
  /** The status of that refusal. */
  hobbyRefusal: 402 | 422
  /** Production records that the token may not see. */
  hiddenProductionEnvCount: number
  /** `target` of records with one target is answered as a string, as the API sometimes does. */
  targetAsString: boolean
  /** A list that holds one record answers the bare record. */
  listsSingleBare: boolean
  /** Whether the list of records heeds `target`, `gitBranch` and `customEnvironmentId`. */
  listFilters: boolean
  /** Team policy: every new variable is stored as `sensitive`. */
  forceSensitive: boolean
  /** How a variable that exists already is refused. */
  conflict: { readonly status: 400 | 403; readonly code: 'ENV_CONFLICT' | 'ENV_ALREADY_EXISTS' }
  /** What a conflicting item of an array does to the others: nothing, or nothing at all is written. */
  batchConflict: 'partial' | 'refuse'
  /** An upsert onto a record with further targets: refused, changes them all, or takes its target out. */
  upsertOntoShared: 'conflict' | 'overwrite' | 'split'
  /** Whether the effective variables of one deployment may be read. */
  envPull: 'allowed' | 'forbidden' | 'missing'
  /** Which variables a redeployment is made with. */
  redeployEnv: 'current' | 'inherited'
  /** Whether the branch `HEAD` of a detached checkout is taken by its name, or found by the commit. */
  detachedHead: 'literal' | 'resolved'
  /** How a call for another team, or for none, is refused. */
  foreignScope: 403 | 404
  /** The secret that lets a probe past the deployment protection; undefined when nothing is protected. */
  protection: string | undefined
}

/** A Pro project without rolling releases, policies or protection. */
export function usualSwitches(): ProjectSwitches {
  return {
    rollingRelease: null,
    rollingTarget: 'current',
    autoAssignCustomDomains: true,
    rollbackShowsInSetting: false,
    showsLastMove: true,
    plan: 'pro',
    hobbyRefusal: 402,
    hiddenProductionEnvCount: 0,
    targetAsString: false,
    listsSingleBare: false,
    listFilters: true,
    forceSensitive: false,
    conflict: { status: 400, code: 'ENV_CONFLICT' },
    batchConflict: 'partial',
    upsertOntoShared: 'conflict',
    envPull: 'allowed',
    redeployEnv: 'current',
    detachedHead: 'literal',
    foreignScope: 403,
    protection: undefined
  }
}
