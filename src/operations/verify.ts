import { phaseNamed } from '../rollout/definition.ts'
import type { Judgement } from '../rollout/events.ts'
import type { Reading } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { horizonMs, judgeSight, type Sight, see } from './look.ts'
import type { World } from './world.ts'

export interface VerifyRequest {
  readonly phase: string
  /** ISO 8601: where the window starts. */
  readonly since: string
}

export interface Verified {
  readonly judgements: readonly Judgement[]
  readonly reading: Reading | undefined
}

/**
 * Judges the criteria of a phase over a window of anybody's choice; no ledger, no decision.
 * @throws InputError when there is no such phase
 */
export async function verify(
  world: Pick<World, 'definition' | 'metrics' | 'clock'>,
  { phase: name, since }: VerifyRequest
): Promise<Verified> {
  const phase = phaseNamed(world.definition, name)
  if (phase === undefined) {
    const known = world.definition.phases.map(p => p.name).join(', ')
    throw new InputError(
      'unknown_phase',
      `There is no phase ${name} in ${world.definition.name}.`,
      `Write one of ${known}.`
    )
  }
  const criteria = world.definition.criteria[phase.criteria] ?? []
  const sight: Sight = await see(world, criteria, { target: phase.target, since })
  const frame = { horizonMs: horizonMs(phase), checkpointMs: undefined }
  return {
    judgements: judgeSight(criteria, sight, frame),
    reading: sight.kind === 'seen' ? sight.reading : undefined
  }
}
