import { type ApiRequest, answer } from '../http/route.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import type { SimulatedProject } from './project.ts'
import type { VercelRoute } from './route.ts'

/** What a build has said, and the builds of a deployment. */
export function eventRoutes({ deployments }: SimulatedProject): readonly VercelRoute[] {
  return [
    {
      method: 'GET',
      paths: ['/v3/now/deployments/:deployment/events', '/v3/deployments/:deployment/events'],
      scoped: true,
      handle: ({ params, query }) =>
        answer(page(eventsOf(deployments.find(params['deployment'] ?? '')), query))
    },
    {
      method: 'GET',
      paths: ['/v11/deployments/:deployment/builds'],
      scoped: true,
      handle: () => answer({ builds: [] })
    }
  ]
}

function eventsOf({ id, log, createdAt, readyState, errorMessage }: SimulatedDeployment) {
  return log.map((text, index) => {
    const moment = createdAt + index
    const fatal = errorMessage !== undefined && index === log.length - 1
    return {
      id: `evt_${id}_${index}`,
      serial: String(moment),
      deploymentId: id,
      created: moment,
      date: moment,
      type: fatal ? 'stderr' : 'stdout',
      text,
      info: { type: 'build', name: 'bld_1', entrypoint: '.', readyState },
      ...(fatal ? { level: 'error' } : {})
    }
  })
}

/** Backward begins with the last line. */
function page<E>(events: readonly E[], { direction, limit }: ApiRequest['query']): readonly E[] {
  const ordered = direction === 'backward' ? events.toReversed() : events
  const count = Number(limit ?? -1)
  return count < 0 ? ordered : ordered.slice(0, count)
}
