import { answer, members } from '../http/route.ts'
import type { SimulatedProject } from './project.ts'
import { refusal } from './refusal.ts'
import type { Release } from './rolling-release.ts'
import type { VercelRoute } from './route.ts'

const BASE = '/v1/projects/:project/rolling-release'

/** Configuring rolling releases and driving the one that is under way. */
export function rollingReleaseRoutes(project: SimulatedProject): readonly VercelRoute[] {
  const { releases, switches, domains, deployments } = project
  const shown = () => answer({ rollingRelease: viewRelease(project, releases.last()) })
  return [
    { method: 'GET', paths: [BASE], scoped: true, handle: shown },
    {
      method: 'GET',
      paths: [`${BASE}/config`],
      scoped: true,
      handle: () => answer({ rollingRelease: switches.rollingRelease })
    },
    {
      method: 'PATCH',
      paths: [`${BASE}/config`],
      scoped: true,
      body: ['enabled', 'advancementType', 'stages', 'canaryResponseHeader'],
      handle: ({ body }) => {
        switches.rollingRelease = configurationOf(members(body))
        return answer({ rollingRelease: switches.rollingRelease })
      }
    },
    {
      method: 'DELETE',
      paths: [`${BASE}/config`],
      scoped: true,
      handle: () => {
        switches.rollingRelease = null
        return answer({ rollingRelease: null })
      }
    },
    {
      method: 'POST',
      paths: [`${BASE}/start`],
      scoped: true,
      body: ['canaryDeploymentId'],
      handle: ({ body }) => {
        const { id } = deployments.servable(String(members(body)['canaryDeploymentId']))
        const current = domains.holder()
        if (!releases.enabled() || !current)
          throw refusal(400, 'bad_request', 'Rolling releases are not enabled')
        releases.start(id, current.id)
        return shown()
      }
    },
    {
      method: 'POST',
      paths: [`${BASE}/approve-stage`],
      scoped: true,
      body: ['activeStageIndex', 'nextStageIndex', 'canaryDeploymentId'],
      handle: ({ body }) => {
        const { nextStageIndex, canaryDeploymentId } = members(body)
        releases.approve(Number(nextStageIndex), String(canaryDeploymentId))
        return shown()
      }
    },
    {
      method: 'POST',
      paths: [`${BASE}/complete`],
      scoped: true,
      body: ['canaryDeploymentId'],
      handle: ({ body }) => {
        domains.complete(deployments.find(String(members(body)['canaryDeploymentId'])))
        return shown()
      }
    }
  ]
}

function configurationOf(body: Readonly<Record<string, unknown>>): unknown {
  const { enabled, advancementType, stages, ...rest } = body
  if (enabled === false) return null
  const requireApproval = advancementType !== 'automatic'
  const given = (Array.isArray(stages) ? stages : []).map(members)
  const listed = given.map(stage => ({ requireApproval, ...stage }))
  return { ...rest, target: 'production', stages: listed }
}

function viewRelease(project: SimulatedProject, release: Release | undefined) {
  if (!release) return null
  const { canary, current, stage, stages, state, queued, startedAt, updatedAt } = release
  const active = state === 'ACTIVE'
  return {
    state,
    substate: null,
    advancementType: 'manual-approval',
    currentDeployment: viewRunner(project, current),
    canaryDeployment: viewRunner(project, canary),
    queuedDeploymentId: queued ?? null,
    currentCanaryPercentage: project.releases.percentage(),
    stages,
    activeStage: active ? (stages[stage] ?? null) : null,
    nextStage: active ? (stages[stage + 1] ?? null) : null,
    startedAt,
    updatedAt
  }
}

function viewRunner({ deployments, identity }: SimulatedProject, id: string) {
  const { url, createdAt, readyState, readyStateAt, commit } = deployments.find(id)
  const source = commit?.from ?? 'cli'
  const moments = { createdAt, readyStateAt }
  return {
    ...{ id, url, readyState, source },
    ...moments,
    name: identity.projectName,
    target: 'production'
  }
}
