import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { DeployRequest } from '../../src/rollout/ports.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

const ALIAS = 'staging.shop.example'

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld({ targets: { preview: { alias: ALIAS } } })
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const request = (more: Partial<DeployRequest> = {}) => requestFor('preview', more)

const holder = () => world.simulator.aliases().find(({ alias }) => alias === ALIAS)?.deploymentId
const assignments = () =>
  world.simulator.requests.filter(({ method, path }) => method === 'POST' && /aliases$/u.test(path))
const path = /\/v2\/deployments\/[^/]+\/aliases$/u

describe('a preview with a domain of its own', () => {
  test('serves nothing until the domain is pointed somewhere', async () => {
    expect(await world.deployer.live('preview')).toBeUndefined()
  })

  test('is live when the domain is proven to lead to it', async () => {
    const made = await world.deployer.deploy(request())
    expect(holder()).toBe(made.id)
    expect(world.simulator.requests.at(-1)).toMatchObject({
      method: 'GET',
      path: `/v4/aliases/${ALIAS}`
    })
    expect(await world.deployer.live('preview')).toEqual(made)
  })

  test('is not what somebody pushed to another branch', async () => {
    const made = await world.deployer.deploy(request())
    world.simulator.deployByHand('preview')
    expect((await world.deployer.live('preview'))?.id).toBe(made.id)
  })

  test('is taken up with its domain when a newer preview came in between', async () => {
    const made = await world.deployer.deploy(request())
    const other = world.simulator.deployByHand('preview')
    world.simulator.aliasByHand(ALIAS, other.id)
    expect((await world.deployer.deploy(request())).id).toBe(made.id)
    expect(holder()).toBe(made.id)
  })

  test.each(['before', 'after'] as const)(
    'is live when the answer to the assignment was lost %s its effect',
    async when => {
      world.simulator.faults.inject({ method: 'POST', path, when, effect: { kind: 'drop' } })
      const made = await world.deployer.deploy(request())
      expect(holder()).toBe(made.id)
    }
  )

  test('is not pointed anywhere when it was superseded while it was built', async () => {
    const stillWanted = async () => {
      if (world.simulator.deploymentsOf('preview').length > 1) throw new Error('superseded')
    }
    await expect(world.deployer.deploy(request({ stillWanted }))).rejects.toThrow('superseded')
    expect(assignments()).toEqual([])
  })

  test('whose domain is refused is an error in the words of the provider', async () => {
    const body = { error: { code: 'alias_in_use', message: 'The domain is taken' } }
    const effect = { kind: 'answer', status: 409, body } as const
    world.simulator.faults.inject({ method: 'POST', path, effect })
    await expect(world.deployer.deploy(request())).rejects.toMatchObject({
      code: 'vercel_conflict',
      message: expect.stringContaining('The domain is taken')
    })
  })

  test('whose domain never moves is an error at the deadline', async () => {
    const effect = { kind: 'answer', status: 500 } as const
    world.simulator.faults.inject({ method: 'POST', path, times: 999, effect })
    await expect(world.deployer.deploy(request({ deadlineMs: 120_000 }))).rejects.toMatchObject({
      code: 'deploy_not_live'
    })
  })

  test('whose domain another project has is refused before anything is deployed', async () => {
    const body = { alias: ALIAS, deploymentId: 'dpl_x', projectId: 'prj_other' }
    const effect = { kind: 'answer', status: 200, body } as const
    world.simulator.faults.inject({ method: 'GET', path: /v4\/aliases/u, times: 9, effect })
    await expect(world.deployer.deploy(request())).rejects.toMatchObject({
      code: 'alias_elsewhere'
    })
    expect(world.simulator.deploymentsOf('preview')).toHaveLength(1)
    expect(await world.project.inspectTarget('preview')).toMatchObject({ alias: 'elsewhere' })
  })

  test('is taken up by a run that follows a crash at each of its requests', async () => {
    for (const n of [1, 2]) {
      for (const when of ['before', 'after'] as const) {
        const crashed = await startVercelWorld({ targets: { preview: { alias: ALIAS } } })
        crashed.simulator.freezeAt(crashed.simulator.mutations + n, when)
        crashed.deployer.deploy(request()).catch(() => undefined)
        await crashed.simulator.frozen
        const made = await crashed.again().deployer.deploy(request())
        expect(crashed.simulator.aliases()).toMatchObject([{ deploymentId: made.id }])
        expect(crashed.simulator.deploymentsOf('preview')).toHaveLength(2)
        await crashed.close()
      }
    }
  })
})
