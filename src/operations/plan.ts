import { renderBriefing } from '../report/briefing.ts'
import { briefingStands } from '../rollout/approval.ts'
import type { Gate } from '../rollout/definition.ts'
import type { EventBody } from '../rollout/events.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import {
  approvalsSoFar,
  gateDue,
  type PassageRequest,
  requirePassage,
  secondPersonMissing
} from './passage.ts'
import { lookAhead, type Prospect, type Ready } from './prospect.ts'
import { type Recorded, record } from './record.ts'
import type { World } from './world.ts'

export type Plan =
  | (Ready & {
      /** Markdown for the person at the gate. */
      readonly briefing: string
      /** The gate that it waits at now. */
      readonly gate: Gate | undefined
      /** Why it does not go on with whoever started this run; undefined when it does. */
      readonly waiting: InputError | undefined
    })
  | Extract<Prospect, { kind: 'nothing' }>

const NEXT: PassageRequest = { phase: 'next' }

/**
 * Finds the phase that comes next, shows what it would change and records that this was shown.
 * Nothing outside the ledger is touched.
 * @throws InputError when the rollout is held, over, another phase is next, or it must not begin now;
 * ProviderError
 */
export async function plan(world: World, request: PassageRequest = NEXT): Promise<Plan> {
  const prospect = await lookAhead(world, request.phase, candidate =>
    requirePassage(world, candidate, request)
  )
  if (prospect.kind === 'nothing') return prospect
  const { phase, before, digest } = prospect
  const { state } = await recordPlan(world, prospect)
  const now = new Date(world.clock.now()).toISOString()
  const { definition } = world
  const gate = gateDue(prospect)
  const proof = { phase, digest, approvedDigest: digest, confirm: request.confirm }
  const waiting = gate === undefined ? undefined : await secondPersonMissing(world, state, proof)
  const briefing = renderBriefing({
    definition,
    state,
    phase,
    before: before.flags,
    digest,
    now,
    approvals: world.gates.kind
  })
  return { ...prospect, state, briefing, gate, waiting }
}

/**
 * Records that this plan was shown, unless that is what the ledger says already. What a reviewer
 * approves is the briefing of their own run; a second person confirms the first one's briefing.
 */
export async function recordPlan(world: World, ready: Ready): Promise<Recorded> {
  const { phase, digest } = ready
  const gate = gateDue(ready)
  const approvalsBefore = await approvalsSoFar(world, gate)
  return record(world, state => {
    const move = nextMove(world.definition, state, phase.name)
    if (move.kind !== 'start' && move.kind !== 'apply') return undefined
    if (move.phase.name !== phase.name || isPlanned(world, state, ready)) return undefined
    const planned: EventBody = {
      kind: 'phase-planned',
      phase: phase.name,
      digest,
      ...(gate?.mode === 'environment' ? { approvalsBefore } : {})
    }
    const events = move.kind === 'start' ? [started(world, move.number), planned] : [planned]
    const number = move.kind === 'start' ? move.number : state.number
    const id = rolloutId(world.definition.name, number)
    return { events, message: `${id}: plan ${phase.name}` }
  })
}

/** A phase whose application was cut off keeps its intent; it is not planned a second time. */
function isPlanned(world: World, state: State, { phase, digest }: Ready): boolean {
  const current = currentPhase(state)
  if (current?.name === phase.name && current.status === 'applying') return true
  const { actor, clock, gates } = world
  return briefingStands({ phase, state, actor, digest, nowMs: clock.now(), kind: gates.kind })
}

function started({ definition }: World, number: number): EventBody {
  const { name, digest } = definition
  return { kind: 'rollout-started', definition: name, number, digest }
}
