import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { DeployRequest } from '../../src/rollout/ports.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld, type VercelWorldOptions } from './world.ts'

const stages = [{ targetPercentage: 10 }, { targetPercentage: 50 }, { targetPercentage: 100 }]

const open = (more: VercelWorldOptions = {}): Promise<VercelWorld> =>
  startVercelWorld({
    simulator: { switches: { rollingRelease: { target: 'production', stages } } },
    targets: { production: { rollingRelease: 'complete' } },
    ...more
  })

let world: VercelWorld
beforeEach(async () => {
  world = await open()
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const request = (more: Partial<DeployRequest> = {}) => requestFor('production', more)

const posts = (path: RegExp) =>
  world.simulator.requests.filter(one => one.method === 'POST' && path.test(one.path))
const COMPLETE = /rolling-release\/complete$/u

describe('a rolling release of our own', () => {
  test.each(['current', 'canary'] as const)(
    'is given all the traffic, which is proven (production is told to be the %s)',
    async rollingTarget => {
      const { simulator, deployer } = world
      simulator.switches.rollingTarget = rollingTarget
      const made = await deployer.deploy(request())
      expect(simulator.live('production')?.id).toBe(made.id)
      expect(simulator.rollingRelease()).toMatchObject({ canary: made.id, state: 'COMPLETE' })
      expect(posts(COMPLETE)).toMatchObject([{ body: { canaryDeploymentId: made.id } }])
    }
  )

  test.each([
    ['lost before its effect', { when: 'before', effect: { kind: 'drop' } }],
    ['lost after its effect', { when: 'after', effect: { kind: 'drop' } }],
    ['answered with 500', { effect: { kind: 'answer', status: 500 } }]
  ] as const)('is complete when the request for it was %s', async (_, fault) => {
    world.simulator.faults.inject({ method: 'POST', path: COMPLETE, ...fault })
    const made = await world.deployer.deploy(request())
    expect(world.simulator.live('production')?.id).toBe(made.id)
  })

  test('that is never completed is an error at the deadline', async () => {
    const effect = { kind: 'answer', status: 403 } as const
    world.simulator.faults.inject({ method: 'POST', path: COMPLETE, times: 999, effect })
    await expect(world.deployer.deploy(request({ deadlineMs: 120_000 }))).rejects.toMatchObject({
      code: 'deploy_not_live'
    })
    expect(world.lines.join('\n')).toMatch(/rolling release of dpl_\d+ is not complete/u)
  })

  test('is not completed any more when its work is superseded', async () => {
    const before = world.simulator.live('production')?.id
    const stillWanted = async () => {
      if (world.simulator.rollingRelease()) throw new Error('superseded')
    }
    await expect(world.deployer.deploy(request({ stillWanted }))).rejects.toThrow('superseded')
    expect(posts(COMPLETE)).toEqual([])

    await world.deployer.abandon('evt-1')
    expect(world.simulator.rollingRelease()).toMatchObject({ state: 'ABORTED' })
    expect(world.simulator.live('production')?.id).toBe(before)
  })

  test('is ended by a way back, although the project says that the old one serves already', async () => {
    const before = world.simulator.live('production')?.id ?? ''
    const effect = { kind: 'answer', status: 403 } as const
    world.simulator.faults.inject({ method: 'POST', path: COMPLETE, times: 999, effect })
    await world.deployer.deploy(request({ deadlineMs: 90_000 })).catch(() => undefined)
    world.simulator.faults.clear()

    await world.deployer.reinstate('production', before)
    expect(world.simulator.rollingRelease()).toMatchObject({ state: 'ABORTED' })
    expect(world.simulator.live('production')?.id).toBe(before)
  })

  test('is completed after the promotion that a staged deployment needs', async () => {
    const how = { rollingRelease: 'complete', staged: true } as const
    const staged = await open({
      simulator: { switches: { rollingRelease: { target: 'production', stages } } },
      targets: { production: how }
    })
    const made = await staged.deployer.deploy(request())
    expect(staged.simulator.live('production')?.id).toBe(made.id)
    expect(staged.simulator.rollingRelease()).toMatchObject({ state: 'COMPLETE' })
    await staged.close()
  })

  test('is completed by the run that follows a crash at any of its requests', async () => {
    for (const n of [1, 2]) {
      for (const when of ['before', 'after'] as const) {
        const crashed = await open()
        crashed.simulator.freezeAt(crashed.simulator.mutations + n, when)
        crashed.deployer.deploy(request()).catch(() => undefined)
        await crashed.simulator.frozen
        const made = await crashed.again().deployer.deploy(request())
        expect(crashed.simulator.live('production')?.id).toBe(made.id)
        expect(crashed.simulator.deploymentsOf('production')).toHaveLength(2)
        await crashed.close()
      }
    }
  })
})

describe('a rolling release of somebody else', () => {
  test('is refused before anything is deployed', async () => {
    const { simulator, deployer, project } = world
    const { id } = simulator.deployByHand('production')
    expect(simulator.rollingRelease()).toMatchObject({ canary: id, state: 'ACTIVE' })
    await expect(deployer.deploy(request())).rejects.toMatchObject({
      code: 'rolling_release_under_way',
      message: expect.stringContaining(id)
    })
    expect(posts(/./u)).toEqual([])
    expect(await project.inspectProject()).toMatchObject({ rollingRelease: true, releasing: id })
  })

  test('that began while ours was built is not completed and not waited for', async () => {
    const { simulator, deployer, clock } = world
    clock.onAdvance(async () => {
      if (!simulator.rollingRelease()) simulator.deployByHand('production')
    })
    await expect(deployer.deploy(request())).rejects.toMatchObject({
      code: 'rolling_release_under_way'
    })
    expect(posts(COMPLETE)).toEqual([])
  })
})
