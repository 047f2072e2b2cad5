import type { ProductionDomains } from './production-domains.ts'
import { refusal } from './refusal.ts'
import type { Commit } from './repository.ts'
import type { Weather } from './weather.ts'

/** One deployment as the provider keeps it. */
export interface SimulatedDeployment {
  readonly id: string
  readonly url: string
  /** `production`, `preview`, or the slug of a custom environment. */
  readonly target: string
  readonly createdAt: number
  readonly meta: Readonly<Record<string, string>>
  /** The environment variables as they were when it was created. */
  readonly env: Readonly<Record<string, string>>
  /** The keys of it whose values nobody may read back. */
  readonly sealed: readonly string[]
  readonly commit?: Commit
  /** `BUILDING`, `READY`, `ERROR`, `CANCELED`, or whatever the weather says. */
  readonly readyState: string
  /** When it became what it is now. */
  readonly readyStateAt: number
  /** What its build has said so far. */
  readonly log: readonly string[]
  readonly staged?: boolean
  readonly aliasAssigned?: number
  readonly aliasError?: { readonly code: string; readonly message: string }
  readonly errorMessage?: string
}

export interface DeploymentDraft {
  readonly target: string
  readonly meta: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly sealed?: readonly string[]
  readonly commit?: Commit
  /** False for `--skip-domain`. */
  readonly autoAssign: boolean
}

/** The deployments of one project. */
export interface DeploymentTable {
  all(): readonly SimulatedDeployment[]
  find(idOrHost: string): SimulatedDeployment
  /** A read through the API, which may be the one that makes it ready. */
  observe(idOrHost: string): SimulatedDeployment
  create(draft: DeploymentDraft): SimulatedDeployment
  /** A deployment that is ready at once. */
  plant(draft: DeploymentDraft): SimulatedDeployment
  cancel(id: string): SimulatedDeployment
  remove(id: string): void
  /** A deployment that production domains may be moved to. */
  servable(id: string): SimulatedDeployment
  /** What the target serves. */
  live(target: string): SimulatedDeployment | undefined
}

type Fate =
  | { readonly kind: 'ready'; readonly autoAssign: boolean }
  | { readonly kind: 'error'; readonly message: string; readonly log: readonly string[] }
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'endless' }

interface Build {
  deployment: SimulatedDeployment
  readonly fate: Fate
  readonly startedAt: number
  reads: number
}

export interface DeploymentTableParts {
  readonly now: () => number
  readonly weather: Weather
  readonly domains: ProductionDomains
  /** Names of project and team, for the addresses. */
  readonly name: string
  readonly team: string
}

