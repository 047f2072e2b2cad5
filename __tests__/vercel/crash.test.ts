import { expect, test } from '@jest/globals'
import type { DeployRequest } from '../../src/rollout/ports.ts'
import type { Vercel } from '../../src/vercel/vercel.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

const request: DeployRequest = {
  target: 'production',
  intent: 'evt-1',
  rollout: 'assignment-pipeline-v3#1',
  phase: 'production-full',
  deadlineMs: 600_000,
  stillWanted: async () => undefined
}

/** A project whose flag is shared between targets and whose production is rolled back. */
async function startWorld(): Promise<VercelWorld> {
  const world = await startVercelWorld()
  const { simulator } = world
  simulator.plantRecord({ key: 'SHARED', value: 'false', target: ['production', 'preview'] })
  simulator.setFlagByHand('production', 'OWN', 'false')
  simulator.setFlagByHand('production', 'OLD', 'x')
  const before = simulator.live('production')?.id ?? ''
  simulator.deployByHand('production')
  await world.deployer.reinstate('production', before)
  return world
}

async function work({ flags, deployer }: Vercel): Promise<void> {
  const wanted = { SHARED: 'true', OWN: 'true', NEW: '3', OLD: null }
  await flags.write({ target: 'production', flags: wanted, comment: 'a#1' })
  await deployer.deploy(request)
}

function outcome({ simulator }: VercelWorld) {
  const made = simulator.deploymentsOf('production').filter(({ meta }) => meta['rollgate'])
  return {
    live: simulator.live('production')?.env,
    previewKept: simulator.valueOf('preview', 'SHARED'),
    records: simulator
      .envRecords()
      .map(({ key, target }) => `${key} ${target}`)
      .sort(),
    made: made.length,
    violations: simulator.violations
  }
}

const wanted = {
  live: { SHARED: 'true', OWN: 'true', NEW: '3' },
  previewKept: 'false',
  records: ['NEW production', 'OWN production', 'SHARED preview', 'SHARED production'],
  made: 1,
  violations: []
}

/** Split, its second half, edit, create, delete, deploy, promote. */
const MUTATIONS = 7

test('without a crash the work takes as many changes as the crashes below cover', async () => {
  const world = await startWorld()
  const before = world.simulator.mutations
  await work(world)
  expect(world.simulator.mutations - before).toBe(MUTATIONS)
  expect(outcome(world)).toEqual(wanted)
  await world.close()
})

const crashes = Array.from({ length: MUTATIONS }, (_, n) => n + 1).flatMap(n => [
  [n, 'before'] as const,
  [n, 'after'] as const
])

test.each(crashes)(
  'a crash at change %i, %s its effect, is made good by doing it again',
  async (n, when) => {
    const world = await startWorld()
    world.simulator.freezeAt(world.simulator.mutations + n, when)
    work(world).catch(() => undefined)
    await world.simulator.frozen
    await work(world.again())
    expect(outcome(world)).toEqual(wanted)
    await world.close()
  }
)
