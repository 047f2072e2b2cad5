import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Deployment, DeployRequest } from '../../src/rollout/ports.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

let world: VercelWorld
let before: string | undefined
beforeEach(async () => {
  world = await startVercelWorld({ targets: { production: { staged: true } } })
  before = world.simulator.live('production')?.id
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const request = (more: Partial<DeployRequest> = {}) => requestFor('production', more)

const moves = () =>
  world.simulator.requests.filter(({ method, path }) => method === 'POST' && /promote/u.test(path))

describe('production that is staged', () => {
  test('is built without traffic, proven at its own address, and only then promoted', async () => {
    const seen: unknown[] = []
    const prove = async ({ url }: Deployment) => {
      seen.push(url, world.simulator.live('production')?.id, moves())
    }
    const made = await world.deployer.deploy(request({ prove }))
    expect(seen).toEqual([made.url, before, []])
    expect(moves()).toMatchObject([{ path: `/v10/projects/prj_1/promote/${made.id}` }])
    expect(world.simulator.live('production')?.id).toBe(made.id)
  })

  test('gets no traffic when it is not proven', async () => {
    const prove = () => Promise.reject(new Error('unproven'))
    await expect(world.deployer.deploy(request({ prove }))).rejects.toThrow('unproven')
    expect(moves()).toEqual([])
    await world.clock.sleep(3_600_000)
    expect(world.simulator.live('production')?.id).toBe(before)
  })

  test('gets none either when it is superseded while it is being proven', async () => {
    let proven = false
    const prove = async () => {
      proven = true
    }
    const stillWanted = async () => {
      if (proven) throw new Error('superseded')
    }
    await expect(world.deployer.deploy(request({ prove, stillWanted }))).rejects.toThrow(
      'superseded'
    )
    expect(moves()).toEqual([])
  })

  test('is proven once more when it is taken up after a crash before its promotion', async () => {
    const { simulator, again } = world
    simulator.freezeAt(simulator.mutations + 2, 'before')
    let proofs = 0
    const prove = async () => {
      proofs += 1
    }
    world.deployer.deploy(request({ prove })).catch(() => undefined)
    await simulator.frozen
    const made = await again().deployer.deploy(request({ prove }))
    expect(proofs).toBe(2)
    expect(simulator.live('production')?.id).toBe(made.id)
    expect(simulator.deploymentsOf('production')).toHaveLength(2)
  })

  test('is live when the crash came after its promotion, without another one', async () => {
    const { simulator, again } = world
    simulator.freezeAt(simulator.mutations + 2, 'after')
    world.deployer.deploy(request()).catch(() => undefined)
    await simulator.frozen
    const made = await again().deployer.deploy(request())
    expect(simulator.live('production')?.id).toBe(made.id)
    expect(moves()).toHaveLength(1)
  })

  test('is promoted past the deployment of somebody else that came in between', async () => {
    const prove = async () => {
      world.simulator.deployByHand('production')
    }
    const made = await world.deployer.deploy(request({ prove }))
    expect(world.simulator.live('production')?.id).toBe(made.id)
  })
})
