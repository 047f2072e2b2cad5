import { type AliasTable, createAliasTable } from './alias-table.ts'
import { createDeploymentTable, type DeploymentTable } from './deployment-table.ts'
import { createEnvTable, type EnvTable } from './env-table.ts'
import { createProductionDomains, type ProductionDomains } from './production-domains.ts'
import { createRepository, type RepositoryOptions, type SimulatedRepository } from './repository.ts'
import { createRollingReleases, type RollingReleases } from './rolling-release.ts'
import { createSharedEnvTable, type SharedEnvTable } from './shared-env.ts'
import { type ProjectSwitches, usualSwitches } from './switches.ts'
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

/** All state behind the simulated API. */
export interface SimulatedProject {
  readonly identity: ProjectIdentity
  readonly customEnvironments: readonly CustomEnvironment[]
  readonly repository: SimulatedRepository | undefined
  readonly weather: Weather
  readonly switches: ProjectSwitches
  readonly env: EnvTable
  readonly shared: SharedEnvTable
  readonly domains: ProductionDomains
  readonly releases: RollingReleases
  readonly deployments: DeploymentTable
  readonly aliases: AliasTable
  readonly now: () => number
}

export interface ProjectDraft {
  readonly identity: ProjectIdentity
  readonly customEnvironments: readonly CustomEnvironment[]
  readonly repository: RepositoryOptions | undefined
  readonly now: () => number
}

/** A project without flags or deployments. */
export function createSimulatedProject(draft: ProjectDraft): SimulatedProject {
  const { identity, customEnvironments, repository, now } = draft
  const weather = fairWeather()
  const switches = usualSwitches()
  const releases = createRollingReleases(now, switches)
  const domains = createProductionDomains(now, weather, releases)
  const shared = createSharedEnvTable(now, identity.projectId)
  return {
    identity,
    customEnvironments,
    repository: repository && createRepository(repository),
    weather,
    switches,
    shared,
    env: createEnvTable(now, switches, shared),
    domains,
    releases,
    deployments: createDeploymentTable({
      now,
      weather,
      domains,
      name: identity.projectName,
      team: identity.teamSlug
    }),
    aliases: createAliasTable(now),
    now
  }
}

/** The id under which env records know a target: itself, or that of the custom environment. */
export function placeOf(
  { customEnvironments }: Pick<SimulatedProject, 'customEnvironments'>,
  target: string
): string {
  return customEnvironments.find(({ slug }) => slug === target)?.id ?? target
}

/** The domain that production has without anybody adding one. */
export const productionDomain = ({ projectName }: ProjectIdentity): string =>
  `${projectName}.vercel.app`
