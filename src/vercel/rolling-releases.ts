import * as z from 'zod'
import type { ProviderError } from '../rollout/rollgate-error.ts'
import type { VercelApi } from './api.ts'
import { unlessRefused } from './unless-refused.ts'

/** A release that gives a deployment more and more of production's traffic. */
export interface RollingRelease {
  readonly canary: string
  /** What has the rest of the traffic. */
  readonly current?: string
}

/** The rolling releases of one project. */
export interface RollingReleases {
  /** The one that is under way. @throws ProviderError */
  active(): Promise<RollingRelease | undefined>
  /** Asks once for all traffic, and returns why that may not have helped; only a later look proves it. */
  complete(canary: string): Promise<ProviderError | undefined>
}

const side = z.looseObject({ id: z.string().nullish() }).nullish()
const answer = z.looseObject({
  rollingRelease: z
    .looseObject({ state: z.string().nullish(), canaryDeployment: side, currentDeployment: side })
    .nullish()
})

/** Reads and completes them through REST. */
export function createRollingReleases(api: VercelApi, projectId: string): RollingReleases {
  const base = `/v1/projects/${encodeURIComponent(projectId)}/rolling-release`
  return {
    active: async () => {
      const read = await unlessRefused(['vercel_not_found'], () =>
        api.get({ path: base, query: { state: 'ACTIVE' } }, answer)
      )
      const release = read?.rollingRelease
      const canary = release?.canaryDeployment?.id
      if (release?.state !== 'ACTIVE' || !canary) return undefined
      const current = release.currentDeployment?.id
      return { canary, ...(current ? { current } : {}) }
    },
    complete: async canary => {
      const path = `${base}/complete`
      const body = { canaryDeploymentId: canary }
      const outcome = await api.change({ method: 'POST', path, body })
      return outcome.kind === 'done' ? undefined : outcome.error
    }
  }
}
