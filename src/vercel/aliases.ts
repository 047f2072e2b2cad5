import * as z from 'zod'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { FREE_DOMAIN } from '../rollout/target-remedies.ts'
import type { VercelApi } from './api.ts'
import { unlessRefused } from './unless-refused.ts'

/** Domains that are pointed at one deployment each. */
export interface Aliases {
  /**
   * The deployment that the domain is pointed at; undefined when it is at none.
   * @throws ProviderError (`alias_elsewhere`) when another project has the domain
   */
  holder(alias: string): Promise<string | undefined>
  /**
   * Asks once for the domain to be pointed at the deployment; only the holder proves that it is.
   * @throws ProviderError when it is refused
   */
  assign(alias: string, deploymentId: string): Promise<void>
}

const pointed = z.looseObject({
  deploymentId: z.string().nullish(),
  projectId: z.string().nullish()
})

/** The domains of one project. */
export function createAliases(api: VercelApi, projectId: string): Aliases {
  return {
    holder: async alias => {
      const path = `/v4/aliases/${encodeURIComponent(alias)}`
      const found = await unlessRefused(['vercel_not_found'], () => api.get({ path }, pointed))
      if (found?.projectId && found.projectId !== projectId) throw elsewhere(alias)
      return found?.deploymentId ?? undefined
    },
    assign: async (alias, deploymentId) => {
      const path = `/v2/deployments/${encodeURIComponent(deploymentId)}/aliases`
      const outcome = await api.change({ method: 'POST', path, body: { alias } })
      if (outcome.kind === 'refused') throw outcome.error
    }
  }
}

function elsewhere(alias: string): ProviderError {
  return new ProviderError(
    'alias_elsewhere',
    `The domain ${alias} belongs to another project`,
    FREE_DOMAIN
  )
}
