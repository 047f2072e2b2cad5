import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createVercelCli } from '../../src/vercel/command-line.ts'
import { createdDeploymentId, deployArguments } from '../../src/vercel/deploy-command.ts'
import { vercelByHand } from '../vercel/cli-by-hand.ts'
import { CLI_VERSION, REAL_CLI } from '../vercel/cli-under-test.ts'
import { startVercelWorld, TOKEN, type VercelWorld } from '../vercel/world.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

const staging = { id: 'env_staging', slug: 'staging' }

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld({
    cli: 'real',
    simulator: {
      customEnvironments: [staging],
      flags: { preview: { OTHER: 'x' } },
      deployed: ['production', 'preview']
    }
  })
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const scope = ['--scope', 'team_abc123']
const certain = [...scope, '--yes', '--non-interactive']
const account = { token: TOKEN, teamId: 'team_abc123', projectId: 'prj_1' }

const vercel = (args: readonly string[], input = '') => vercelByHand(world, args, input)
const mutating = () => world.simulator.requests.filter(({ method }) => method !== 'GET')
const bodies = () => mutating().map(({ method, path, body }) => ({ method, path, body }))

describe(`the real CLI ${CLI_VERSION} and the variables of the simulated API`, () => {
  test('env add, ls, update and rm do what they say', async () => {
    const { simulator } = world
    await vercel(['env', 'add', 'F', 'preview', '--type', 'config', ...certain], 'true\n')
    expect(simulator.valueOf('preview', 'F')).toBe('true')

    const { stdout } = await vercel(['env', 'ls', 'preview', '--json', ...scope])
    expect(JSON.parse(stdout).envs).toMatchObject([
      { key: 'OTHER' },
      { key: 'F', target: ['preview'] }
    ])

    await vercel(['env', 'update', 'F', 'preview', '--value', 'false', ...certain])
    expect(simulator.valueOf('preview', 'F')).toBe('false')

    await vercel(['env', 'rm', 'F', 'preview', ...certain])
    expect(simulator.valueOf('preview', 'F')).toBeUndefined()
  })

  test('env add reaches a custom environment, and --force overwrites what is there', async () => {
    const { simulator } = world
    const add = ['env', 'add', 'F', 'staging', '--type', 'config', ...certain]
    expect(await vercel(add, 'one\n')).toMatchObject({ exitCode: 0 })
    expect(simulator.valueOf('staging', 'F')).toBe('one')
    expect(await vercel(add, 'two\n')).toMatchObject({ exitCode: 1 })
    expect(await vercel([...add, '--force'], 'two\n')).toMatchObject({ exitCode: 0 })
    expect(simulator.valueOf('staging', 'F')).toBe('two')
  })

  test('env pull writes what a deployment of the environment would see', async () => {
    const { folder, simulator } = world
    simulator.addBranchOverride('OTHER', 'branch', 'feat/x')
    const pull = ['env', 'pull', '.env.seen', '--environment', 'preview', ...certain]
    const read = () => readFile(join(folder, 'site', '.env.seen'), 'utf8')
    expect(await vercel(pull)).toMatchObject({ exitCode: 0 })
    expect(await read()).toContain('OTHER="x"')
    expect(await vercel([...pull, '--git-branch', 'feat/x'])).toMatchObject({ exitCode: 0 })
    expect(await read()).toContain('OTHER="branch"')
  })

  test('T1: env add for preview without --yes exits 0 and writes nothing', async () => {
    const { exitCode } = await vercel(['env', 'add', 'F', 'preview', ...scope], 'true\n')
    expect(exitCode).toBe(0)
    expect(mutating()).toEqual([])
  })
})

