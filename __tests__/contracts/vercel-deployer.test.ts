import { expect, jest } from '@jest/globals'
import { startVercelWorld } from '../vercel/world.ts'
import { type DeployerWorld, describeDeployer } from './deployer.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

async function startDeployerWorld(cli: 'real' | 'stand-in'): Promise<DeployerWorld> {
  const { deployer, simulator, close } = await startVercelWorld({ cli })
  return {
    deployer,
    servedFlag: (target, flag) => simulator.live(target)?.env[flag],
    setFlag: simulator.setFlagByHand,
    failNextBuild: simulator.failNextBuild,
    neverFinishBuilds: () => {
      simulator.weather.endlessBuilds = true
    },
    made: target => simulator.deploymentsOf(target).map(({ id }) => id),
    isCancelled: id =>
      simulator
        .deploymentsOf('preview')
        .some(made => made.id === id && made.readyState === 'CANCELED'),
    close: async () => {
      expect(simulator.violations).toEqual([])
      await close()
    }
  }
}

describeDeployer('the Vercel CLI 64.0.2', () => startDeployerWorld('real'))
describeDeployer('the stand-in for the CLI', () => startDeployerWorld('stand-in'))
