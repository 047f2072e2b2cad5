import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Fault } from '../../src/rehearsal/http/faults.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld()
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const posts = () => world.simulator.requests.filter(({ method }) => method === 'POST')
const created = () => posts().filter(({ path }) => path === '/v13/deployments')

describe('production', () => {
  test('T10: a deployment counts as live only when the project itself names it', async () => {
    const { deployer, simulator } = world
    const { id } = await deployer.deploy(requestFor('production'))
    expect(simulator.live('production')?.id).toBe(id)
    expect(simulator.requests.at(-1)).toMatchObject({ path: '/v9/projects/prj_1' })
  })

  test.each([true, false])(
    'T15: after a rollback a new deployment is promoted (staged ones report an alias: %s)',
    async stagedAliasAssigned => {
      const { deployer, simulator } = world
      const before = simulator.live('production')?.id ?? ''
      await deployer.deploy(requestFor('production'))
      await deployer.reinstate('production', before)
      simulator.weather.stagedAliasAssigned = stagedAliasAssigned

      let asked = 0
      const stillWanted = async () => {
        asked += 1
      }
      const next = await deployer.deploy(requestFor('production', { intent: 'evt-2', stillWanted }))
      expect(simulator.live('production')?.id).toBe(next.id)
      expect(posts().at(-1)?.path).toBe(`/v10/projects/prj_1/promote/${next.id}`)
      expect(asked).toBeGreaterThan(1)
    }
  )

  test('a project that assigns no domains by itself is promoted too', async () => {
    world.simulator.switches.autoAssignCustomDomains = false
    const { id } = await world.deployer.deploy(requestFor('production'))
    expect(world.simulator.live('production')?.id).toBe(id)
  })

  test('superseded work is not promoted', async () => {
    const { deployer, simulator, clock } = world
    const before = simulator.live('production')?.id
    simulator.switches.autoAssignCustomDomains = false
    const start = clock.now()
    const stillWanted = async () => {
      if (clock.now() - start >= simulator.weather.buildMs) throw new Error('superseded')
    }
    await expect(deployer.deploy(requestFor('production', { stillWanted }))).rejects.toThrow(
      'superseded'
    )
    expect(simulator.live('production')?.id).toBe(before)
  })

  test('superseded work that is still building is cancelled before it can go live', async () => {
    const { deployer, simulator, clock } = world
    const before = simulator.live('production')?.id
    const start = clock.now()
    const stillWanted = async () => {
      if (clock.now() > start + 10_000) throw new Error('superseded')
    }
    await expect(deployer.deploy(requestFor('production', { stillWanted }))).rejects.toThrow(
      'superseded'
    )
    await clock.sleep(3_600_000)
    expect(simulator.live('production')?.id).toBe(before)
    expect(simulator.deploymentsOf('production').at(-1)).toMatchObject({ readyState: 'CANCELED' })
  })

  test('T14: a project with Rolling Releases is refused before anything is deployed', async () => {
    world.simulator.switches.rollingRelease = { target: 'production', stages: [] }
    await expect(world.deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'rolling_release'
    })
    expect(posts()).toEqual([])
  })

  test('a deployment that never gets the domains is told at the deadline, not cancelled', async () => {
    const { deployer, simulator, clock } = world
    clock.onAdvance(async () => {
      if (simulator.live('production')?.meta['rollgate']) simulator.deployByHand('production')
    })
    await expect(deployer.deploy(requestFor('production'))).rejects.toMatchObject({
      code: 'deploy_not_live'
    })
  })
})

describe('pointing production back', () => {
  async function deployed(): Promise<string> {
    const before = world.simulator.live('production')?.id ?? ''
    await world.deployer.deploy(requestFor('production'))
    return before
  }

  test('what is live already costs no request', async () => {
    await world.deployer.reinstate('production', world.simulator.live('production')?.id ?? '')
    expect(posts()).toEqual([])
  })

  test('a move that takes its time is waited for', async () => {
    const before = await deployed()
    world.simulator.weather.aliasMs = 30_000
    await world.deployer.reinstate('production', before)
    expect(world.simulator.live('production')?.id).toBe(before)
  })

  test.each(['failed', 'skipped'] as const)('a move that ends as %s is an error', async status => {
    const before = await deployed()
    world.simulator.weather.nextAliasJob = status
    await expect(world.deployer.reinstate('production', before)).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'rollback_failed',
      message: expect.stringContaining(status)
    })
  })

  test('a move that never ends is an error after three minutes', async () => {
    const before = await deployed()
    world.simulator.weather.aliasMs = Number.POSITIVE_INFINITY
    await expect(world.deployer.reinstate('production', before)).rejects.toMatchObject({
      code: 'rollback_unconfirmed'
    })
  })

  const lost: readonly (readonly [string, Omit<Fault, 'path'>])[] = [
    ['lost before the effect', { effect: { kind: 'drop' } }],
    ['lost after the effect', { when: 'after', effect: { kind: 'drop' } }],
    [
      'answered with 500 after the effect',
      { when: 'after', effect: { kind: 'answer', status: 500 } }
    ]
  ]
  test.each(lost)('a request that was %s still leads there', async (_, fault) => {
    const before = await deployed()
    world.simulator.faults.inject({ method: 'POST', path: /rollback/u, ...fault })
    await world.deployer.reinstate('production', before)
    expect(world.simulator.live('production')?.id).toBe(before)
  })

  test('a plan that forbids it is told in the words of the provider', async () => {
    const before = await deployed()
    const body = { error: { code: 'payment_required', message: 'Upgrade to roll back' } }
    const effect = { kind: 'answer', status: 402, body } as const
    world.simulator.faults.inject({ method: 'POST', path: /rollback/u, effect })
    await expect(world.deployer.reinstate('production', before)).rejects.toMatchObject({
      code: 'vercel_plan_limit',
      message: expect.stringContaining('Upgrade to roll back')
    })
  })

  test('preview cannot be pointed back', async () => {
    await expect(world.deployer.reinstate('preview', 'dpl_1')).rejects.toMatchObject({
      code: 'no_instant_rollback'
    })
  })
})

