import { rolledBackMark } from '../rollout/flag-owner.ts'
import { driftedFlags } from '../rollout/integrity.ts'
import type { FlagReading } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { type Intent, recordStep } from './rollback-step.ts'
import type { World } from './world.ts'

/**
 * Puts every flag back that can be. One that cannot does not keep the others from it: what stands in
 * its way is returned, to be told when everything else is done.
 */
export async function flagsOff(world: World, intent: Intent): Promise<ProviderError | undefined> {
  const { flags } = world.definition.rollback
  const { target } = intent
  world.log.info(`rollback: flags of ${target} off`)
  const { reading, refused } = await writeOff(world, intent)
  for (const { message, remedy } of reading.obstacles) {
    world.log.warning(`rollback: ${message}. ${remedy}`)
  }
  const left = driftedFlags(flags, reading)
  if (left.length > 0) {
    if (refused !== undefined) return refused
    return new ProviderError(
      'flags_left',
      `not every flag of ${target} could be put back: ${left.join(', ')}`,
      reading.obstacles[0]?.remedy ?? 'Set them by hand, then run rollback again.'
    )
  }
  await recordStep(world, intent, 'flags-off', { message: `flags of ${target} off and read back` })
  return undefined
}

interface WrittenOff {
  readonly reading: FlagReading
  /** What the provider would not do. */
  readonly refused?: ProviderError
}

/** A provider that refuses some of them and still answers has taken the others. */
async function writeOff(world: World, { target }: Intent): Promise<WrittenOff> {
  const { definition, flags: store, log } = world
  const { flags } = definition.rollback
  const comment = rolledBackMark(definition.name)
  try {
    return { reading: await store.write({ target, flags, comment, obstructed: 'skip' }) }
  } catch (refused) {
    if (!(refused instanceof ProviderError)) throw refused
    log.warning(`rollback: ${refused.message}`)
    const reading = await store.read(target, Object.keys(flags)).catch(() => {
      throw refused
    })
    return { reading, refused }
  }
}

/** Names of the flags that are not off. */
export async function driftIn(world: World, { target }: Intent): Promise<readonly string[]> {
  const { flags } = world.definition.rollback
  return driftedFlags(flags, await world.flags.read(target, Object.keys(flags)))
}
