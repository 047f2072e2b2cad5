import type { Target } from '../rollout/definition.ts'
import { codeFor } from '../rollout/deployed-code.ts'
import type { Deployer, Deployment, DeployRequest } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { COMPLETE_RELEASES } from '../rollout/target-remedies.ts'
import {
  type CodeAt,
  type CreationParts,
  createDeployment,
  type Wanted
} from './create-deployment.ts'
import type { DeploymentEnv } from './deployment-env.ts'
import { isAlive } from './deployments.ts'
import { type FollowParts, followDeployment, releaseUnderWay } from './follow-deployment.ts'
import { productionTraffic, projectOf, trafficTo } from './traffic.ts'
import { unlessRefused } from './unless-refused.ts'

export interface DeployerParts extends FollowParts, Omit<CreationParts, 'find'> {
  readonly env: DeploymentEnv
  /** How a target is deployed. */
  readonly how: (target: string) => Target
}

/** Deployments made by the CLI or from the repository, followed and proven through REST. */
export function createDeployer(parts: DeployerParts): Deployer {
  const { deployments, project, production } = parts
  const live: Deployer['live'] = target => liveOn(parts, target)
  return {
    live,
    traffic: async target =>
      target === 'production'
        ? productionTraffic(await project.read())
        : trafficTo(await live(target)),
    get: (id, asking) =>
      unlessRefused(
        ['vercel_not_found'],
        async () => (await deployments.get(id, asking)).deployment
      ),
    newest: target => deployments.newestReady(target),
    find: intent => find(parts, intent),
    flagsIn: async (deploymentId, flags, asking) => {
      const all = await parts.env.of(deploymentId, asking)
      return all && Object.fromEntries(Object.entries(all).filter(([name]) => flags.includes(name)))
    },
    deploy: request => deploy(parts, request),
    abandon: intent => abandon(parts, intent),
    reinstate: async (target, deploymentId, known) => {
      if (target !== 'production') throw noInstantRollback(target)
      await production.point('rollback', deploymentId, known && projectOf(known))
    }
  }
}

/** A preview that has a domain of its own serves what the domain is at, not the newest of any branch. */
async function liveOn(parts: DeployerParts, target: string): Promise<Deployment | undefined> {
  const { deployments, project, aliases, how } = parts
  const { alias } = how(target)
  if (target !== 'production' && alias === undefined) return deployments.newestReady(target)
  const id =
    alias === undefined ? (await project.read()).productionDeployment : await aliases.holder(alias)
  return id === undefined ? undefined : (await deployments.get(id)).deployment
}

/** After a lost answer there may be several: the newest that is still good for something. */
async function find({ deployments }: DeployerParts, intent: string) {
  const ours = await deployments.ofIntent(intent)
  return ours.find(isAlive) ?? ours[0]
}

async function deploy(parts: DeployerParts, request: DeployRequest): Promise<Deployment> {
  const wanted: Wanted = { ...request, how: parts.how(request.target) }
  await refuseForeign(parts, wanted)
  const earlier = await find(parts, wanted.intent)
  if (earlier && (await canBeTakenUp(parts, earlier))) {
    parts.log.info(`Taking up deployment ${earlier.id} of the same intent`)
    await bringBack(parts, wanted, earlier)
    return followDeployment(parts, wanted, earlier.id)
  }
  const code = await codeOf(parts, wanted)
  await wanted.stillWanted()
  const creation: CreationParts = { ...parts, find: intent => find(parts, intent) }
  const id = await createDeployment(creation, wanted, code)
  parts.log.info(`Created deployment ${id} for ${wanted.target}`)
  return followDeployment(parts, wanted, id)
}

/** The deployment whose code is wanted is asked for once more by its id, which also tells its branch. */
async function codeOf(parts: DeployerParts, { target, how, like }: Wanted): Promise<CodeAt> {
  const { deployments } = parts
  const id = like ?? (how.commit === 'live' ? (await liveOn(parts, target))?.id : undefined)
  const model =
    id === undefined
      ? undefined
      : await unlessRefused(['vercel_not_found'], () => deployments.get(id))
  const code = codeFor({
    target,
    how,
    like: like === undefined ? undefined : { id: like, deployment: model?.deployment },
    live: model?.deployment
  })
  return { code, branch: model?.branch }
}

