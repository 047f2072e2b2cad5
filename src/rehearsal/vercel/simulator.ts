import { createFaults, createFreezer, type Faults } from '../http/faults.ts'
import { type LoggedRequest, startServer } from '../http/server.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import { envRoutes } from './env-routes.ts'
import type { EnvDraft, EnvRecord } from './env-table.ts'
import { createGate } from './gate.ts'
import {
  type CustomEnvironment,
  createSimulatedProject,
  type ProjectIdentity,
  type ProjectSwitches,
  placeOf,
  type SimulatedProject
} from './project.ts'
import { projectRoutes } from './project-routes.ts'
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
}

/** A Vercel with one team and one project, and the hands that reach in past its API. */
export interface VercelSimulator {
  readonly url: string
  readonly identity: ProjectIdentity
  close(): Promise<void>
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
  live(target: string): SimulatedDeployment | undefined
  deploymentsOf(target: string): readonly SimulatedDeployment[]
  /** The environment a deployment was made with. */
  envOf(deploymentId: string): Readonly<Record<string, string>>
  envRecords(): readonly EnvRecord[]
  /** What a deployment made now would see, branch overrides aside. */
  valueOf(target: string, key: string): string | undefined
  /** Somebody edits a flag in the dashboard; null removes it there. */
  setFlagByHand(target: string, key: string, value: string | null): void
  addBranchOverride(key: string, value: string, gitBranch: string): EnvRecord
  /** Any record at all, uniqueness ignored. */
  plantRecord(draft: EnvDraft): EnvRecord
  /** Somebody deploys from the dashboard; ready at once, with the flags as they are. */
  deployByHand(target: string): SimulatedDeployment
  cancelByHand(deploymentId: string): void
  failNextBuild(message: string): void
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
  const project = createSimulatedProject(identity, options.customEnvironments ?? [], now)
  const requests: LoggedRequest[] = []
  const violations: string[] = []
  const faults = createFaults()
  const freezer = createFreezer()
  const violate = (line: string): void => {
    violations.push(line)
  }
  if (options.buildMs !== undefined) project.weather.buildMs = options.buildMs
  furnish(project, options)

  const server = await startServer({
    routes: [...projectRoutes(project), ...envRoutes(project), ...deploymentRoutes(project)],
    admit: createGate(identity, token, violate).admit,
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
    ...hands(project)
  }
}

type Hands = Pick<
  VercelSimulator,
  | 'live'
  | 'deploymentsOf'
  | 'envOf'
  | 'envRecords'
  | 'valueOf'
  | 'setFlagByHand'
  | 'addBranchOverride'
  | 'plantRecord'
  | 'deployByHand'
  | 'cancelByHand'
  | 'failNextBuild'
>

function hands(project: SimulatedProject): Hands {
  const { env, deployments, weather } = project
  return {
    live: deployments.live,
    deploymentsOf: target => deployments.all().filter(d => d.target === target),
    envOf: id => deployments.find(id).env,
    envRecords: env.all,
    valueOf: (target, key) => env.effective(placeOf(project, target))[key],
    setFlagByHand: (target, key, value) => setFlag(project, target, key, value),
    addBranchOverride: (key, value, gitBranch) =>
      env.create({ key, value, target: ['preview'], gitBranch }),
    plantRecord: env.plant,
    deployByHand: target => deployByHand(project, target),
    cancelByHand: id => {
      deployments.cancel(id)
    },
    failNextBuild: message => {
      weather.nextBuildError = message
    }
  }
}

function identityOf(options: VercelSimulatorOptions): ProjectIdentity {
  const { teamId, teamSlug, projectId, projectName } = { ...IDENTITY, ...options }
  return { teamId, teamSlug, projectId, projectName }
}

function furnish(project: SimulatedProject, options: VercelSimulatorOptions): void {
  for (const [target, flags] of Object.entries(options.flags ?? {}))
    for (const [key, value] of Object.entries(flags)) setFlag(project, target, key, value)
  for (const target of options.deployed ?? ['production', 'preview']) deployByHand(project, target)
}

function setFlag(project: SimulatedProject, target: string, key: string, value: string | null) {
  const { env } = project
  const place = placeOf(project, target)
  const serving = env
    .all()
    .find(
      record =>
        record.key === key &&
        record.gitBranch === undefined &&
        [...record.target, ...record.customEnvironmentIds].includes(place)
    )
  if (serving) {
    if (value === null) env.remove(serving.id)
    else env.edit(serving.id, { value })
  } else if (value !== null) {
    const where = place === target ? { target: [target] } : { customEnvironmentIds: [place] }
    env.create({ key, value, ...where })
  }
}

function deployByHand(project: SimulatedProject, target: string): SimulatedDeployment {
  const { deployments, env, switches } = project
  return deployments.plant({
    target,
    meta: {},
    env: env.effective(placeOf(project, target)),
    autoAssign: switches.autoAssignCustomDomains
  })
}
