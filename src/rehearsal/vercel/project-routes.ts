import { answer } from '../http/route.ts'
import { viewDeployment } from './deployment-routes.ts'
import type { SimulatedProject } from './project.ts'
import { notFound } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** The account behind the token, the team, and what a project says about itself. */
export function projectRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { identity, customEnvironments } = project
  return [
    {
      method: 'GET',
      paths: ['/v2/user'],
      scoped: false,
      handle: () =>
        answer({
          user: { id: 'usr_1', uid: 'usr_1', username: 'bot', email: 'bot@acme.test', name: 'Bot' }
        })
    },
    {
      method: 'GET',
      paths: ['/teams/:team', '/v2/teams/:team'],
      scoped: false,
      handle: ({ params }) => {
        const known = [identity.teamId, identity.teamSlug].includes(params['team'] ?? '')
        if (!known) throw notFound('The team')
        return answer({ id: identity.teamId, slug: identity.teamSlug, name: identity.teamSlug })
      }
    },
    {
      method: 'GET',
      paths: ['/v9/projects/:project'],
      scoped: true,
      handle: () => answer(viewProject(project))
    },
    {
      method: 'GET',
      paths: [
        '/projects/:project/custom-environments',
        '/v9/projects/:project/custom-environments'
      ],
      scoped: true,
      handle: () =>
        answer({ environments: customEnvironments.map(e => ({ ...e, type: 'preview' })) })
    },
    {
      method: 'POST',
      paths: [
        '/v1/projects/:project/rollback/:deployment',
        '/v9/projects/:project/rollback/:deployment'
      ],
      scoped: true,
      query: ['description'],
      body: [],
      handle: ({ params }) => move(project, 'rollback', params['deployment'] ?? '')
    },
    {
      method: 'POST',
      paths: ['/v10/projects/:project/promote/:deployment'],
      scoped: true,
      body: [],
      handle: ({ params }) => move(project, 'promote', params['deployment'] ?? '')
    },
    {
      method: 'GET',
      paths: ['rollback', 'promote'].flatMap(verb => [
        `/v1/projects/:project/${verb}/aliases`,
        `/v9/projects/:project/${verb}/aliases`
      ]),
      scoped: true,
      handle: () => answer({ aliases: [], pagination: { next: null } })
    }
  ]
}

function move(project: SimulatedProject, type: 'rollback' | 'promote', id: string) {
  const { domains, deployments, switches } = project
  domains.move(type, deployments.servable(id))
  return answer({}, type === 'promote' && switches.rollingRelease !== null ? 202 : 201)
}

function viewProject(project: SimulatedProject): Readonly<Record<string, unknown>> {
  const { identity, domains, deployments, switches } = project
  const production = deployments.live('production')
  const request = domains.request()
  return {
    id: identity.projectId,
    accountId: identity.teamId,
    name: identity.projectName,
    framework: null,
    rootDirectory: null,
    autoAssignCustomDomains: switches.autoAssignCustomDomains,
    rollingRelease: switches.rollingRelease,
    targets: production ? { production: viewDeployment(project, production) } : {},
    ...(request ? { lastAliasRequest: request } : {}),
    lastRollbackTarget: request?.type === 'rollback' ? { id: request.toDeploymentId } : null
  }
}
