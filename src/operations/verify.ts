import { type Definition, type Phase, phaseNamed } from '../rollout/definition.ts'
import type { Judgement } from '../rollout/events.ts'
import { momentMs, type PastMoment, refuseFuture } from '../rollout/past.ts'
import type { Reading } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { horizonMs } from '../rollout/schedule.ts'
import { judgeSight, type Sight } from '../rollout/sight.ts'
import { see } from './look.ts'
import type { World } from './world.ts'

export interface VerifyRequest {
  readonly phase: string
  /** Where the window starts; so long ago by the database's clock. */
  readonly since: PastMoment
}

export interface Verified {
  /** ISO 8601: where the window started. */
  readonly since: string
  readonly judgements: readonly Judgement[]
  readonly reading: Reading | undefined
}

/**
 * Judges the criteria of a phase over a window of anybody's choice; no ledger, no decision.
 * @throws InputError when there is no such phase, or the window starts in the future; EvidenceError
 * when the database does not say what time it is
 */
export async function verify(
  world: Pick<World, 'definition' | 'metrics' | 'clock'>,
  request: VerifyRequest
): Promise<Verified> {
  const phase = requirePhase(world.definition, request.phase)
  const criteria = world.definition.criteria[phase.criteria] ?? []
  const since = await instantOf(world, request.since)
  const sight: Sight = await see(world, criteria, { target: phase.target, since })
  const reading = sight.kind === 'seen' ? sight.reading : undefined
  if (reading !== undefined) {
    refuseFuture('since', Date.parse(since), Date.parse(reading.databaseNow))
  }
  const frame = { horizonMs: horizonMs(phase), checkpointMs: undefined }
  return { since, judgements: judgeSight(criteria, sight, frame), reading }
}

/** The phase of that name. @throws InputError (`unknown_phase`) */
export function requirePhase(definition: Definition, name: string): Phase {
  const phase = phaseNamed(definition, name)
  if (phase !== undefined) return phase
  const known = definition.phases.map(p => p.name).join(', ')
  throw new InputError(
    'unknown_phase',
    `There is no phase ${name} in ${definition.name}.`,
    `Write one of ${known}.`
  )
}

async function instantOf({ metrics }: Pick<World, 'metrics'>, since: PastMoment): Promise<string> {
  const nowMs = since.kind === 'ago' ? Date.parse(await metrics.databaseNow()) : 0
  return new Date(momentMs(since, nowMs)).toISOString()
}
