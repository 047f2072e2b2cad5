import { execFileSync } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createSourceTree } from '../../src/git/commit-tree.ts'
import { members } from '../../src/rehearsal/http/route.ts'
import type { RepositoryOptions } from '../../src/rehearsal/vercel/repository.ts'
import { PLAIN_TARGET } from '../../src/rollout/deployed-code.ts'
import type { Vercel } from '../../src/vercel/vercel.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld, type VercelWorldOptions } from './world.ts'

const OLD = 'a'.repeat(40)
const NEW = 'b'.repeat(40)
const PREVIEWED = 'c'.repeat(40)

const repository: RepositoryOptions = {
  org: 'acme',
  repo: 'shop',
  productionBranch: 'main',
  commits: [OLD]
}

let world: VercelWorld
async function start(options: VercelWorldOptions): Promise<VercelWorld> {
  world = await startVercelWorld(options)
  return world
}
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const bodies = () =>
  world.simulator.requests
    .filter(({ method, path }) => method === 'POST' && path === '/v13/deployments')
    .map(({ body }) => members(body))

const git = { deploy: 'git', commit: 'live' } as const

describe('a commit that Vercel takes from the repository', () => {
  test('is the one that serves, however many came after it, and nothing is uploaded', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    simulator.pushByHand('main', NEW)
    const made = await deployer.deploy(requestFor('production'))
    expect(made.commit).toBe(OLD)
    expect(bodies()).toEqual([
      {
        name: 'shop',
        project: 'shop',
        target: 'production',
        gitSource: { type: 'github', repoId: 4711, ref: 'main', sha: OLD },
        meta: {
          rollgate: 'evt-1',
          rollgateRollout: 'assignment-pipeline-v3#1',
          rollgatePhase: 'production-full',
          rollgateCommit: OLD
        }
      }
    ])
    expect(simulator.requests.at(-1)?.path).toBe('/v9/projects/prj_1')
  })

  test('is the newest of the production branch with the policy head', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: { deploy: 'git' } }
    })
    simulator.pushByHand('main', NEW)
    expect((await deployer.deploy(requestFor('production'))).commit).toBe(NEW)
  })

  test('keeps the branch of the preview that serves, so that what is set for it applies', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { preview: git }
    })
    simulator.pushByHand('feat/x', PREVIEWED)
    simulator.deployCommitByHand('preview', PREVIEWED)
    await deployer.deploy(requestFor('preview'))
    expect(bodies()[0]?.['gitSource']).toMatchObject({ ref: 'feat/x', sha: PREVIEWED })
    expect(bodies()[0]).not.toHaveProperty('target')
  })

  test('is asked for once, and found again by its intent after a lost answer', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    const path = /v13\/deployments$/u
    simulator.faults.inject({ method: 'POST', path, when: 'after', effect: { kind: 'drop' } })
    expect((await deployer.deploy(requestFor('production'))).intent).toBe('evt-1')
    expect(bodies()).toHaveLength(1)
  })

  test.each([
    ['lost before it had any effect', { kind: 'drop' } as const],
    ['500', { kind: 'answer', status: 500 } as const]
  ])('whose request is %s is an error, and the next run deploys', async (_, effect) => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    simulator.faults.inject({ method: 'POST', path: /v13\/deployments$/u, effect })
    await expect(deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'deploy_not_created'
    })
    expect((await deployer.deploy(requestFor('production'))).state).toBe('ready')
  })

  test('is taken up after a crash right after the request', async () => {
    const { simulator, deployer, again } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    simulator.freezeAt(simulator.mutations + 1, 'after')
    deployer.deploy(requestFor('production')).catch(() => undefined)
    await simulator.frozen
    const made = await again().deployer.deploy(requestFor('production'))
    expect(simulator.live('production')?.id).toBe(made.id)
    expect(bodies()).toHaveLength(1)
  })

  test('is refused with the fix on a project that has no repository', async () => {
    const { deployer } = await start({ targets: { preview: { deploy: 'git' } } })
    await expect(deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'repository_missing',
      remedy: expect.stringContaining('deploy: cli')
    })
    expect(bodies()).toEqual([])
  })

  test('is refused when nobody knows which one serves', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    simulator.deployByHand('production')
    await expect(deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'commit_unknown'
    })
    expect(bodies()).toEqual([])
  })
})

