import type { RollingReleases } from './rolling-release.ts'
import type { Weather } from './weather.ts'

/** The move of the production domains that was asked for last. */
export interface AliasRequest {
  readonly type: 'rollback' | 'promote'
  readonly fromDeploymentId: string | null
  readonly toDeploymentId: string
  readonly jobStatus: 'in-progress' | 'succeeded' | 'failed' | 'skipped'
  readonly requestedAt: number
  /** Why, in the words of who asked for a rollback. */
  readonly description?: string
}

interface Holder {
  readonly id: string
  readonly createdAt: number
}

/** Which deployment has the production domains, and whether a new one is given them unasked. */
export interface ProductionDomains {
  /** While a rolling release is under way, the one that serves everybody else. */
  holder(): Holder | undefined
  /** What served just before the holder. */
  previous(): Holder | undefined
  /** Whether it ever had production traffic. */
  hasServed(id: string): boolean
  /** A rollback switches it off, a promotion on again. */
  autoAssigns(): boolean
  request(): AliasRequest | undefined
  /** Offers the domains to a deployment that just became ready. */
  offer(deployment: Holder): 'assigned' | 'rolling' | 'staged'
  move(type: AliasRequest['type'], deployment: Holder, description?: string): void
  /** The same by a person's hand: done at once, whatever the weather. */
  moveByHand(type: AliasRequest['type'], deployment: Holder): void
  /** Gives the canary of the rolling release all the traffic. */
  complete(deployment: Holder): void
}

/** Domains that nobody holds yet; moves take `weather.aliasMs` by `now`. */
export function createProductionDomains(
  now: () => number,
  weather: Weather,
  releases: RollingReleases
): ProductionDomains {
  const served: Holder[] = []
  let candidate: Holder | undefined
  let request: AliasRequest | undefined
  let autoAssigns = true

  const holder = () => served.at(-1)
  const assign = (deployment: Holder): void => {
    if (holder()?.id !== deployment.id) served.push(deployment)
  }
  const isAncient = (deployment: Holder): boolean =>
    (holder()?.createdAt ?? 0) > deployment.createdAt

  /** True when it goes live in stages instead of at once. */
  const rolls = (deployment: Holder): boolean => {
    const current = holder()
    if (!releases.enabled() || !current || current.id === deployment.id) return false
    if (releases.active()) releases.queue(deployment.id)
    else releases.start(deployment.id, current.id)
    return true
  }

  const succeed = (type: AliasRequest['type'], deployment: Holder): void => {
    autoAssigns = type === 'promote'
    if (type === 'rollback') releases.abort()
    if (type === 'rollback' || !rolls(deployment)) assign(deployment)
  }

  const settle = (): void => {
    const moving = request?.jobStatus === 'in-progress' ? request : undefined
    if (!moving || moving.requestedAt + weather.aliasMs > now()) return
    const outcome = weather.nextAliasJob ?? 'succeeded'
    weather.nextAliasJob = undefined
    request =
      outcome === 'elsewhere'
        ? { ...moving, jobStatus: 'succeeded', toDeploymentId: 'dpl_elsewhere' }
        : { ...moving, jobStatus: outcome }
    if (outcome === 'succeeded' && candidate) succeed(moving.type, candidate)
  }

  const begin = (type: AliasRequest['type'], deployment: Holder, description?: string): void => {
    candidate = deployment
    request = {
      type,
      fromDeploymentId: holder()?.id ?? null,
      toDeploymentId: deployment.id,
      jobStatus: 'in-progress',
      requestedAt: now(),
      ...(description === undefined ? {} : { description })
    }
  }

  const settled =
    <T>(read: () => T) =>
    (): T => {
      settle()
      return read()
    }

  return {
    holder: settled(holder),
    previous: settled(() => served.at(-2)),
    hasServed: id => settled(() => served.some(one => one.id === id))(),
    autoAssigns: settled(() => autoAssigns),
    request: settled(() => request),
    offer: deployment => {
      settle()
      // A build that ends after a younger one went live does not take the domains back.
      if (!autoAssigns || isAncient(deployment)) return 'staged'
      if (rolls(deployment))
        return releases.active()?.canary === deployment.id ? 'rolling' : 'staged'
      assign(deployment)
      return 'assigned'
    },
    move: (type, deployment, description) => {
      settle()
      begin(type, deployment, description)
    },
    moveByHand: (type, deployment) => {
      settle()
      begin(type, deployment)
      if (request) request = { ...request, jobStatus: 'succeeded' }
      succeed(type, deployment)
    },
    complete: deployment => {
      settle()
      const queued = releases.complete(deployment.id)
      assign(deployment)
      if (queued !== undefined) releases.start(queued, deployment.id)
    }
  }
}
