import type { Weather } from './weather.ts'

/** The move of the production domains that was asked for last. */
export interface AliasRequest {
  readonly type: 'rollback' | 'promote'
  readonly fromDeploymentId: string | null
  readonly toDeploymentId: string
  readonly jobStatus: 'in-progress' | 'succeeded' | 'failed' | 'skipped'
  readonly requestedAt: number
}

interface Holder {
  readonly id: string
  readonly createdAt: number
}

/** Which deployment has the production domains, and whether a new one is given them unasked. */
export interface ProductionDomains {
  holder(): Holder | undefined
  /** A rollback switches it off, a promotion on again. */
  autoAssigns(): boolean
  request(): AliasRequest | undefined
  /** Offers the domains to a deployment that just became ready; false when it stays staged. */
  offer(deployment: Holder): boolean
  move(type: AliasRequest['type'], deployment: Holder): void
}

/** Domains that nobody holds yet; moves take `weather.aliasMs` by `now`. */
export function createProductionDomains(now: () => number, weather: Weather): ProductionDomains {
  let holder: Holder | undefined
  let candidate: Holder | undefined
  let request: AliasRequest | undefined
  let autoAssigns = true

  const settle = (): void => {
    const moving = request?.jobStatus === 'in-progress' ? request : undefined
    if (!moving || moving.requestedAt + weather.aliasMs > now()) return
    const jobStatus = weather.nextAliasJob ?? 'succeeded'
    weather.nextAliasJob = undefined
    request = { ...moving, jobStatus }
    if (jobStatus !== 'succeeded') return
    holder = candidate
    autoAssigns = moving.type === 'promote'
  }

  return {
    holder: () => {
      settle()
      return holder
    },
    autoAssigns: () => {
      settle()
      return autoAssigns
    },
    request: () => {
      settle()
      return request
    },
    offer: deployment => {
      settle()
      // A build that ends after a younger one went live does not take the domains back.
      if (!autoAssigns || (holder?.createdAt ?? 0) > deployment.createdAt) return false
      holder = deployment
      return true
    },
    move: (type, deployment) => {
      settle()
      candidate = deployment
      request = {
        type,
        fromDeploymentId: holder?.id ?? null,
        toDeploymentId: deployment.id,
        jobStatus: 'in-progress',
        requestedAt: now()
      }
    }
  }
}