describe('the code of an old deployment', () => {
  test('is deployed once more, whatever the policy says', async () => {
    const { simulator, deployer } = await start({
      simulator: { repository },
      targets: { production: { deploy: 'git' } }
    })
    const old = simulator.live('production')?.id ?? ''
    simulator.pushByHand('main', NEW)
    simulator.deployCommitByHand('production', NEW)
    expect((await deployer.deploy(requestFor('production', { like: old }))).commit).toBe(OLD)
  })

  test('is deployed once more from another branch when its own was deleted', async () => {
    const { simulator, deployer, lines } = await start({
      simulator: { repository },
      targets: { preview: git }
    })
    simulator.pushByHand('feat/x', PREVIEWED)
    const { id } = simulator.deployCommitByHand('preview', PREVIEWED)
    const body = { error: { code: 'incorrect_git_source_info', message: 'No branch feat/x' } }
    simulator.faults.inject({
      method: 'POST',
      path: /v13\/deployments$/u,
      body: /"ref":"feat\/x"/u,
      effect: { kind: 'answer', status: 400, body }
    })
    const made = await deployer.deploy(requestFor('preview', { like: id }))
    expect(made.commit).toBe(PREVIEWED)
    expect(bodies().map(({ gitSource }) => members(gitSource)['ref'])).toEqual(['feat/x', 'main'])
    expect(lines.join('\n')).toContain('without the branch feat/x')
  })

  test('that is gone from the repository gives way to the newest, with a warning', async () => {
    const { simulator, deployer, lines } = await start({
      simulator: { repository },
      targets: { production: git }
    })
    const { id } = simulator.deployCommitByHand('production', PREVIEWED)
    expect((await deployer.deploy(requestFor('production', { like: id }))).commit).toBe(OLD)
    expect(lines.join('\n')).toMatch(
      new RegExp(`The commit ${PREVIEWED} of ${id} cannot be had`, 'u')
    )
  })

  test('that nobody knows gives way to the working directory, with a warning', async () => {
    const { simulator, deployer, lines } = await start({})
    const old = simulator.live('production')?.id ?? ''
    await deployer.deploy(requestFor('production', { like: old }))
    expect(lines.join('\n')).toContain(`Nobody knows the commit of ${old}`)
  })

  test('that was deleted does not stop a way back either', async () => {
    const { deployer, lines } = await start({})
    expect((await deployer.deploy(requestFor('preview', { like: 'dpl_99' }))).state).toBe('ready')
    expect(lines.join('\n')).toContain('Nobody knows the commit of dpl_99')
  })
})

describe('a commit of the clone that is uploaded', () => {
  /** Two commits in the folder that is deployed; what is returned deploys the code that serves. */
  async function clone(options: VercelWorldOptions = {}) {
    const { site, again } = await start({ cli: 'real', ...options })
    const run = (...args: readonly string[]): string => {
      const identity = ['-c', 'user.name=Priya', '-c', 'user.email=priya@acme.test']
      return execFileSync('git', ['-C', site, ...identity, ...args], { encoding: 'utf8' }).trim()
    }
    const commit = async (text: string): Promise<string> => {
      await writeFile(join(site, 'index.html'), text)
      run('add', '--all')
      run('commit', '--quiet', '--message', text)
      return run('rev-parse', 'HEAD')
    }
    run('init', '--quiet', '--initial-branch=main')
    const first = await commit('one')
    await again({ source: createSourceTree(site) }).deployer.deploy(
      requestFor('production', { intent: 'evt-0' })
    )
    const second = await commit('two')
    const vercel: Vercel = again({
      source: createSourceTree(site),
      targets: { production: { ...PLAIN_TARGET, commit: 'live' } }
    })
    return { first, second, vercel, site }
  }

  const uploaded = (index: number): string => {
    const files = bodies().at(index)?.['files']
    const [file] = (Array.isArray(files) ? files : []).map(members)
    return Buffer.from(String(file?.['data']), 'base64').toString('utf8')
  }

  test('is the one that serves, with its files and its id, and leaves nothing behind', async () => {
    const { first, vercel } = await clone()
    const { id, commit } = await vercel.deployer.deploy(requestFor('production'))
    expect(commit).toBe(first)
    expect((await vercel.deployer.live('production'))?.id).toBe(id)
    expect([uploaded(0), uploaded(1)]).toEqual(['one', 'one'])
    expect(bodies()[1]?.['meta']).toMatchObject({ rollgateCommit: first })
    expect((await readdir(world.folder)).filter(name => name.includes('-code-'))).toEqual([])
  }, 60_000)

  test('keeps its id over one rollout after the other', async () => {
    const { first, vercel } = await clone()
    await vercel.deployer.deploy(requestFor('production'))
    const made = await vercel.deployer.deploy(requestFor('production', { intent: 'evt-2' }))
    expect(made.commit).toBe(first)
  }, 60_000)

  test('that the clone does not have is refused with the fixes, and nothing is deployed', async () => {
    const { vercel, site } = await clone()
    await rm(join(site, '.git', 'objects'), { recursive: true })
    await expect(vercel.deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'commit_missing',
      remedy: expect.stringMatching(/fetch-depth: 0.*deploy: git.*commit: head/u)
    })
    expect(bodies()).toHaveLength(1)
    expect((await readdir(world.folder)).filter(name => name.includes('-code-'))).toEqual([])
  }, 60_000)

  test('that the clone does not have gives way to the working directory on a way back', async () => {
    const { vercel, site } = await clone()
    const old = world.simulator.live('production')?.id ?? ''
    await rm(join(site, '.git', 'objects'), { recursive: true })
    await vercel.deployer.deploy(requestFor('production', { like: old }))
    expect(uploaded(1)).toBe('two')
    expect(world.lines.join('\n')).toContain('the newest code is deployed to production instead')
  }, 60_000)
})