describe('preview', () => {
  test('the first deployment of a project, which Vercel sends to production, is cancelled', async () => {
    const empty = await startVercelWorld({ simulator: { deployed: [] } })
    await expect(empty.deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_wrong_target'
    })
    expect(empty.simulator.deploymentsOf('production')).toMatchObject([{ readyState: 'CANCELED' }])
    await empty.close()
  })

  test('nothing deployed yet is nothing live', async () => {
    const empty = await startVercelWorld({ simulator: { deployed: [] } })
    expect(await empty.deployer.live('preview')).toBeUndefined()
    expect(await empty.deployer.live('production')).toBeUndefined()
    await empty.close()
  })

  test('a custom environment is deployed and live under its own name', async () => {
    const customEnvironments = [{ id: 'env_staging', slug: 'staging' }]
    const custom = await startVercelWorld({ simulator: { customEnvironments } })
    await custom.flags.write({ target: 'staging', flags: { F: 'true' }, comment: 'x' })
    const made = await custom.deployer.deploy(requestFor('staging'))
    expect(made.target).toBe('staging')
    expect(await custom.deployer.live('staging')).toEqual(made)
    expect(custom.simulator.envOf(made.id)).toEqual({ F: 'true' })
    await custom.close()
  })

  test('a build without its alias is an error', async () => {
    world.simulator.weather.nextAliasError = 'domain is taken'
    await expect(world.deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_alias',
      message: expect.stringContaining('domain is taken')
    })
  })

  test('a build that somebody cancels is an error', async () => {
    const { deployer, simulator, clock } = world
    clock.onAdvance(async () => {
      const made = simulator.deploymentsOf('preview').at(-1)
      if (made?.readyState === 'BUILDING') simulator.cancelByHand(made.id)
    })
    await expect(deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_cancelled'
    })
  })
})

describe('a command line that cannot be trusted', () => {
  const mute = { exitCode: 1, stdout: '', stderr: '' }

  test('an answer lost after the effect is settled by looking for the intent', async () => {
    const { simulator, deployer } = world
    simulator.faults.inject({
      method: 'POST',
      path: /v13\/deployments/u,
      when: 'after',
      effect: { kind: 'drop' }
    })
    const made = await deployer.deploy(requestFor('preview'))
    expect(made.intent).toBe('evt-1')
    expect(created()).toHaveLength(1)
  })

  test('an answer lost before the effect is an error, and the next try deploys', async () => {
    const { simulator, deployer } = world
    simulator.faults.inject({
      method: 'POST',
      path: /v13\/deployments/u,
      effect: { kind: 'drop' }
    })
    await expect(deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_not_created'
    })
    expect((await deployer.deploy(requestFor('preview'))).state).toBe('ready')
  })

  test('T12: a CLI that fails without a word is told apart from one that has a message', async () => {
    const cli = async () => mute
    await expect(world.again({ cli }).deployer.deploy(requestFor('preview'))).rejects.toMatchObject(
      {
        code: 'deploy_not_created',
        message: expect.stringContaining('no message, as when the API cannot be reached')
      }
    )
  })

  test('a deployment made before a crash is found again by its intent, with the flags of its moment', async () => {
    const { simulator, again } = world
    simulator.setFlagByHand('preview', 'SHADOW', 'true')
    simulator.freezeAt(simulator.mutations + 1, 'after')
    const crashed = world.deployer.deploy(requestFor('preview'))
    crashed.catch(() => undefined)
    await simulator.frozen

    simulator.setFlagByHand('preview', 'SHADOW', 'false')
    const made = await again().deployer.deploy(requestFor('preview'))
    expect(created()).toHaveLength(1)
    expect(simulator.envOf(made.id)).toEqual({ SHADOW: 'true' })
  })

  test('of several deployments of one intent the newest that did not fail is taken', async () => {
    const { simulator, deployer } = world
    simulator.failNextBuild('flaky')
    await expect(deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
      code: 'deploy_failed'
    })
    const good = await deployer.deploy(requestFor('preview'))
    expect(await deployer.find('evt-1')).toEqual(good)
    expect(await deployer.find('evt-2')).toBeUndefined()
  })

  test('a provider that ignores the filter does not make a stranger ours', async () => {
    const stranger = { uid: 'dpl_9', readyState: 'READY', meta: { rollgate: 'evt-1' } }
    const body = { deployments: [stranger, { uid: 'dpl_8', readyState: 'READY' }] }
    const effect = { kind: 'answer', status: 200, body } as const
    world.simulator.faults.inject({ path: /v6\/deployments/u, effect })
    expect(await world.deployer.find('evt-2')).toBeUndefined()
  })
})
