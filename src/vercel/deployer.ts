import type { Deployer, Deployment, DeployRequest } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { EXIT_MISSING, type VercelCli } from './command-line.ts'
import { createdDeploymentId, deployArguments, describeRun } from './deploy-command.ts'
import { type FollowParts, followDeployment } from './follow-deployment.ts'
import type { ProjectReader } from './project.ts'

export interface DeployerParts extends FollowParts {
  readonly cli: VercelCli
  readonly teamId: string
}

/** Deployments made by the CLI, followed and proven through REST. */
export function createDeployer(parts: DeployerParts): Deployer {
  const { deployments, project, production } = parts
  return {
    live: async target => {
      if (target !== 'production') return deployments.newestReady(target)
      const { productionDeployment: id } = await project.read()
      return id === undefined ? undefined : (await deployments.get(id)).deployment
    },
    find: intent => find(parts, intent),
    deploy: request => deploy(parts, request),
    abandon: intent => abandon(parts, intent),
    reinstate: async (target, deploymentId) => {
      if (target !== 'production') throw noInstantRollback(target)
      await production.point('rollback', deploymentId)
    }
  }
}

/** After a lost answer there may be several: the newest that is still good for something. */
async function find({ deployments }: DeployerParts, intent: string) {
  const ours = await deployments.ofIntent(intent)
  return ours.find(isAlive) ?? ours[0]
}

const isAlive = ({ state }: Deployment): boolean => state === 'building' || state === 'ready'

async function deploy(parts: DeployerParts, request: DeployRequest): Promise<Deployment> {
  if (request.target === 'production') await refuseRollingRelease(parts.project)
  const earlier = await find(parts, request.intent)
  if (earlier && (await canBeTakenUp(parts, earlier))) {
    parts.log.info(`Taking up deployment ${earlier.id} of the same intent`)
    await bringBack(parts, request, earlier)
    return followDeployment(parts, request, earlier.id)
  }
  await request.stillWanted()
  const id = await create(parts, request)
  parts.log.info(`Created deployment ${id} for ${request.target}`)
  return followDeployment(parts, request, id)
}

/** What was ready before and lost the domains to a newer deployment does not get them by waiting. */
async function bringBack(
  { project, production }: DeployerParts,
  { target, stillWanted }: DeployRequest,
  { id, state }: Deployment
): Promise<void> {
  if (target !== 'production' || state !== 'ready') return
  if ((await project.read()).productionDeployment === id) return
  await stillWanted()
  await production.point('promote', id)
}

/** Only production can be pointed back at a deployment that a newer one has replaced. */
async function canBeTakenUp({ deployments }: DeployerParts, earlier: Deployment): Promise<boolean> {
  if (earlier.state !== 'ready' || earlier.target === 'production') return isAlive(earlier)
  return (await deployments.newestReady(earlier.target))?.id === earlier.id
}

async function abandon({ deployments, log }: DeployerParts, intent: string): Promise<void> {
  const building = (await deployments.ofIntent(intent)).filter(({ state }) => state === 'building')
  for (const { id } of building) {
    const { kind } = await deployments.cancel(id)
    log.warning(`Cancelling ${id}, whose intent is given up: ${kind}`)
    if (kind !== 'done' && (await deployments.get(id)).deployment.state === 'building') {
      throw notAbandoned(id)
    }
  }
}

function notAbandoned(id: string): ProviderError {
  return new ProviderError(
    'abandon_unconfirmed',
    `The build of ${id} could not be cancelled and may still go live`,
    'Cancel it in the dashboard, then run the operation again.'
  )
}

async function refuseRollingRelease(project: ProjectReader): Promise<void> {
  const { name, rollingRelease } = await project.read()
  if (!rollingRelease) return
  throw new ProviderError(
    'rolling_release',
    `The project ${name} uses Rolling Releases: a deployment would get only part of the traffic`,
    'Switch Rolling Releases off while Rollgate rolls out: vercel rolling-release configure --disable'
  )
}

const LOOKS_AFTER_DOUBT_MS = [0, 2000, 5000]

/** What the CLI printed decides only when it names a deployment; else the provider is asked. */
async function create(parts: DeployerParts, request: DeployRequest): Promise<string> {
  const run = await parts.cli(deployArguments(request, parts.teamId))
  const id = createdDeploymentId(run)
  if (id !== undefined) return id
  const missing = run.exitCode === EXIT_MISSING
  for (const waitMs of missing ? [] : LOOKS_AFTER_DOUBT_MS) {
    await parts.clock.sleep(waitMs)
    const found = await find(parts, request.intent)
    if (found && isAlive(found)) return found.id
  }
  throw new ProviderError(
    missing ? 'vercel_cli_missing' : 'deploy_not_created',
    `No deployment of ${request.target} was created: vercel deploy ended with ${describeRun(run)}`,
    missing
      ? 'Install the Vercel CLI before this step: npm install --global vercel@64'
      : 'Correct what the message names, then run the same operation again.'
  )
}

function noInstantRollback(target: string): ProviderError {
  return new ProviderError(
    'no_instant_rollback',
    `Vercel cannot point ${target} back at an earlier deployment; only production can`,
    'Restore the flags and make a fresh deployment instead.'
  )
}
