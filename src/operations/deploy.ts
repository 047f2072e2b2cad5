import type { Deployment } from '../rollout/ports.ts'
import type { World } from './world.ts'

export interface DeployOnceRequest {
  readonly target: string
  readonly deadlineMs: number
}

/**
 * Makes one fresh deployment with the flags as they are and waits until the target serves it; no
 * ledger. The run's id is the intent, so that a repeated run takes up its own deployment.
 * @throws ProviderError
 */
export function deploy(
  world: Pick<World, 'deployer' | 'actor'>,
  { target, deadlineMs }: DeployOnceRequest
): Promise<Deployment> {
  return world.deployer.deploy({
    target,
    intent: `step-${world.actor.run}`,
    rollout: 'none',
    phase: 'none',
    deadlineMs,
    stillWanted: () => Promise.resolve()
  })
}
