import type { DeployRequest } from '../../src/rollout/ports.ts'

/** What an apply asks of a deployer, for a phase that nobody takes back. */
export function requestFor(target: string, more: Partial<DeployRequest> = {}): DeployRequest {
  return {
    target,
    intent: 'evt-1',
    rollout: 'assignment-pipeline-v3#1',
    phase: 'production-full',
    deadlineMs: 600_000,
    stillWanted: async () => undefined,
    ...more
  }
}
