import { answer } from '../http/route.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import { productionDomain, type SimulatedProject } from './project.ts'
import { refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** Where the sites of all deployments are reached, by the host they would have. */
export const EDGE = '/__edge'

/** Answers as the sites would: health at `/api/health`, a page at `/`, and nothing else. */
export function edgeRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const sampler = createSampler()
  return [
    {
      method: 'GET',
      paths: [`${EDGE}/:host/:path{.+}`, `${EDGE}/:host/`],
      scoped: false,
      open: true,
      handle: ({ params, headers }) => {
        const { host = '', path = '' } = params
        const deployment = deploymentAt(project, host, sampler)
        refuseUnproven(project, host, headers['x-vercel-protection-bypass'])
        if (!['', 'api/health'].includes(path)) throw refusal(404, 'NOT_FOUND', 'No such page')
        const { id, target, env } = deployment
        return answer({ status: 'ok', deployment: id, target, flags: env })
      }
    }
  ]
}

function deploymentAt(
  { deployments, domains, releases, aliases, identity }: SimulatedProject,
  host: string,
  isCanary: (percentage: number) => boolean
): SimulatedDeployment {
  const canary = releases.active()?.canary
  const production = canary && isCanary(releases.percentage()) ? canary : domains.holder()?.id
  const alias = aliases.all().find(one => one.alias === host)
  const id = host === productionDomain(identity) ? production : (alias?.deploymentId ?? host)
  const found = deployments.all().find(one => [one.id, one.url].includes(id ?? ''))
  if (found?.readyState === 'READY') return found
  throw refusal(404, 'DEPLOYMENT_NOT_FOUND', 'The deployment could not be found on Vercel')
}

/** Production's own domain is for everybody; every other address asks for the secret. */
function refuseUnproven(
  { switches, identity }: SimulatedProject,
  host: string,
  given: string | undefined
): void {
  const { protection } = switches
  if (protection === undefined || host === productionDomain(identity)) return
  if (given !== protection) throw refusal(401, 'unauthorized', 'Authentication Required')
}

/** Says yes to that share of its calls, evenly spread and the same every time. */
function createSampler(): (percentage: number) => boolean {
  let calls = 0
  return percentage => {
    calls += 1
    return Math.floor((calls * percentage) / 100) > Math.floor(((calls - 1) * percentage) / 100)
  }
}
