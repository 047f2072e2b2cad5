import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, jest } from '@jest/globals'
import { CLI_VERSION } from '../vercel/cli-under-test.ts'
import { startVercelWorld, type VercelWorldOptions } from '../vercel/world.ts'
import { type DeployerWorld, describeDeployer } from './deployer.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

const ALIAS = 'staging.shop.example'
const OLD = 'a'.repeat(40)
const NEW = 'b'.repeat(40)

const repository = { org: 'acme', repo: 'shop', productionBranch: 'main', commits: [OLD, NEW] }

async function startDeployerWorld(
  options: VercelWorldOptions,
  prepare: (site: string) => Promise<unknown> = () => Promise.resolve()
): Promise<DeployerWorld> {
  const { deployer, simulator, site, close } = await startVercelWorld(options)
  await prepare(site)
  const alias = options.targets?.['preview']?.alias
  const servedBy = (target: string): string | undefined =>
    alias === undefined || target === 'production'
      ? simulator.live(target)?.id
      : simulator.aliases().find(one => one.alias === alias)?.deploymentId
  return {
    deployer,
    servedFlag: (target, flag) => simulator.envOf(servedBy(target) ?? '')[flag],
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

const git = { deploy: 'git', commit: 'live' } as const

/** What `vercel build` leaves behind. */
async function build(site: string): Promise<void> {
  const output = join(site, '.vercel', 'output')
  await mkdir(join(output, 'static'), { recursive: true })
  await writeFile(join(output, 'config.json'), '{"version":3}')
  await writeFile(join(output, 'static', 'index.html'), 'shop')
}

describeDeployer(`the Vercel CLI ${CLI_VERSION}`, () => startDeployerWorld({ cli: 'real' }))
describeDeployer('the stand-in for the CLI', () => startDeployerWorld({}))
describeDeployer(`the Vercel CLI ${CLI_VERSION} with what was built before`, () =>
  startDeployerWorld(
    {
      cli: 'real',
      targets: { preview: { prebuilt: true }, production: { prebuilt: true } }
    },
    build
  )
)
describeDeployer('commits of the repository', () =>
  startDeployerWorld({ simulator: { repository }, targets: { preview: git, production: git } })
)
describeDeployer(
  `the Vercel CLI ${CLI_VERSION} with staged production`,
  () => startDeployerWorld({ cli: 'real', targets: { production: { staged: true } } }),
  { staged: true }
)
describeDeployer(
  'commits of the repository with staged production',
  () =>
    startDeployerWorld({
      simulator: { repository },
      targets: { production: { ...git, staged: true } }
    }),
  { staged: true }
)
describeDeployer('a preview with a domain of its own', () =>
  startDeployerWorld({ targets: { preview: { alias: ALIAS } } })
)
describeDeployer('rolling releases that are completed', () =>
  startDeployerWorld({
    simulator: { switches: { rollingRelease: { target: 'production', stages: [] } } },
    targets: { production: { rollingRelease: 'complete' } }
  })
)
