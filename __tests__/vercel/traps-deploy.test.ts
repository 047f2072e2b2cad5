import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { members } from '../../src/rehearsal/http/route.ts'
import { type CliOptions, createVercelCli } from '../../src/vercel/command-line.ts'
import { CLI_VERSION, REAL_CLI } from './cli-under-test.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, TOKEN, type VercelWorld, type VercelWorldOptions } from './world.ts'

// Runs of the real CLI: below a second each, several on a busy machine, and 15 s without an API.
jest.setTimeout(120_000)

let world: VercelWorld
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

async function start(options: VercelWorldOptions = {}): Promise<VercelWorld> {
  world = await startVercelWorld({ cli: 'real', ...options })
  return world
}

/** The CLI as the adapter runs it. */
function cli(more: Partial<CliOptions> = {}) {
  const { simulator, folder, site } = world
  return createVercelCli({
    command: REAL_CLI,
    cwd: site,
    configFolder: join(folder, '.cli'),
    apiUrl: simulator.url,
    token: TOKEN,
    teamId: 'team_abc123',
    projectId: 'prj_1',
    baseEnv: { PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' },
    limitMs: 30_000,
    ...more
  })
}

const sent = (method: string, path: RegExp) =>
  world.simulator.requests.filter(one => one.method === method && path.test(one.path))

describe(`what the CLI ${CLI_VERSION} does to a deployment`, () => {
  test('T4: a command that hangs on an open standard input ends with ours', async () => {
    await start()
    const args = ['env', 'add', 'F', 'production', '--value', 'v', '--yes']
    const { exitCode } = await cli()([...args, '--scope', 'team_abc123'])
    expect(exitCode).toBe(0)
    expect(world.simulator.valueOf('production', 'F')).toBe('v')
  })

  test('T9: every run names its team, and every request of ours does', async () => {
    const { again, simulator } = await start()
    const before = simulator.live('production')?.id ?? ''
    const runs: (readonly string[])[] = []
    const real = cli()
    const { deployer } = again({
      cli: args => {
        runs.push(args)
        return real(args)
      }
    })
    await deployer.deploy(requestFor('production'))
    await deployer.reinstate('production', before)
    expect(runs.map(args => args[args.indexOf('--scope') + 1])).toEqual(['team_abc123'])
    const scoped = simulator.requests.filter(({ path }) => !/^\/v2\/user|teams(?:\/|$)/u.test(path))
    expect(scoped.filter(({ query }) => query['teamId'] !== 'team_abc123')).toEqual([])
  })

  test.each(['skipped', 'failed', 'elsewhere'] as const)(
    'T10: a way back that the provider ends as %s is an error, whatever it answered',
    async outcome => {
      const { deployer, simulator } = await start()
      const before = simulator.live('production')?.id ?? ''
      const made = await deployer.deploy(requestFor('production'))
      simulator.weather.nextAliasJob = outcome
      await expect(deployer.reinstate('production', before)).rejects.toMatchObject({
        code: 'rollback_failed'
      })
      expect((await deployer.live('production'))?.id).toBe(made.id)
    }
  )

  test('T10: a way back that tells nothing of itself is proven by what production serves', async () => {
    const { deployer, simulator } = await start()
    const before = simulator.live('production')?.id ?? ''
    await deployer.deploy(requestFor('production'))
    simulator.switches.showsLastMove = false
    simulator.weather.nextAliasJob = 'skipped'
    await expect(deployer.reinstate('production', before)).rejects.toMatchObject({
      code: 'rollback_unconfirmed'
    })
  })

  test('T11: a build is known before it ends, and cancelled at the deadline', async () => {
    const { deployer, simulator } = await start()
    simulator.weather.endlessBuilds = true
    await expect(
      deployer.deploy(requestFor('preview', { deadlineMs: 60_000 }))
    ).rejects.toMatchObject({
      code: 'deploy_timeout',
      message: expect.stringContaining('was cancelled')
    })
    expect(sent('PATCH', /cancel$/u)).toHaveLength(1)
    expect(simulator.deploymentsOf('preview').at(-1)?.readyState).toBe('CANCELED')
  })

  test('T12: a CLI that loses the API says little, and the error says what failed', async () => {
    const { deployer, simulator } = await start()
    const path = /v13\/deployments$/u
    simulator.faults.inject({ method: 'POST', path, times: 99, effect: { kind: 'drop' } })
    await expect(deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_not_created',
      message: expect.stringMatching(/No deployment of preview was created: .* exit code 1, \S/u),
      remedy: expect.stringMatching(/\S/u)
    })
    expect(simulator.deploymentsOf('preview')).toHaveLength(1)
  })

  test('T14: a deployment that only part of the visitors get is refused, or given to all', async () => {
    const switches = { rollingRelease: { target: 'production', stages: [] } }
    const refusing = await start({ simulator: { switches } })
    await expect(refusing.deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'rolling_release',
      remedy: expect.stringContaining('rolling_release: complete')
    })
    expect(sent('POST', /./u)).toEqual([])
    await refusing.close()

    const { deployer, simulator } = await start({
      simulator: { switches },
      targets: { production: { rollingRelease: 'complete' } }
    })
    const made = await deployer.deploy(requestFor('production'))
    expect(simulator.live('production')?.id).toBe(made.id)
    expect(simulator.rollingRelease()).toMatchObject({ state: 'COMPLETE' })
  })

  test('T15: a deployment after a rollback made in the dashboard is promoted', async () => {
    const { deployer, simulator } = await start()
    const before = simulator.live('production')?.id ?? ''
    simulator.deployByHand('production')
    simulator.rollBackByHand(before)
    const made = await deployer.deploy(requestFor('production'))
    expect(simulator.live('production')?.id).toBe(made.id)
    expect(sent('POST', /promote/u)).toMatchObject([
      { path: `/v10/projects/prj_1/promote/${made.id}` }
    ])
  })

  test('T16: the variables of a coding agent do not reach it, and its other output is understood', async () => {
    const { again, folder, simulator } = await start()
    const agent = { AI_AGENT: 'x', CLAUDECODE: '1', CURSOR_AGENT: '1', CODEX_CI: '1' }
    const baseEnv = {
      ...{ PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' },
      ...agent
    }
    const made = await again({ baseEnv }).deployer.deploy(requestFor('preview'))
    expect(made.state).toBe('ready')
    expect(simulator.deploymentsOf('preview').at(-1)?.id).toBe(made.id)

    const posted = sent('POST', /v13\/deployments$/u).length
    const wrapped = await again().deployer.deploy(requestFor('preview', { intent: 'evt-2' }))
    expect(wrapped.intent).toBe('evt-2')
    // Both were read off the output: nothing had to be looked for.
    expect(posted).toBe(1)
    expect(sent('GET', /v6\/deployments$/u)).toHaveLength(2)
  })

  test('T17: on a detached checkout a value for one branch is refused, since nobody knows whether it applies', async () => {
    const { flags, deployer, simulator, site } = await start()
    simulator.switches.detachedHead = 'resolved'
    await detach(site)
    simulator.addBranchOverride('MODE', 'off', 'feat/x')
    const wanted = { target: 'preview', flags: { MODE: 'shadow' }, comment: 'a#1' }
    await expect(flags.write(wanted)).rejects.toMatchObject({ code: 'flag_obstacle' })

    const made = await deployer.deploy(requestFor('preview'))
    const body = members(sent('POST', /v13\/deployments$/u)[0]?.body)
    expect(members(body['gitMetadata'])['commitRef']).toBe('HEAD')
    // Neither is the branch of a detached checkout taken for one when its code is deployed once more.
    expect(made.commit).toMatch(/^[0-9a-f]{40}$/u)
  })
})

async function detach(site: string): Promise<void> {
  const run = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=Priya', '-c', 'user.email=priya@acme.test']
    execFileSync('git', ['-C', site, ...identity, ...args], { stdio: 'pipe' })
  }
  run('init', '--quiet', '--initial-branch=main')
  await writeFile(join(site, 'index.html'), 'one')
  run('add', '--all')
  run('commit', '--quiet', '--message', 'one')
  run('checkout', '--quiet', '--detach')
}
