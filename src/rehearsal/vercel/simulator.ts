import { createFaults, createFreezer, type Faults } from '../http/faults.ts'
import { type LoggedRequest, startServer } from '../http/server.ts'
import { aliasRoutes } from './alias-routes.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import { edgeRoutes } from './edge-routes.ts'
import { envRoutes } from './env-routes.ts'
import { eventRoutes } from './event-routes.ts'
import { createGate } from './gate.ts'
import { createHands, deployByHand, type Hands, setFlag } from './hands.ts'
import {
  type CustomEnvironment,
  createSimulatedProject,
  type ProjectIdentity,
  type SimulatedProject
} from './project.ts'
import { projectRoutes } from './project-routes.ts'
import type { RepositoryOptions } from './repository.ts'
import { rollingReleaseRoutes } from './rolling-release-routes.ts'
import type { VercelRoute } from './route.ts'
import type { ProjectSwitches } from './switches.ts'
import type { Weather } from './weather.ts'

export interface VercelSimulatorOptions extends Partial<ProjectIdentity> {
  /** The world's clock, in milliseconds. */
  readonly now: () => number
  /** The only token that is let in. */
  readonly token: string
  /** Virtual build time; 45 s unless told. */
  readonly buildMs?: number
  /** Real time every request takes. */
  readonly latencyMs?: number
  /** Flags set from the start, by target. */
  readonly flags?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Targets that already serve a deployment; production and preview unless told. */
  readonly deployed?: readonly string[]
  readonly customEnvironments?: readonly CustomEnvironment[]
  /** Connected to the project, with what is deployed made from its newest commit; none unless told. */
  readonly repository?: RepositoryOptions
  readonly switches?: Partial<ProjectSwitches>
}

/** A Vercel with one team and one project, and the hands that reach in past its API. */
export interface VercelSimulator extends Hands {
  readonly url: string
  readonly identity: ProjectIdentity
  close(): Promise<void>
  /** What the API knows, as `GET /v9/projects/:project`. */
  readonly routes: readonly string[]
  readonly requests: readonly LoggedRequest[]
  /** What no client of ours should ever send; a test ends by expecting none. */
  readonly violations: readonly string[]
  /** Mutating requests so far, by all callers. */
  readonly mutations: number
  /** The n-th mutating request, counted from the start, never gets an answer. */
  freezeAt(n: number, when: 'before' | 'after'): void
  /** Resolves when that request hangs. */
  readonly frozen: Promise<void>
  readonly faults: Pick<Faults, 'inject' | 'clear'>
  /** How builds and moves turn out from now on. */
  readonly weather: Weather
  readonly switches: ProjectSwitches
}

const IDENTITY: ProjectIdentity = {
  teamId: 'team_abc123',
  teamSlug: 'acme',
  projectId: 'prj_1',
  projectName: 'shop'
}

/** Starts a simulated Vercel API on a free port of 127.0.0.1. */
export async function startVercelSimulator(
  options: VercelSimulatorOptions
): Promise<VercelSimulator> {
  const { now, token } = options
  const identity = identityOf(options)
  const project = createSimulatedProject({
    identity,
    customEnvironments: options.customEnvironments ?? [],
    repository: options.repository,
    now
  })
  const requests: LoggedRequest[] = []
  const violations: string[] = []
  const faults = createFaults()
  const freezer = createFreezer()
  const violate = (line: string): void => {
    violations.push(line)
  }
  if (options.buildMs !== undefined) project.weather.buildMs = options.buildMs
  Object.assign(project.switches, options.switches)
  furnish(project, options)

  const routes = vercelRoutes(project)
  const server = await startServer({
    routes,
    admit: createGate(project, token, violate).admit,
    mutates: ({ method }) => method !== 'GET',
    errorBody: (code, message) => ({ error: { code, message } }),
    faults,
    freezer,
    latencyMs: options.latencyMs ?? 0,
    log: request => {
      requests.push({ ...request, time: now() })
    },
    violate
  })

  return {
    ...server,
    identity,
    routes: routes.flatMap(({ method, paths }) => paths.map(path => `${method} ${path}`)),
    requests,
    violations,
    get mutations() {
      return freezer.count()
    },
    freezeAt: freezer.at,
    frozen: freezer.frozen,
    faults,
    weather: project.weather,
    switches: project.switches,
    ...createHands(project)
  }
}

function vercelRoutes(project: SimulatedProject): readonly VercelRoute[] {
  return [
    ...projectRoutes(project),
    ...envRoutes(project),
    ...deploymentRoutes(project),
    ...eventRoutes(project),
    ...aliasRoutes(project),
    ...rollingReleaseRoutes(project),
    ...edgeRoutes(project)
  ]
}

function identityOf(options: VercelSimulatorOptions): ProjectIdentity {
  const { teamId, teamSlug, projectId, projectName } = { ...IDENTITY, ...options }
  return { teamId, teamSlug, projectId, projectName }
}

function furnish(project: SimulatedProject, options: VercelSimulatorOptions): void {
  for (const [target, flags] of Object.entries(options.flags ?? {}))
    for (const [key, value] of Object.entries(flags)) setFlag(project, target, key, value)
  const { repository } = project
  const ref = repository?.productionBranch ?? ''
  const sha = repository?.tip(ref)
  const commit = sha === undefined ? undefined : { sha, ref, from: 'git' as const }
  for (const target of options.deployed ?? ['production', 'preview'])
    deployByHand(project, target, commit)
}
