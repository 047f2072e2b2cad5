import { type Definition, enabledPhases } from '../rollout/definition.ts'
import { graduatedMark, isOwnedBy } from '../rollout/flag-owner.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import type { World } from './world.ts'

/**
 * Gives up the flags of a rollout that is over for good, so that another one may have them: their values
 * stay as they are. One that cannot be given up is told and stands in nobody's way.
 */
export async function releaseFlags(world: World, rollout: string): Promise<void> {
  for (const [target, flags] of flagsByTarget(world.definition)) {
    try {
      await releaseOn(world, target, { flags, rollout })
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error
      world.log.warning(`the flags of ${target} still name ${rollout} as theirs: ${error.message}`)
    }
  }
}

async function releaseOn(
  { flags: store, definition }: World,
  target: string,
  { flags, rollout }: { readonly flags: readonly string[]; readonly rollout: string }
): Promise<void> {
  const reading = await store.read(target, flags)
  const held = Object.entries(reading.flags).flatMap(([flag, state]) =>
    state.kind === 'set' && isOwnedBy(state.comment, definition.name)
      ? [[flag, state.value] as const]
      : []
  )
  if (held.length === 0) return
  const comment = graduatedMark(rollout)
  await store.write({ target, flags: Object.fromEntries(held), comment, obstructed: 'skip' })
}

function flagsByTarget(definition: Definition): ReadonlyMap<string, readonly string[]> {
  const byTarget = new Map<string, readonly string[]>()
  for (const { target, flags } of enabledPhases(definition)) {
    byTarget.set(target, [...new Set([...(byTarget.get(target) ?? []), ...Object.keys(flags)])])
  }
  return byTarget
}
