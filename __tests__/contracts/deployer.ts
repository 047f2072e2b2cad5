import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Deployer, Deployment } from '../../src/rollout/ports.ts'
import { requestFor } from '../vercel/request-for.ts'

/** A deployer, and the hands that reach past it to what the provider really does. */
export interface DeployerWorld {
  readonly deployer: Deployer
  /** The flag as the running deployment of the target sees it. */
  servedFlag(target: string, flag: string): string | undefined
  setFlag(target: string, flag: string, value: string): void
  failNextBuild(message: string): void
  neverFinishBuilds(): void
  /** Deployments of the target that were ever made, by id. */
  made(target: string): readonly string[]
  isCancelled(id: string): boolean
  close(): Promise<void>
}

export interface DeployerTraits {
  /** Production is built without traffic and proven before it gets any. */
  readonly staged?: boolean
}

/** What every Deployer promises; one `deploy` costs about a second with a real command line. */
export function describeDeployer(
  name: string,
  start: () => Promise<DeployerWorld>,
  { staged = false }: DeployerTraits = {}
): void {
  describe(`the deployer contract, kept by ${name}`, () => {
    let world: DeployerWorld
    beforeEach(async () => {
      world = await start()
    })
    afterEach(() => world.close())

    test('a preview deployment carries the flags of its moment and its intent, and is live', async () => {
      world.setFlag('preview', 'SHADOW', 'true')
      const made = await world.deployer.deploy(requestFor('preview'))
      expect(made).toMatchObject({ target: 'preview', state: 'ready', intent: 'evt-1' })
      expect(world.servedFlag('preview', 'SHADOW')).toBe('true')
      expect(await world.deployer.live('preview')).toEqual(made)
      expect(await world.deployer.find('evt-1')).toEqual(made)
    })

    test('a deployment that the intent already made is taken up, not repeated', async () => {
      const made = await world.deployer.deploy(requestFor('production'))
      const count = world.made('production').length
      expect(await world.deployer.deploy(requestFor('production'))).toEqual(made)
      expect(world.made('production')).toHaveLength(count)
      expect(await world.deployer.live('production')).toEqual(made)
    })

    test('a failed build is told with its reason and not taken up by the next try', async () => {
      world.failNextBuild('Module not found')
      await expect(world.deployer.deploy(requestFor('preview'))).rejects.toMatchObject({
        name: 'ProviderError',
        code: 'deploy_failed',
        message: expect.stringContaining('Module not found')
      })
      expect(await world.deployer.find('evt-1')).toMatchObject({ state: 'failed' })
      expect(await world.deployer.deploy(requestFor('preview'))).toMatchObject({ state: 'ready' })
    })

    test('T11: a build that does not end is cancelled at the deadline', async () => {
      world.neverFinishBuilds()
      await expect(
        world.deployer.deploy(requestFor('preview', { deadlineMs: 90_000 }))
      ).rejects.toMatchObject({ name: 'ProviderError', code: 'deploy_timeout' })
      expect(world.isCancelled(world.made('preview').at(-1) ?? '')).toBe(true)
    })

    test('production is pointed back without a build, and the next deployment goes live again', async () => {
      const before = await world.deployer.live('production')
      world.setFlag('production', 'FULL', 'true')
      await world.deployer.deploy(requestFor('production'))
      expect(world.servedFlag('production', 'FULL')).toBe('true')

      const count = world.made('production').length
      await world.deployer.reinstate('production', before?.id ?? '')
      await world.deployer.reinstate('production', before?.id ?? '')
      expect(world.servedFlag('production', 'FULL')).toBeUndefined()
      expect((await world.deployer.live('production'))?.id).toBe(before?.id)
      expect(world.made('production')).toHaveLength(count)

      const next = await world.deployer.deploy(requestFor('production', { intent: 'evt-2' }))
      expect((await world.deployer.live('production'))?.id).toBe(next.id)
      expect(world.servedFlag('production', 'FULL')).toBe('true')
    })

    test('the traffic of production tells how it came to serve what it serves, and what new ones get', async () => {
      const { deployer } = world
      const old = (await deployer.live('production'))?.id ?? ''
      const before = await deployer.traffic('production')
      expect(before).toMatchObject({ serves: old, newOnes: 'served' })
      const made = await deployer.deploy(requestFor('production'))
      await deployer.reinstate('production', old, await deployer.traffic('production'))
      expect(await deployer.traffic('production')).toMatchObject({
        serves: old,
        newOnes: 'rolled-back',
        move: { how: 'rollback', to: old, from: made.id, state: 'moved' }
      })
      expect(await deployer.newest('production')).toEqual(made)
      const next = await deployer.deploy(requestFor('production', { intent: 'evt-2' }))
      expect(await deployer.traffic('production')).toMatchObject({
        serves: next.id,
        newOnes: 'served',
        move: { how: 'promote', to: next.id }
      })
    })

    test('a deployment is found by its id, as long as there is one', async () => {
      const made = await world.deployer.deploy(requestFor('preview'))
      expect(await world.deployer.get(made.id)).toEqual(made)
      expect((await world.deployer.traffic('preview')).serves).toBe(made.id)
      expect(await world.deployer.get('dpl_nowhere')).toBeUndefined()
    })

    test('superseded work deploys nothing', async () => {
      const stillWanted = async () => {
        throw new Error('superseded')
      }
      const count = world.made('production').length
      await expect(
        world.deployer.deploy(requestFor('production', { stillWanted }))
      ).rejects.toThrow('superseded')
      expect(world.made('production')).toHaveLength(count)
      expect(await world.deployer.find('evt-1')).toBeUndefined()
    })

    test('work that is superseded between its build and its traffic gets none', async () => {
      const before = await world.deployer.live('production')
      const count = world.made('production').length
      const stillWanted = async () => {
        if (world.made('production').length > count) throw new Error('superseded')
      }
      await expect(
        world.deployer.deploy(requestFor('production', { stillWanted }))
      ).rejects.toThrow('superseded')
      expect((await world.deployer.live('production'))?.id).toBe(before?.id)
    })

    test('a production deployment is proven before it has traffic exactly where it is staged', async () => {
      const before = await world.deployer.live('production')
      const seen: (string | undefined)[] = []
      const prove = async ({ state }: Deployment) => {
        seen.push(state, (await world.deployer.live('production'))?.id)
      }
      const made = await world.deployer.deploy(requestFor('production', { prove }))
      expect(seen).toEqual(staged ? ['ready', before?.id] : [])
      expect((await world.deployer.live('production'))?.id).toBe(made.id)
    })

    test('the flags of a deployment are those of its moment, absent ones left out', async () => {
      world.setFlag('preview', 'SHADOW', 'true')
      const { id } = await world.deployer.deploy(requestFor('preview'))
      world.setFlag('preview', 'SHADOW', 'false')
      expect(await world.deployer.flagsIn(id, ['SHADOW', 'FULL'])).toEqual({ SHADOW: 'true' })
    })
  })
}