describe(`the real CLI ${CLI_VERSION} and the deployments of the simulated API`, () => {
  beforeEach(() => {
    world.simulator.weather.readyAfterReads = 1
  })

  const made = async (...args: readonly string[]) => {
    const run = await vercel(['deploy', '--json', ...args, ...certain])
    expect(run).toMatchObject({ exitCode: 0 })
    return JSON.parse(run.stdout).deployment
  }

  test('deploy uploads the folder, waits until it is ready and tells the address', async () => {
    const { simulator } = world
    const deployment = await made('--target', 'preview', '-m', 'rollgate=evt-1')
    expect(deployment).toMatchObject({ id: 'dpl_3', readyState: 'READY' })
    expect(simulator.live('preview')).toMatchObject({ id: 'dpl_3', meta: { rollgate: 'evt-1' } })
    expect(mutating().at(-1)?.body).toMatchObject({ files: [{ file: 'index.html' }] })
  })

  test('deploy from a checkout tells commit and branch', async () => {
    const { folder, simulator } = world
    const site = join(folder, 'site')
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.test', ...args], {
        cwd: site,
        encoding: 'utf8'
      }).trim()
    git('init', '--quiet', '--initial-branch', 'feat/x')
    git('add', '.')
    git('commit', '--quiet', '--message', 'one')
    // Without a remote the CLI does not call the folder a checkout.
    git('remote', 'add', 'origin', 'https://github.com/acme/shop.git')
    await made('--target', 'preview')
    const sha = git('rev-parse', 'HEAD')
    expect(simulator.live('preview')?.meta).toMatchObject({
      gitCommitSha: sha,
      gitCommitRef: 'feat/x'
    })
  })

  test('deploy to a custom environment, and to production without its domains', async () => {
    const { simulator } = world
    const custom = await made('--target', 'staging')
    expect(simulator.live('staging')?.id).toBe(custom.id)

    // A staged deployment never gets its aliases, which is all that the CLI would wait for.
    const staged = await made('--prod', '--skip-domain', '--no-wait')
    expect(mutating().at(-1)?.body).toMatchObject({ autoAssignCustomDomains: false })
    expect(simulator.live('production')?.id).toBe('dpl_1')
    expect(simulator.deploymentsOf('production').map(({ id }) => id)).toContain(staged.id)
  })

  test('deploy --prebuilt uploads what the API says is missing, then asks again', async () => {
    const output = join(world.folder, 'site', '.vercel/output')
    await mkdir(join(output, 'static'), { recursive: true })
    await writeFile(join(output, 'config.json'), '{"version":3}')
    await writeFile(join(output, 'builds.json'), '{"target":"preview","builds":[]}')
    await writeFile(join(output, 'static/index.html'), 'built before')
    expect(await made('--prebuilt', '--target', 'preview')).toMatchObject({ readyState: 'READY' })
    const [first, ...more] = mutating().map(({ path }) => path)
    expect(first).toBe('/v13/deployments')
    expect(more.at(-1)).toBe('/v13/deployments')
    expect(new Set(more.slice(0, -1))).toEqual(new Set(['/v2/files']))
    expect(world.simulator.live('preview')?.id).toBe('dpl_3')
  })

  test('a failed build is exit code 1 and named with its reason', async () => {
    world.simulator.failNextBuild('Module not found')
    const run = await vercel(['deploy', '--json', '--target', 'preview', ...certain])
    expect(run).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Module not found') })
  })

  test('redeploy builds the same deployment once more', async () => {
    const { simulator } = world
    expect(await vercel(['redeploy', 'dpl_1', ...scope])).toMatchObject({ exitCode: 0 })
    expect(bodies()).toMatchObject([{ path: '/v13/deployments', body: { deploymentId: 'dpl_1' } }])
    expect(simulator.live('production')?.id).toBe('dpl_3')
  })

  test('rollback, promote and inspect work end to end', async () => {
    const { simulator } = world
    const second = simulator.deployByHand('production').id
    expect(await vercel(['rollback', 'dpl_1', ...certain])).toMatchObject({ exitCode: 0 })
    expect(simulator.live('production')?.id).toBe('dpl_1')
    expect(await vercel(['promote', second, ...certain])).toMatchObject({ exitCode: 0 })
    expect(simulator.live('production')?.id).toBe(second)
    const { stdout } = await vercel(['inspect', second, '--json', ...scope])
    expect(JSON.parse(stdout)).toMatchObject({ id: second, readyState: 'READY' })
  })

  test('promote of a preview deployment only makes a new one for production', async () => {
    expect(await vercel(['promote', 'dpl_2', ...certain])).toMatchObject({ exitCode: 0 })
    const body = { deploymentId: 'dpl_2', target: 'production', meta: { action: 'promote' } }
    expect(bodies()).toMatchObject([{ path: '/v13/deployments', body }])
    expect(world.simulator.live('production')?.id).toBe('dpl_1')
  })

  test('a rolling release is configured, inspected and completed', async () => {
    const { simulator } = world
    const release = (...args: readonly string[]) =>
      vercel(['rolling-release', ...args, ...scope, '--non-interactive'])
    simulator.switches.rollingRelease = { target: 'production', stages: STAGES }
    simulator.deployByHand('production')
    expect(await release('fetch')).toMatchObject({ exitCode: 0 })
    expect(await release('complete', '--dpl=dpl_3')).toMatchObject({ exitCode: 0 })
    expect(simulator.live('production')?.id).toBe('dpl_3')
  })
})

const STAGES = [10, 100].map(targetPercentage => ({ targetPercentage }))

describe('the stand-in for the CLI', () => {
  const wanted = { intent: 'evt-1', rollout: 'a#1', phase: 'one' }

  test.each(['preview', 'production', 'staging'])(
    'creates %s exactly as the real CLI does',
    async target => {
      const environments = [{ id: 'env_staging', slug: 'staging' }]
      const customEnvironments = target === 'staging' ? environments : []
      const other = await startVercelWorld({ simulator: { customEnvironments } })
      const real = createVercelCli({
        ...account,
        command: REAL_CLI,
        cwd: join(other.folder, 'site'),
        configFolder: join(other.folder, '.cli'),
        apiUrl: other.simulator.url,
        baseEnv: { PATH: process.env['PATH'] ?? '', HOME: other.folder, NO_PROXY: '127.0.0.1' },
        limitMs: 20_000
      })
      const args = deployArguments({ ...wanted, target }, 'team_abc123')
      expect(createdDeploymentId(await real(args))).toBe('dpl_3')
      expect(createdDeploymentId(await other.standIn(args))).toBe('dpl_4')

      const posts = other.simulator.requests.filter(({ method }) => method === 'POST')
      const [byCli, byStandIn] = posts.map(({ query, body }) => ({ query, body }))
      expect(byStandIn).toEqual({ ...byCli, body: { ...Object(byCli?.body), files: [] } })
      expect(other.simulator.violations).toEqual([])
      await other.close()
    }
  )
})
