import { openPlan } from '../rollout/approval.ts'
import type { Gate } from '../rollout/definition.ts'
import type { InputError } from '../rollout/rollgate-error.ts'
import type { State } from '../rollout/state.ts'
import { gateDue, type PassageRequest, requirePassage, secondPersonMissing } from './passage.ts'
import { type Candidate, findPhase, type Idle } from './prospect.ts'
import { readState } from './record.ts'
import type { World } from './world.ts'

/** What may happen next, from the ledger and the definition alone. */
export type Ahead = { readonly state: State } & (
  | Idle
  | (Candidate & {
      readonly gate: Gate | undefined
      /** Why it does not go on with whoever started this run; undefined when it does. */
      readonly waiting: InputError | undefined
    })
)

/**
 * Says which phase comes next and refuses what could not be carried out, before any secret is at
 * hand and before anything happens. Writes nothing.
 * @throws InputError when the rollout is held or blocked, another phase is next, the confirmation is
 * wrong, it is frozen, or the gate guards nothing; ProviderError
 */
export async function next(world: World, request: PassageRequest): Promise<Ahead> {
  const state = await readState(world)
  const found = findPhase(world, state, request.phase)
  if (found.kind === 'nothing') return { ...found, state }
  await requirePassage(world, found, request)
  const gate = gateDue(found)
  const waiting = gate === undefined ? undefined : await whoIsMissing(world, state, found, request)
  return { ...found, state, gate, waiting }
}

/** Only the flags tell whether a briefing still holds; here it is taken as it was written. */
function whoIsMissing(
  world: World,
  state: State,
  { phase }: Candidate,
  { confirm }: PassageRequest
): Promise<InputError | undefined> {
  const digest = openPlan(state, phase)?.digest ?? ''
  return secondPersonMissing(world, state, { phase, digest, approvedDigest: undefined, confirm })
}
