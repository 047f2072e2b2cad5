import { expect, test } from '@jest/globals'
import type { Vercel } from '../../src/vercel/vercel.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

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
  await deployer.deploy(requestFor('production'))
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

/** Split, edit, delete, what is created, deploy, promote. */
const MUTATIONS = 6

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

/** Split, edit, delete, the refused creation; and back: edit, what was deleted, joining. */
const TAKEN_BACK = 7
const REFUSED = 4

const crashesOnTheWayBack = Array.from({ length: TAKEN_BACK }, (_, n) => n + 1).flatMap(n =>
  n === REFUSED ? [[n, 'before'] as const] : [[n, 'before'] as const, [n, 'after'] as const]
)

/** Whatever is new is refused, so that the rest has to be taken back. */
async function startRefusing(): Promise<VercelWorld> {
  const world = await startWorld()
  const body = { error: { code: 'KEY_RESERVED', message: 'Not this one' } }
  world.simulator.faults.inject({
    method: 'POST',
    path: /\/env$/u,
    body: /"NEW"/u,
    times: 99,
    effect: { kind: 'answer', status: 400, body }
  })
  return world
}

test('without a crash taking back needs as many changes as the crashes below cover', async () => {
  const world = await startRefusing()
  const before = world.simulator.mutations
  await expect(work(world)).rejects.toThrow('Nothing is changed on production')
  expect(world.simulator.mutations - before).toBe(TAKEN_BACK)
  await world.close()
})

test.each(crashesOnTheWayBack)(
  'a crash at change %i of one that is taken back, %s its effect, is made good by doing it again',
  async (n, when) => {
    const world = await startRefusing()
    world.simulator.freezeAt(world.simulator.mutations + n, when)
    work(world).catch(() => undefined)
    await world.simulator.frozen
    expect(world.simulator.valueOf('preview', 'SHARED')).toBe('false')
    world.simulator.faults.clear()
    await work(world.again())
    expect(outcome(world)).toEqual(wanted)
    await world.close()
  }
)
