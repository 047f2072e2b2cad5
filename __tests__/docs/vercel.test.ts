import { afterEach, expect, test } from '@jest/globals'
import type { DeployRequest } from '../../src/rollout/ports.ts'
import { startVercelWorld, type VercelWorld, type VercelWorldOptions } from '../vercel/world.ts'
import { readPage, rowsUnder } from './page.ts'

const worlds: VercelWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

/** What the page says is requested, as `GET /v6/deployments`; `{id}` stands for any one word. */
const TOLD = rowsUnder(readPage('vercel.md'), 'When').flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([A-Z]+ \/v\d[^`]*)`/gu)].map(([, request = '']) => request)
)
const patternOf = (told: string) => new RegExp(`^${told.replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u')

const repository = {
  org: 'acme',
  repo: 'shop',
  productionBranch: 'main',
  commits: ['a'.repeat(40)]
}
const git = { deploy: 'git', commit: 'live' } as const

let intents = 0

function request(target: string, more: Partial<DeployRequest> = {}): DeployRequest {
  intents += 1
  const names = { intent: `evt-${intents}`, rollout: 'a#1', phase: 'one' }
  return { target, ...names, deadlineMs: 600_000, stillWanted: async () => undefined, ...more }
}

async function open(options: VercelWorldOptions): Promise<VercelWorld> {
  const world = await startVercelWorld(options)
  worlds.push(world)
  return world
}

/** Everything that a project can be asked, but for what the CLI asks. */
async function doEverything(): Promise<void> {
  const qa = { id: 'env_qa', slug: 'qa' }
  const { flags, deployer, project, simulator } = await open({
    simulator: { repository, customEnvironments: [qa], flags: { preview: { OLD: '1' } } },
    targets: { production: { ...git, staged: true }, preview: { ...git, alias: 'staging.example' } }
  })
  const comment = 'rollgate a#1 one'
  await flags.write({ target: 'qa', flags: { FEATURE: 'true' }, comment })
  await flags.write({ target: 'preview', flags: { OLD: null }, comment })
  await flags.write({ target: 'qa', flags: { FEATURE: 'false' }, comment })
  await project.inspectProject()
  const first = simulator.live('production')?.id ?? ''
  await deployer.deploy(request('production'))
  await deployer.deploy(request('preview'))
  await deployer.reinstate('production', first)
  simulator.failNextBuild('no', ['no'])
  await expect(deployer.deploy(request('preview'))).rejects.toThrow('no')
  simulator.weather.endlessBuilds = true
  await expect(deployer.deploy(request('preview', { deadlineMs: 1000 }))).rejects.toThrow()

  const rolling = await open({
    simulator: { repository, switches: { rollingRelease: { target: 'production', stages: [] } } },
    targets: { production: { ...git, rollingRelease: 'complete' } }
  })
  await rolling.deployer.deploy(request('production'))
}

test('docs/vercel.md lists every request that is made, and none that is not', async () => {
  await doEverything()
  const made = new Set(
    worlds.flatMap(({ simulator }) =>
      simulator.requests.map(({ method, path }) => `${method} ${path}`)
    )
  )
  const patterns = TOLD.map(patternOf)
  expect([...made].filter(one => !patterns.some(pattern => pattern.test(one)))).toEqual([])
  expect(TOLD.filter(told => ![...made].some(one => patternOf(told).test(one)))).toEqual([])
})