/** An empty table whose builds finish by `now`; what becomes ready is offered the domains. */
export function createDeploymentTable(parts: DeploymentTableParts): DeploymentTable {
  const { now, weather, domains } = parts
  const builds = new Map<string, Build>()
  let youngest = 0
  let made = 0

  const add = (draft: DeploymentDraft, fate: Fate): Build => {
    // Listings page by the moment of creation, so no two deployments share one.
    youngest = Math.max(now(), youngest + 1)
    made += 1
    const url = `${parts.name}-${made}-${parts.team}.vercel.app`
    const deployment = newDeployment(draft, `dpl_${made}`, url, youngest)
    const build = { deployment, fate, startedAt: now(), reads: 0 }
    builds.set(deployment.id, build)
    return build
  }

  const finish = (build: Build, at: number): void => {
    if (build.deployment.readyState !== 'BUILDING') return
    build.deployment = finished(build, at, weather, domains)
  }

  const settle = (): readonly Build[] => {
    for (const build of builds.values()) {
      const due = build.startedAt + weather.buildMs
      if (weather.readyAfterReads === undefined && due <= now()) finish(build, due)
    }
    return [...builds.values()]
  }

  const find = (idOrHost: string): Build => {
    const found = settle().find(
      ({ deployment }) => deployment.id === idOrHost || deployment.url === idOrHost
    )
    if (!found)
      throw refusal(404, 'deployment_not_found', `The deployment ${idOrHost} was not found`)
    return found
  }

  return {
    all: () => settle().map(build => build.deployment),
    find: idOrHost => find(idOrHost).deployment,
    observe: idOrHost => {
      const build = find(idOrHost)
      build.reads += 1
      if (build.reads >= (weather.readyAfterReads ?? Number.POSITIVE_INFINITY)) finish(build, now())
      return build.deployment
    },
    create: draft => {
      settle()
      return add(draft, nextFate(draft, weather)).deployment
    },
    plant: draft => {
      settle()
      const build = add(draft, { kind: 'ready', autoAssign: draft.autoAssign })
      finish(build, now())
      return build.deployment
    },
    cancel: id => {
      const build = find(id)
      if (build.deployment.readyState !== 'BUILDING')
        throw refusal(400, 'bad_request', `Deployment is ${build.deployment.readyState}`)
      build.deployment = { ...build.deployment, readyState: 'CANCELED', readyStateAt: now() }
      return build.deployment
    },
    remove: id => {
      builds.delete(find(id).deployment.id)
    },
    servable: id => {
      const { deployment } = find(id)
      if (deployment.target === 'production' && deployment.readyState === 'READY') return deployment
      throw refusal(422, 'unprocessable_entity', `Deployment ${id} cannot serve production`)
    },
    live: target => {
      const ready = settle().filter(({ deployment }) => deployment.readyState === 'READY')
      const serves = ({ deployment }: Build): boolean =>
        target === 'production'
          ? deployment.id === domains.holder()?.id
          : deployment.target === target
      return ready.findLast(serves)?.deployment
    }
  }
}

function newDeployment(
  { target, meta, env, sealed = [], commit }: DeploymentDraft,
  id: string,
  url: string,
  at: number
): SimulatedDeployment {
  return {
    ...{ id, url, target, meta, env, sealed },
    ...(commit ? { commit } : {}),
    createdAt: at,
    readyState: 'BUILDING',
    readyStateAt: at,
    log: ['Cloning completed', 'Running "npm run build"']
  }
}

function nextFate(draft: DeploymentDraft, weather: Weather): Fate {
  if (weather.endlessBuilds) return { kind: 'endless' }
  const { nextBuildError: message, nextBuildLog: log, nextReadyState: state } = weather
  Object.assign(weather, { nextBuildError: undefined, nextBuildLog: [], nextReadyState: undefined })
  if (message !== undefined) return { kind: 'error', message, log }
  if (state !== undefined) return { kind: 'state', state }
  return { kind: 'ready', autoAssign: draft.autoAssign }
}

function finished(
  { deployment: built, fate }: Build,
  at: number,
  weather: Weather,
  domains: ProductionDomains
): SimulatedDeployment {
  const deployment = { ...built, readyStateAt: at }
  switch (fate.kind) {
    case 'endless':
      return built
    case 'state':
      return { ...deployment, readyState: fate.state }
    case 'error': {
      const log = [...built.log, ...fate.log, `Error: ${fate.message}`]
      return { ...deployment, log, readyState: 'ERROR', errorMessage: fate.message }
    }
    case 'ready': {
      const log = [...built.log, 'Build Completed in /vercel/output']
      const ready = { ...deployment, log, readyState: 'READY' }
      return aliased(ready, fate.autoAssign, weather, domains)
    }
  }
}

/** What became of the domains of a deployment that just became ready. */
function aliased(
  ready: SimulatedDeployment,
  autoAssign: boolean,
  weather: Weather,
  domains: ProductionDomains
): SimulatedDeployment {
  const { nextAliasError: message, aliasErrorAssigned } = weather
  weather.nextAliasError = undefined
  const assignedAt = { aliasAssigned: ready.readyStateAt }
  if (message !== undefined && !aliasErrorAssigned)
    return { ...ready, aliasError: { code: 'alias_failed', message } }
  const staged = ready.target === 'production' && !(autoAssign && domains.offer(ready) !== 'staged')
  const assigned = !staged || weather.stagedAliasAssigned
  return {
    ...ready,
    staged,
    ...(assigned ? assignedAt : {}),
    ...(message === undefined ? {} : { aliasError: { code: 'alias_failed', message } })
  }
}
