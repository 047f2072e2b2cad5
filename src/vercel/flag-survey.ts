import type { FlagObstacle } from '../rollout/ports.ts'
import type { EnvListing, EnvRecord, Place, SharedVariable } from './env-records.ts'

/** What the records of a project mean for some flags on one target. */
export interface FlagSurvey {
  /** The general record that serves each flag, if there is one. */
  readonly serving: Readonly<Record<string, EnvRecord>>
  readonly obstacles: readonly FlagObstacle[]
}

/** What is to be surveyed: some flags, on one target. */
export interface SurveyQuestion {
  readonly target: string
  readonly place: Place
  readonly flags: readonly string[]
  /** What the team shares with the project, as far as it is known. */
  readonly shared: readonly SharedVariable[]
}

/** Sorts a listing by flag; pure. */
export function surveyFlags(
  listing: EnvListing,
  { target, place, flags, shared }: SurveyQuestion
): FlagSurvey {
  const surveyed = flags.map(flag => {
    const records = listing.records.filter(r => r.key === flag && serves(r, place))
    const general = records.filter(record => record.gitBranch === undefined)
    const hidden = target === 'production' && general.length === 0 && listing.hiddenProduction > 0
    return {
      flag,
      record: general[0],
      obstacles: [
        ...records.flatMap(record => obstaclesOf(record, target)),
        ...(general.length > 1 ? [duplicate(flag, target, general.length)] : []),
        ...(hidden ? [hiddenProduction(flag, listing.hiddenProduction)] : []),
        ...(shared.some(one => one.key === flag && reaches(one, place))
          ? [teamShared(flag, target)]
          : [])
      ]
    }
  })
  return {
    serving: Object.fromEntries(
      surveyed.flatMap(({ flag, record }) => (record ? [[flag, record]] : []))
    ),
    obstacles: surveyed.flatMap(({ obstacles }) => obstacles)
  }
}

/** Whether nobody can read the value back. */
export function isUnreadable(record: EnvRecord): boolean {
  return record.type === 'sensitive' || record.type === 'secret'
}

/** The obstacle of a value that nobody, or not this token, can read back. */
export function unreadable(flag: string, target: string): FlagObstacle {
  return {
    code: 'sensitive',
    flag,
    message: `The value of ${flag} on ${target} cannot be read, so neither verified nor restored`,
    remedy: `A flag is no secret: remove ${flag} from ${target} in the dashboard and let Rollgate create it.`
  }
}

/** The other targets a record serves: names of targets, ids of custom environments. */
export function otherPlaces(record: EnvRecord, place: Place) {
  const { targets, customEnvironmentIds } = record
  return place.kind === 'standard'
    ? { targets: targets.filter(target => target !== place.target), customEnvironmentIds }
    : { targets, customEnvironmentIds: customEnvironmentIds.filter(id => id !== place.id) }
}

/** Whether deployments of that place see the record, those of a branch included. */
export function serves(record: EnvRecord, place: Place): boolean {
  return place.kind === 'standard'
    ? record.targets.includes(place.target)
    : record.customEnvironmentIds.includes(place.id)
}

function reaches(shared: SharedVariable, place: Place): boolean {
  return place.kind === 'standard'
    ? shared.targets.includes(place.target)
    : shared.everyCustomEnvironment || shared.customEnvironmentIds.includes(place.id)
}

function obstaclesOf(record: EnvRecord, target: string): readonly FlagObstacle[] {
  const { key: flag, gitBranch } = record
  if (record.foreign) return [foreignOwner(flag, target)]
  if (gitBranch !== undefined) return [branchOverride(flag, target, gitBranch)]
  return isUnreadable(record) ? [unreadable(flag, target)] : []
}

function foreignOwner(flag: string, target: string): FlagObstacle {
  return {
    code: 'foreign_owner',
    flag,
    message: `${flag} on ${target} belongs to an integration or to Vercel itself`,
    remedy: `Give the flag a name of its own, or disconnect the integration that sets ${flag}.`
  }
}

function branchOverride(flag: string, target: string, branch: string): FlagObstacle {
  return {
    code: 'branch_override',
    flag,
    message: `${flag} on ${target} has its own value for the branch ${branch}, which would win`,
    remedy: `Remove it: vercel env rm ${flag} ${target} ${branch}`
  }
}

function duplicate(flag: string, target: string, count: number): FlagObstacle {
  return {
    code: 'duplicate_record',
    flag,
    message: `${flag} on ${target} has ${count} records; which one counts is not defined`,
    remedy: `Leave one record of ${flag} for ${target} in the project's settings.`
  }
}

function hiddenProduction(flag: string, count: number): FlagObstacle {
  return {
    code: 'hidden_production',
    flag,
    message: `The token may not see ${count} production variables, and ${flag} may be one of them`,
    remedy: 'Use a token of a member who may read the production variables of this project.'
  }
}

function teamShared(flag: string, target: string): FlagObstacle {
  return {
    code: 'team_shared',
    flag,
    message: `${flag} on ${target} is also a variable that the team shares, which shows wherever the project has none`,
    remedy: `Unlink ${flag} from this project in the team's shared environment variables.`
  }
}
