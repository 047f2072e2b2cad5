import type { Clock, Deployment, Log } from '../rollout/ports.ts'
import { ProviderError, RollgateError } from '../rollout/rollgate-error.ts'
import type { Aliases } from './aliases.ts'
import type { BuildLog } from './build-log.ts'
import type { Wanted } from './create-deployment.ts'
import type { Deployments, DeploymentView } from './deployments.ts'
import type { Production } from './production.ts'
import type { ProjectReader } from './project.ts'

export interface FollowParts {
  readonly deployments: Deployments
  readonly project: ProjectReader
  readonly production: Production
  readonly aliases: Aliases
  readonly buildLog: BuildLog
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
  request: Wanted,
  id: string
): Promise<Deployment> {
  const { deployments, clock, log } = parts
  const deadline = clock.now() + request.deadlineMs
  let pollMs = FIRST_POLL_MS
  while (true) {
    const view = await deployments.get(id)
    await refuseWrongTarget(parts, request, view)
    await refuseFailure(parts, view)
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

async function serves(parts: FollowParts, wanted: Wanted, view: DeploymentView): Promise<boolean> {
  const { target, how } = wanted
  if (view.deployment.state !== 'ready') return false
  if (target === 'production') return servesProduction(parts, wanted, view)
  return how.alias === undefined
    ? view.aliasAssigned
    : servesAlias(parts.aliases, wanted, how.alias, view)
}

async function servesProduction(
  { production }: FollowParts,
  { how, prove, stillWanted }: Wanted,
  { deployment, staged }: DeploymentView
): Promise<boolean> {
  const { id } = deployment
  const seen = await production.look()
  if (seen.serves(id)) return true
  if (seen.release !== undefined && how.rollingRelease === 'complete') {
    if (seen.release.canary !== id) throw releaseUnderWay(seen.release.canary)
    await stillWanted()
    await production.complete(id)
    return (await production.look()).serves(id)
  }
  if (seen.project.autoAssignsProduction && !staged && !how.staged) return false
  await prove?.(deployment)
  await stillWanted()
  await production.point('promote', id)
  return true
}

async function servesAlias(
  aliases: Aliases,
  { stillWanted }: Wanted,
  alias: string,
  { deployment: { id } }: DeploymentView
): Promise<boolean> {
  if ((await aliases.holder(alias)) === id) return true
  await stillWanted()
  await aliases.assign(alias, id)
  return (await aliases.holder(alias)) === id
}

/** Somebody else decides how much of production a deployment gets. */
export function releaseUnderWay(canary: string): ProviderError {
  return new ProviderError(
    'rolling_release_under_way',
    `A rolling release of ${canary} is under way, which was not started here`,
    'Complete it or abort it (vercel rolling-release complete, or abort), then run the operation again.'
  )
}

/** A ready production build takes the domains unasked, so the last chance to stop it is before. */
async function refuseSuperseded(
  { deployments, log }: FollowParts,
  { target, stillWanted }: Wanted,
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
  { target }: Wanted,
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

async function refuseFailure(
  { buildLog }: FollowParts,
  { deployment, aliasError }: DeploymentView
): Promise<void> {
  const { id, state, target, problem, inspectorUrl } = deployment
  const look = `Look at the build: ${inspectorUrl ?? id}`
  if (state === 'failed')
    throw new ProviderError(
      'deploy_failed',
      `The build of ${id} for ${target} failed: ${problem ?? 'no reason given'}${await lastWords(buildLog, id)}`,
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

/** The failure is told even when its log cannot be read. */
async function lastWords(buildLog: BuildLog, id: string): Promise<string> {
  try {
    const lines = await buildLog.tail(id)
    return lines.length === 0 ? '' : `. The end of its log:\n${lines.join('\n')}`
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return ''
  }
}

async function giveUp(
  { deployments, log }: FollowParts,
  { target, deadlineMs }: Wanted,
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
