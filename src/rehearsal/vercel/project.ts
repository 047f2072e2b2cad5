import { createDeploymentTable, type DeploymentTable } from './deployment-table.ts'
import { createEnvTable, type EnvTable } from './env-table.ts'
import { createProductionDomains, type ProductionDomains } from './production-domains.ts'
import { fairWeather, type Weather } from './weather.ts'

export interface CustomEnvironment {
  readonly id: string
  readonly slug: string
}

/** Who owns the one project that the simulated API knows. */
export interface ProjectIdentity {
  readonly teamId: string
  readonly teamSlug: string
  readonly projectId: string
  readonly projectName: string
}

/** Settings that tests and rehearsals switch; the API itself never changes them. */
export interface ProjectSwitches {
  /** The raw `rollingRelease` of the project; null when it has none. */
  rollingRelease: unknown
  /** The project setting, apart from what a rollback switches off. */
  autoAssignCustomDomains: boolean
  /** Production records that the token may not see. */
  hiddenProductionEnvCount: number
  /** `target` of records with one target is answered as a string, as the API sometimes does. */
  targetAsString: boolean
  /** Team policy: every new variable is stored as `sensitive`. */
  forceSensitive: boolean
}

/** All state behind the simulated API. */
export interface SimulatedProject {
  readonly identity: ProjectIdentity
  readonly customEnvironments: readonly CustomEnvironment[]
  readonly weather: Weather
  readonly switches: ProjectSwitches
  readonly env: EnvTable
  readonly domains: ProductionDomains
  readonly deployments: DeploymentTable
  readonly now: () => number
}

/** A project without flags or deployments. */
export function createSimulatedProject(
  identity: ProjectIdentity,
  customEnvironments: readonly CustomEnvironment[],
  now: () => number
): SimulatedProject {
  const weather = fairWeather()
  const domains = createProductionDomains(now, weather)
  return {
    identity,
    customEnvironments,
    weather,
    switches: {
      rollingRelease: null,
      autoAssignCustomDomains: true,
      hiddenProductionEnvCount: 0,
      targetAsString: false,
      forceSensitive: false
    },
    env: createEnvTable(now),
    domains,
    deployments: createDeploymentTable(now, weather, domains),
    now
  }
}

/** The id under which env records know a target: itself, or that of the custom environment. */
export function placeOf(project: SimulatedProject, target: string): string {
  return project.customEnvironments.find(({ slug }) => slug === target)?.id ?? target
}
