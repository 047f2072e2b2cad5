import type { Clock, Deployment, DeployRequest, Log } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { Deployments, DeploymentView } from './deployments.ts'
import type { Production } from './production.ts'
import type { ProjectReader } from './project.ts'

export interface FollowParts {
  readonly deployments: Deployments
  readonly project: ProjectReader
  readonly production: Production
  readonly clock: Clock
  readonly log: Log
}

const FIRST_POLL_MS = 2000
const LONGEST_POLL_MS = 10_000

/**
 * Waits until the target serves the deployment; cancels the build at the deadline.
 * @throws ProviderError
 */
export async function followDeployment(
  parts: FollowParts,
  request: DeployRequest,
  id: string
): Promise<Deployment> {
  const { deployments, clock, log } = parts
  const deadline = clock.now() + request.deadlineMs
  let pollMs = FIRST_POLL_MS
  while (true) {
    const view = await deployments.get(id)
    await refuseWrongTarget(parts, request, view)
    refuseFailure(view)
    if (await serves(parts, request, view)) {
      log.info(`${request.target} serves ${view.deployment.url}`)
      return view.deployment
    }
    await refuseSuperseded(parts, request, view)
    const leftMs = deadline - clock.now()
    if (leftMs <= 0) throw await giveUp(parts, request, view)
    await clock.sleep(Math.min(pollMs, leftMs))
    pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)
  }
}

async function serves(
  { project, production }: FollowParts,
  { target, stillWanted }: DeployRequest,
  { deployment, aliasAssigned, staged }: DeploymentView
): Promise<boolean> {
  if (deployment.state !== 'ready') return false
  if (target !== 'production') return aliasAssigned
  const { productionDeployment, autoAssignsProduction } = await project.read()
  if (productionDeployment === deployment.id) return true
  if (autoAssignsProduction && !staged) return false
  await stillWanted()
  await production.point('promote', deployment.id)
  return true
}

/** A ready production build takes the domains unasked, so the last chance to stop it is before. */
async function refuseSuperseded(
  { deployments, log }: FollowParts,
  { target, stillWanted }: DeployRequest,
  { deployment }: DeploymentView
): Promise<void> {
  if (target !== 'production' || deployment.state !== 'building') return
  try {
    await stillWanted()
  } catch (superseded) {
    const { kind } = await deployments.cancel(deployment.id)
    log.warning(`Cancelling ${deployment.id}, which is no longer wanted: ${kind}`)
    throw superseded
  }
}

/** Vercel sends the first deployment of a project to production, whatever was asked. */
async function refuseWrongTarget(
  { deployments }: FollowParts,
  { target }: DeployRequest,
  { deployment }: DeploymentView
): Promise<void> {
  if (deployment.target === target) return
  if (deployment.state === 'building') await deployments.cancel(deployment.id)
  throw new ProviderError(
    'deploy_wrong_target',
    `Vercel made ${deployment.id} a deployment of ${deployment.target}, not of ${target}; it was cancelled if it was still building`,
    'The first deployment of a project always goes to production: deploy to production once by hand first.'
  )
}

function refuseFailure({ deployment, aliasError }: DeploymentView): void {
  const { id, state, target, problem, inspectorUrl } = deployment
  const look = `Look at the build: ${inspectorUrl ?? id}`
  if (state === 'failed')
    throw new ProviderError(
      'deploy_failed',
      `The build of ${id} for ${target} failed: ${problem ?? 'no reason given'}`,
      look
    )
  if (state === 'cancelled')
    throw new ProviderError(
      'deploy_cancelled',
      `The build of ${id} for ${target} was cancelled`,
      look
    )
  if (aliasError !== undefined)
    throw new ProviderError(
      'deploy_alias',
      `${id} was built, but ${target} was not pointed at it: ${aliasError}`,
      look
    )
}

async function giveUp(
  { deployments, log }: FollowParts,
  { target, deadlineMs }: DeployRequest,
  { deployment }: DeploymentView
): Promise<ProviderError> {
  const { id, inspectorUrl } = deployment
  const seconds = Math.round(deadlineMs / 1000)
  const look = `Look at the build: ${inspectorUrl ?? id}`
  if (deployment.state === 'ready')
    return new ProviderError(
      'deploy_not_live',
      `${id} is ready, but ${target} did not serve it within ${seconds} s`,
      look
    )
  const { kind } = await deployments.cancel(id)
  log.warning(`Cancelling ${id} at its deadline: ${kind}`)
  const end = kind === 'done' ? 'was cancelled' : 'could not be cancelled for certain'
  return new ProviderError(
    'deploy_timeout',
    `The build of ${id} for ${target} was not ready after ${seconds} s and ${end}`,
    look
  )
}
