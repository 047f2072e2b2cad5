import * as z from 'zod'
import type { Asking } from '../rollout/ports.ts'
import type { VercelApi } from './api.ts'
import { unlessRefused } from './unless-refused.ts'

/** The environment variables that deployments were made with. */
export interface DeploymentEnv {
  /** By name; undefined where this token may not see them. @throws ProviderError */
  of(deploymentId: string, asking?: Asking): Promise<Readonly<Record<string, string>> | undefined>
}

const values = z.record(z.string(), z.string()).nullish()
const pulled = z.looseObject({ env: values, buildEnv: values })

/** No kind of token is promised these; one that is told nothing of use goes without. */
const UNSEEN = [
  'vercel_forbidden',
  'vercel_not_found',
  'vercel_refused',
  'vercel_plan_limit',
  'vercel_unexpected_answer'
]

/** Reads them the way `vercel env pull --id` does. */
export function createDeploymentEnv(api: VercelApi): DeploymentEnv {
  return {
    of: async (deploymentId, asking) => {
      const path = `/v3/env/pull/${encodeURIComponent(deploymentId)}`
      const answer = await unlessRefused(UNSEEN, () => api.get({ path, ...asking }, pulled))
      const { env, buildEnv } = answer ?? {}
      return env || buildEnv ? { ...env, ...buildEnv } : undefined
    }
  }
}
