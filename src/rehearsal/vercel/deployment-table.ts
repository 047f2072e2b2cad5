import type { ProductionDomains } from './production-domains.ts'
import { notFound, refusal } from './refusal.ts'
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
  readonly readyState: 'BUILDING' | 'READY' | 'ERROR' | 'CANCELED'
  readonly staged?: boolean
  readonly aliasAssigned?: number
  readonly aliasError?: { readonly code: string; readonly message: string }
  readonly errorMessage?: string
}

export interface DeploymentDraft {
  readonly target: string
  readonly meta: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
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
  /** A deployment that production domains may be moved to. */
  servable(id: string): SimulatedDeployment
  /** What the target serves. */
  live(target: string): SimulatedDeployment | undefined
}

type Fate =
  | { readonly kind: 'ready'; readonly autoAssign: boolean }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'endless' }

interface Build {
  deployment: SimulatedDeployment
  readonly fate: Fate
  readonly startedAt: number
  reads: number
}

/** An empty table whose builds finish by `now`; what becomes ready is offered the domains. */
export function createDeploymentTable(
  now: () => number,
  weather: Weather,
  domains: ProductionDomains
): DeploymentTable {
  const builds = new Map<string, Build>()
  let youngest = 0

  const add = (draft: DeploymentDraft, fate: Fate): Build => {
    // Listings page by the moment of creation, so no two deployments share one.
    youngest = Math.max(now(), youngest + 1)
    const deployment = newDeployment(draft, builds.size + 1, youngest)
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
    if (!found) throw notFound(`The deployment ${idOrHost}`)
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
      build.deployment = { ...build.deployment, readyState: 'CANCELED' }
      return build.deployment
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

function newDeployment(draft: DeploymentDraft, number: number, at: number): SimulatedDeployment {
  return {
    id: `dpl_${number}`,
    url: `shop-${number}-acme.vercel.app`,
    target: draft.target,
    createdAt: at,
    meta: draft.meta,
    env: draft.env,
    readyState: 'BUILDING'
  }
}

function nextFate(draft: DeploymentDraft, weather: Weather): Fate {
  if (weather.endlessBuilds) return { kind: 'endless' }
  const message = weather.nextBuildError
  weather.nextBuildError = undefined
  return message === undefined
    ? { kind: 'ready', autoAssign: draft.autoAssign }
    : { kind: 'error', message }
}

function finished(
  { deployment, fate }: Build,
  at: number,
  weather: Weather,
  domains: ProductionDomains
): SimulatedDeployment {
  if (fate.kind === 'endless') return deployment
  if (fate.kind === 'error')
    return { ...deployment, readyState: 'ERROR', errorMessage: fate.message }

  const ready = { ...deployment, readyState: 'READY' as const }
  const aliasError = weather.nextAliasError
  weather.nextAliasError = undefined
  if (aliasError !== undefined)
    return { ...ready, aliasError: { code: 'alias_failed', message: aliasError } }

  const staged =
    deployment.target === 'production' && !(fate.autoAssign && domains.offer(deployment))
  const assigned = !staged || weather.stagedAliasAssigned
  return { ...ready, staged, ...(assigned ? { aliasAssigned: at } : {}) }
}
