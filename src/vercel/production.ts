import type { Clock, Log } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { VercelApi } from './api.ts'
import type { AliasMove, ProjectReader, ProjectView } from './project.ts'

/** Which deployment has the production domains, and moving them without a build. */
export interface Production {
  /**
   * Points production at the deployment and waits until it is so; no request when it is already.
   * @throws ProviderError
   */
  point(how: 'rollback' | 'promote', deploymentId: string): Promise<void>
}

export interface ProductionParts {
  readonly api: VercelApi
  readonly project: ProjectReader
  readonly projectId: string
  readonly clock: Clock
  readonly log: Log
}

const DEADLINE_MS = 180_000
const POLL_MS = 2000
const REQUESTS = 3

const VERSION = { rollback: 'v9', promote: 'v10' }

/** Moves are requested, then proven by the project itself: the answer to the request proves nothing. */
export function createProduction(parts: ProductionParts): Production {
  const { project, clock, log } = parts
  return {
    point: async (how, deploymentId) => {
      const before = await project.read()
      if (before.productionDeployment === deploymentId) return
      const deadline = clock.now() + DEADLINE_MS
      let requests = 1
      let lost = await request(parts, how, deploymentId)
      while (true) {
        const seen = await project.read()
        if (seen.productionDeployment === deploymentId) break
        const move = moveSince(before, seen, deploymentId)
        refuseFailed(how, deploymentId, move)
        if (clock.now() >= deadline) throw lost ?? notMoved(how, deploymentId, seen)
        if (lost && !move && requests < REQUESTS) {
          requests += 1
          lost = await request(parts, how, deploymentId)
        }
        await clock.sleep(POLL_MS)
      }
      log.info(`Production serves ${deploymentId} (${how})`)
    }
  }
}

/** The reason to believe that the request never arrived, if there is one. */
async function request(
  { api, projectId, clock }: ProductionParts,
  how: 'rollback' | 'promote',
  deploymentId: string
): Promise<ProviderError | undefined> {
  const path = `/${VERSION[how]}/projects/${encodeURIComponent(projectId)}/${how}/${encodeURIComponent(deploymentId)}`
  const outcome = await api.change({ method: 'POST', path, body: {} })
  if (outcome.kind === 'refused') throw outcome.error
  if (outcome.kind === 'done') return undefined
  await clock.sleep(outcome.waitMs)
  return outcome.error
}

function moveSince(
  before: ProjectView,
  { lastMove }: ProjectView,
  deploymentId: string
): AliasMove | undefined {
  const known = before.lastMove
  const fresh = lastMove?.requestedAt !== known?.requestedAt || lastMove?.to !== known?.to
  return fresh && lastMove?.to === deploymentId ? lastMove : undefined
}

function refuseFailed(how: string, deploymentId: string, move: AliasMove | undefined): void {
  if (move?.status !== 'failed' && move?.status !== 'skipped') return
  throw new ProviderError(
    `${how}_failed`,
    `Vercel reports the ${how} of production to ${deploymentId} as ${move.status}`,
    'Look at the deployments of the project in the dashboard and move production there by hand.'
  )
}

function notMoved(how: string, deploymentId: string, { productionDeployment }: ProjectView) {
  return new ProviderError(
    `${how}_unconfirmed`,
    `Production still serves ${productionDeployment ?? 'nothing'} instead of ${deploymentId}`,
    `Look at the project in the dashboard; if it does not move, run: vercel ${how} ${deploymentId} --yes`
  )
}
