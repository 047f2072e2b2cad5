import { answer } from '../http/route.ts'
import { CREATOR, servedDeployment, viewEnvironment } from './deployment-view.ts'
import type { AliasRequest } from './production-domains.ts'
import { productionDomain, type SimulatedProject } from './project.ts'
import { notFound, refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** The account behind the token, the team, and what a project says about itself. */
export function projectRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { identity, customEnvironments, now } = project
  const startedAt = now()
  return [
    {
      method: 'GET',
      paths: ['/v2/user'],
      scoped: false,
      handle: () =>
        answer({
          user: {
            ...{ id: 'usr_1', uid: 'usr_1', username: 'bot', email: 'bot@acme.test', name: 'Bot' },
            ...{ avatar: null, defaultTeamId: identity.teamId, limited: true }
          }
        })
    },
    {
      method: 'GET',
      paths: ['/v1/teams', '/v2/teams'],
      scoped: false,
      handle: () =>
        answer({
          teams: [viewTeam(project)],
          pagination: { count: 1, next: null, prev: null }
        })
    },
    {
      method: 'GET',
      paths: ['/teams/:team', '/v2/teams/:team'],
      scoped: false,
      handle: ({ params }) => {
        const known = [identity.teamId, identity.teamSlug].includes(params['team'] ?? '')
        if (!known) throw notFound('The team')
        return answer(viewTeam(project))
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
        answer({
          accountLimit: { total: 1 },
          environments: customEnvironments.map(one => viewEnvironment(one, startedAt))
        })
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
      handle: ({ params, query }) =>
        move(project, 'rollback', params['deployment'] ?? '', query['description'])
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
      handle: () => answer({ aliases: [], pagination: { count: 0, next: null, prev: null } })
    }
  ]
}

function viewTeam({ identity, now }: SimulatedProject): Readonly<Record<string, unknown>> {
  return {
    id: identity.teamId,
    slug: identity.teamSlug,
    name: identity.teamSlug,
    avatar: null,
    billing: null,
    description: null,
    creatorId: 'usr_1',
    stagingPrefix: '',
    createdAt: now(),
    updatedAt: now()
  }
}

type Move = 'rollback' | 'promote'

function move(project: SimulatedProject, type: Move, id: string, description?: string) {
  const { domains, deployments, releases } = project
  const deployment = deployments.servable(id)
  if (type === 'rollback') refuseBeyondPlan(project, id)
  if (type === 'promote' && releases.active()) {
    releases.queue(id)
    return answer({}, 202)
  }
  domains.move(type, deployment, description)
  return answer({}, 201)
}

function refuseBeyondPlan({ switches, domains }: SimulatedProject, id: string): void {
  const near = [domains.previous()?.id, domains.holder()?.id].includes(id)
  if (switches.plan === 'pro' || near) return
  throw refusal(
    switches.hobbyRefusal,
    switches.hobbyRefusal === 402 ? 'payment_required' : 'unprocessable_entity',
    'On Hobby only the previous production deployment can be rolled back to. Upgrade to Pro.'
  )
}

function viewProject(project: SimulatedProject): Readonly<Record<string, unknown>> {
  const { identity, domains, deployments, switches, releases } = project
  const canary = switches.rollingTarget === 'canary' ? releases.active()?.canary : undefined
  const live = canary === undefined ? deployments.live('production') : deployments.find(canary)
  const request = switches.showsLastMove ? domains.request() : undefined
  const paused = switches.rollbackShowsInSetting && !domains.autoAssigns()
  return {
    id: identity.projectId,
    accountId: identity.teamId,
    name: identity.projectName,
    framework: null,
    rootDirectory: null,
    autoAssignCustomDomains: switches.autoAssignCustomDomains && !paused,
    rollingRelease: switches.rollingRelease,
    alias: [
      {
        domain: productionDomain(identity),
        environment: 'production',
        target: 'PRODUCTION',
        deployment: null
      }
    ],
    targets: live ? { production: servedDeployment(project, live) } : {},
    nodeVersion: '24.x',
    directoryListing: false,
    defaultResourceConfig: { functionDefaultRegions: ['iad1'] },
    resourceConfig: { functionDefaultRegions: ['iad1'] },
    deploymentExpiration: {},
    ...viewLink(project),
    ...(request ? viewMove(request) : {}),
    lastRollbackTarget: request?.type === 'rollback' ? {} : null
  }
}

function viewMove({ description, ...lastAliasRequest }: AliasRequest) {
  if (description === undefined) return { lastAliasRequest }
  const author = { userId: CREATOR.uid, username: CREATOR.username }
  const createdAt = lastAliasRequest.requestedAt
  return { lastAliasRequest, rollbackDescription: { ...author, description, createdAt } }
}

function viewLink({ repository }: SimulatedProject) {
  if (!repository) return {}
  const { org, repo, repoId, productionBranch } = repository
  const link = { type: 'github', org, repo, repoId, productionBranch }
  return { link: { ...link, gitCredentialId: 'cred_1', deployHooks: [] } }
}
