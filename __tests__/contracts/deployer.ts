import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Deployer, DeployRequest } from '../../src/rollout/ports.ts'

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

/** What every Deployer promises; one `deploy` costs about a second with a real command line. */
export function describeDeployer(name: string, start: () => Promise<DeployerWorld>): void {
  describe(`the deployer contract, kept by ${name}`, () => {
    let world: DeployerWorld
    beforeEach(async () => {
      world = await start()
    })
    afterEach(() => world.close())

    const request = (target: string, more: Partial<DeployRequest> = {}): DeployRequest => ({
      target,
      intent: 'evt-1',
      rollout: 'assignment-pipeline-v3#1',
      phase: 'staging-shadow',
      deadlineMs: 600_000,
      stillWanted: async () => undefined,
      ...more
    })

    test('a preview deployment carries the flags of its moment and its intent, and is live', async () => {
      world.setFlag('preview', 'SHADOW', 'true')
      const made = await world.deployer.deploy(request('preview'))
      expect(made).toMatchObject({ target: 'preview', state: 'ready', intent: 'evt-1' })
      expect(world.servedFlag('preview', 'SHADOW')).toBe('true')
      expect(await world.deployer.live('preview')).toEqual(made)
      expect(await world.deployer.find('evt-1')).toEqual(made)
    })

    test('a deployment that the intent already made is taken up, not repeated', async () => {
      const made = await world.deployer.deploy(request('production'))
      const count = world.made('production').length
      expect(await world.deployer.deploy(request('production'))).toEqual(made)
      expect(world.made('production')).toHaveLength(count)
      expect(await world.deployer.live('production')).toEqual(made)
    })

    test('a failed build is told with its reason and not taken up by the next try', async () => {
      world.failNextBuild('Module not found')
      await expect(world.deployer.deploy(request('preview'))).rejects.toMatchObject({
        name: 'ProviderError',
        code: 'deploy_failed',
        message: expect.stringContaining('Module not found')
      })
      expect(await world.deployer.find('evt-1')).toMatchObject({ state: 'failed' })
      expect(await world.deployer.deploy(request('preview'))).toMatchObject({ state: 'ready' })
    })

    test('T11: a build that does not end is cancelled at the deadline', async () => {
      world.neverFinishBuilds()
      await expect(
        world.deployer.deploy(request('preview', { deadlineMs: 90_000 }))
      ).rejects.toMatchObject({ name: 'ProviderError', code: 'deploy_timeout' })
      expect(world.isCancelled(world.made('preview').at(-1) ?? '')).toBe(true)
    })

    test('production is pointed back without a build, and the next deployment goes live again', async () => {
      const before = await world.deployer.live('production')
      world.setFlag('production', 'FULL', 'true')
      await world.deployer.deploy(request('production'))
      expect(world.servedFlag('production', 'FULL')).toBe('true')

      const count = world.made('production').length
      await world.deployer.reinstate('production', before?.id ?? '')
      await world.deployer.reinstate('production', before?.id ?? '')
      expect(world.servedFlag('production', 'FULL')).toBeUndefined()
      expect((await world.deployer.live('production'))?.id).toBe(before?.id)
      expect(world.made('production')).toHaveLength(count)

      const next = await world.deployer.deploy(request('production', { intent: 'evt-2' }))
      expect((await world.deployer.live('production'))?.id).toBe(next.id)
      expect(world.servedFlag('production', 'FULL')).toBe('true')
    })

    test('superseded work deploys nothing', async () => {
      const stillWanted = async () => {
        throw new Error('superseded')
      }
      const count = world.made('production').length
      await expect(world.deployer.deploy(request('production', { stillWanted }))).rejects.toThrow(
        'superseded'
      )
      expect(world.made('production')).toHaveLength(count)
      expect(await world.deployer.find('evt-1')).toBeUndefined()
    })
  })
}