/** What was ready before and lost the domains to a newer deployment does not get them by waiting. */
async function bringBack(
  { production }: DeployerParts,
  { target, how, prove, stillWanted }: Wanted,
  earlier: Deployment
): Promise<void> {
  const { id, state } = earlier
  // One that is staged is proven first, and promoted while it is followed.
  if (target !== 'production' || state !== 'ready' || how.staged) return
  const { release, serves } = await production.look()
  if (serves(id) || release?.canary === id) return
  await prove?.(earlier)
  await stillWanted()
  await production.point('promote', id)
}

/** Only domains can be pointed back at a deployment that a newer one has replaced. */
async function canBeTakenUp(
  { deployments, how }: DeployerParts,
  earlier: Deployment
): Promise<boolean> {
  const { state, target } = earlier
  const hasDomain = target === 'production' || how(target).alias !== undefined
  if (state !== 'ready' || hasDomain) return isAlive(earlier)
  return (await deployments.newestReady(earlier.target))?.id === earlier.id
}

async function abandon(parts: DeployerParts, intent: string): Promise<void> {
  const { deployments, log } = parts
  const ours = await deployments.ofIntent(intent)
  const building = ours.filter(({ state }) => state === 'building')
  for (const { id } of building) {
    const { kind } = await deployments.cancel(id)
    log.warning(`Cancelling ${id}, whose intent is given up: ${kind}`)
    if (kind !== 'done' && (await deployments.get(id)).deployment.state === 'building') {
      throw notAbandoned(id)
    }
  }
  await endRelease(parts, ours)
}

/** A release under way gives its deployment more traffic by itself; going back to the old one ends it. */
async function endRelease(
  { how, production, log }: DeployerParts,
  ours: readonly Deployment[]
): Promise<void> {
  const ready = ours.filter(({ state, target }) => state === 'ready' && target === 'production')
  if (ready.length === 0 || how('production').rollingRelease !== 'complete') return
  const { release } = await production.look()
  if (release?.current === undefined || !ready.some(({ id }) => id === release.canary)) return
  log.warning(`Ending the rolling release of ${release.canary}, whose intent is given up`)
  await production.point('rollback', release.current)
}

function notAbandoned(id: string): ProviderError {
  return new ProviderError(
    'abandon_unconfirmed',
    `The build of ${id} could not be cancelled and may still go live`,
    'Cancel it in the dashboard, then run the operation again.'
  )
}

/** What others decide about is found out before anything is deployed. */
async function refuseForeign(parts: DeployerParts, wanted: Wanted): Promise<void> {
  const { target, how } = wanted
  if (target === 'production') await refuseRollingRelease(parts, wanted)
  // Throws when another project has it.
  else if (how.alias !== undefined) await parts.aliases.holder(how.alias)
}

async function refuseRollingRelease(
  { production, deployments }: DeployerParts,
  { how, intent }: Wanted
): Promise<void> {
  const { project, release } = await production.look()
  if (!project.rollingRelease) return
  if (how.rollingRelease === 'refuse') throw rollingRelease(project.name)
  if (release === undefined) return
  const { deployment } = await deployments.get(release.canary)
  if (deployment.intent !== intent) throw releaseUnderWay(release.canary)
}

function rollingRelease(name: string): ProviderError {
  return new ProviderError(
    'rolling_release',
    `The project ${name} uses Rolling Releases: a deployment would get only part of the traffic`,
    COMPLETE_RELEASES
  )
}

function noInstantRollback(target: string): ProviderError {
  return new ProviderError(
    'no_instant_rollback',
    `Vercel cannot point ${target} back at an earlier deployment; only production can`,
    'Restore the flags and make a fresh deployment instead.'
  )
}
