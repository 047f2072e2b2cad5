import { answer, members } from '../http/route.ts'
import type { SimulatedAlias } from './alias-table.ts'
import { productionDomain, type SimulatedProject } from './project.ts'
import { notFound, refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** Pointing a domain at one deployment, and asking where it points. */
export function aliasRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { aliases, deployments } = project
  return [
    {
      method: 'POST',
      paths: ['/v2/deployments/:deployment/aliases'],
      scoped: true,
      body: ['alias', 'redirect'],
      handle: ({ params, body }) =>
        answer(assign(project, params['deployment'] ?? '', members(body)['alias']))
    },
    {
      method: 'GET',
      paths: ['/v2/deployments/:deployment/aliases'],
      scoped: true,
      handle: ({ params }) => {
        const { id } = deployments.find(params['deployment'] ?? '')
        const own = aliases.all().filter(({ deploymentId }) => deploymentId === id)
        return answer({ aliases: own.map(viewAlias) })
      }
    },
    {
      method: 'GET',
      paths: ['/v4/aliases/:alias'],
      scoped: true,
      handle: ({ params }) => {
        const { identity } = project
        const found = find(project, params['alias'] ?? '')
        const { id, url } = deployments.find(found.deploymentId)
        return answer({
          ...viewAlias(found),
          createdAt: found.createdAt,
          updatedAt: found.updatedAt,
          projectId: identity.projectId,
          deploymentId: id,
          deployment: { id, url }
        })
      }
    }
  ]
}

function assign({ aliases, deployments, identity }: SimulatedProject, id: string, asked: unknown) {
  if (typeof asked !== 'string' || asked === '')
    throw refusal(400, 'bad_request', 'The alias is missing')
  if (asked === productionDomain(identity))
    throw refusal(409, 'alias_in_use', `The domain ${asked} belongs to production`)
  const deployment = deployments.find(id)
  if (deployment.readyState !== 'READY')
    throw refusal(400, 'deployment_not_ready', `The deployment is ${deployment.readyState}`)
  const before = aliases.all().find(({ alias }) => alias === asked)?.deploymentId
  return {
    ...viewAlias(aliases.assign(asked, deployment.id)),
    ...(before === undefined || before === deployment.id ? {} : { oldDeploymentId: before })
  }
}

function find({ aliases, domains, identity }: SimulatedProject, asked: string): SimulatedAlias {
  if (asked !== productionDomain(identity)) return aliases.find(asked)
  const holder = domains.holder()
  if (!holder) throw notFound(`The alias ${asked}`)
  const moment = { createdAt: holder.createdAt, updatedAt: holder.createdAt }
  return { uid: 'als_production', alias: asked, deploymentId: holder.id, ...moment }
}

const viewAlias = ({ uid, alias, updatedAt }: SimulatedAlias) => ({
  uid,
  alias,
  created: new Date(updatedAt).toISOString()
})
