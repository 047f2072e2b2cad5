import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { cliEnvironment, createVercelCli } from '../../src/vercel/command-line.ts'
import { createdDeploymentId, deployArguments } from '../../src/vercel/deploy-command.ts'
import { REAL_CLI, startVercelWorld, TOKEN, type VercelWorld } from '../vercel/world.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld({ cli: 'real' })
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const scope = ['--scope', 'team_abc123']
const certain = [...scope, '--yes', '--non-interactive']
const account = { token: TOKEN, teamId: 'team_abc123', projectId: 'prj_1' }

/** Runs the real CLI against the simulator, with a text on its standard input. */
async function vercel(args: readonly string[], input = '') {
  const { folder, simulator } = world
  const config = join(folder, 'by-hand')
  await mkdir(config, { recursive: true })
  await writeFile(join(config, 'config.json'), JSON.stringify({ api: simulator.url }))
  const baseEnv = { PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' }
  const [node = '', ...entry] = REAL_CLI
  const options = { cwd: join(folder, 'site'), env: cliEnvironment({ ...account, baseEnv }) }
  return new Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }>(
    resolve => {
      const child = execFile(
        node,
        [...entry, ...args, '-Q', config],
        { ...options, timeout: 20_000 },
        (error, stdout, stderr) => resolve({ stdout, stderr, code: error ? 1 : 0 })
      )
      child.stdin?.end(input)
    }
  )
}

const mutating = () => world.simulator.requests.filter(({ method }) => method !== 'GET')

describe('the real CLI 64.0.2 and the simulated API', () => {
  test('env add, ls, update and rm do what they say', async () => {
    const { simulator } = world
    await vercel(['env', 'add', 'F', 'preview', '--type', 'config', ...certain], 'true\n')
    expect(simulator.valueOf('preview', 'F')).toBe('true')

    const { stdout } = await vercel(['env', 'ls', 'preview', '--json', ...scope])
    expect(JSON.parse(stdout).envs).toMatchObject([{ key: 'F', target: ['preview'] }])

    await vercel(['env', 'update', 'F', 'preview', '--value', 'false', ...certain])
    expect(simulator.valueOf('preview', 'F')).toBe('false')

    await vercel(['env', 'rm', 'F', 'preview', ...certain])
    expect(simulator.valueOf('preview', 'F')).toBeUndefined()
  })

  test('T1: env add for preview without --yes exits 0 and writes nothing', async () => {
    const { code } = await vercel(['env', 'add', 'F', 'preview', ...scope], 'true\n')
    expect(code).toBe(0)
    expect(mutating()).toEqual([])
  })

  test('rollback, promote and inspect work end to end', async () => {
    const { simulator } = world
    const second = simulator.deployByHand('production').id
    await vercel(['rollback', 'dpl_1', ...certain])
    expect(simulator.live('production')?.id).toBe('dpl_1')
    await vercel(['promote', second, ...certain])
    expect(simulator.live('production')?.id).toBe(second)
    const { stdout } = await vercel(['inspect', second, '--json', ...scope])
    expect(JSON.parse(stdout)).toMatchObject({ id: second, readyState: 'READY' })
  })
})

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
