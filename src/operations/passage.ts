import {
  type ApprovalCase,
  approvalsIn,
  briefingStands,
  openPlan,
  proveApproval
} from '../rollout/approval.ts'
import { requireConfirmation } from '../rollout/confirmation.ts'
import type { Gate, Phase } from '../rollout/definition.ts'
import { frozenBy } from '../rollout/freeze.ts'
import { requireGate } from '../rollout/gate.ts'
import type { Approval } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { currentPhase, isOver, type PhaseState, type State } from '../rollout/state.ts'
import type { Candidate } from './prospect.ts'
import type { World } from './world.ts'

/** What a person, or what follows by itself, says when a phase is to be carried out. */
export interface PassageRequest {
  /** Name of a phase, or `next`. */
  readonly phase: string
  /** The name of the definition, typed. */
  readonly confirm?: string | undefined
  /** Why nothing may move forward, when somebody said so; the definition's freeze counts beside it. */
  readonly frozen?: string | undefined
}

/** Why nothing may move forward at this moment; undefined when it may. */
export function frozenNow(world: World, said: string | undefined): string | undefined {
  return said ?? frozenBy(world.definition, world.clock.now())
}

/** The gate that a phase waits at; none where what was cut off is taken up, since it is approved. */
export function gateDue({ phase, resuming }: Candidate): Gate | undefined {
  return resuming ? undefined : phase.gate
}

/**
 * Refuses what must not begin: unconfirmed, in a freeze, or behind a gate that guards nothing. Asks
 * nobody but GitHub, and changes nothing.
 * @throws InputError; ProviderError when the gate's environment cannot be asked
 */
export async function requirePassage(
  world: World,
  candidate: Candidate,
  { confirm, frozen }: Omit<PassageRequest, 'phase'>
): Promise<void> {
  const { phase } = candidate
  const { kind } = world.gates
  const touchesProduction = phase.target === 'production'
  requireConfirmation(world.definition, { kind, confirm, touchesProduction })
  refuseFrozen(phase, frozenNow(world, frozen))
  const gate = gateDue(candidate)
  if (gate?.mode !== 'environment' || kind !== 'environments') return
  requireGate(gate, await world.gates.inspect(gate.environment))
}

function refuseFrozen({ name }: Phase, why: string | undefined): void {
  if (why === undefined) return
  throw new InputError(
    'frozen',
    `${name} is not applied: ${why}.`,
    'Apply it when the freeze is over; looks and rollbacks go on.'
  )
}

/** The plan that a phase without a gate is carried out by; one that failed is tried again by its own. */
export function standingPlan(
  state: State,
  { phase, restarting }: Candidate
): PhaseState['planned'] {
  if (restarting) return openPlan(state, phase)
  const current = currentPhase(state)
  return current?.name === phase.name && !isOver(state) ? current.planned : undefined
}

/** What has to be proven before a gated phase is begun. */
export interface ProofRequest {
  readonly phase: Phase
  /** As it is now. */
  readonly digest: string
  /** As it was handed over by whoever briefed; undefined when nobody said. */
  readonly approvedDigest: string | undefined
  readonly confirm: string | undefined
}

export type Proof = (state: State) => Approval | undefined

/**
 * Asks who passed the gate and gives the proof: a function of the state, so that it can be repeated
 * on the very state that the intent is appended to.
 * @throws ProviderError when it cannot be asked; the proof itself throws InputError
 */
export async function prepareProof(
  world: World,
  gate: Gate,
  { phase, digest, approvedDigest, confirm }: ProofRequest
): Promise<Proof> {
  const { definition, actor, gates } = world
  const asked = gates.kind === 'environments' && gate.mode === 'environment'
  const [[facts, reviews], committedDigest] = await Promise.all([
    asked
      ? Promise.all([gates.inspect(gate.environment), gates.reviews(gate.environment)])
      : ([undefined, []] as const),
    gates.kind === 'environments' ? committed(world) : undefined
  ])
  return state => {
    const one: ApprovalCase = {
      definition,
      phase,
      state,
      actor,
      digest,
      approvedDigest,
      committedDigest,
      nowMs: world.clock.now(),
      confirm,
      kind: gates.kind,
      facts,
      reviews
    }
    return proveApproval(one)
  }
}

/** A run keeps the definition that it was started with, while people may have changed it since. */
async function committed({
  definitionFile,
  repository,
  sha256
}: World): Promise<string | undefined> {
  const text = await repository.readFile(definitionFile.replace(/^(?:\.\/)+/u, ''))
  return text === undefined ? undefined : sha256(text)
}

/** How many times this run was already let through a gate: only what comes later approves. */
export async function approvalsSoFar(world: World, gate: Gate | undefined): Promise<number> {
  if (gate?.mode !== 'environment' || world.gates.kind !== 'environments') return 0
  return approvalsIn(await world.gates.reviews(gate.environment))
}

/** These say that there is nothing yet that a second person could confirm. */
const TO_BE_PLANNED: ReadonlySet<string> = new Set([
  'briefing_missing',
  'briefing_outdated',
  'briefing_expired'
])

/**
 * Why a phase whose gate is a second person does not go on with this one; undefined when it does, or
 * when it has to be planned first.
 */
export async function secondPersonMissing(
  world: World,
  state: State,
  request: ProofRequest
): Promise<InputError | undefined> {
  const { phase, digest } = request
  const { actor, clock, gates } = world
  const { gate } = phase
  if (gate?.mode !== 'dispatch' || gates.kind !== 'environments') return undefined
  const given = { phase, state, actor, digest, nowMs: clock.now(), kind: gates.kind }
  if (!briefingStands(given)) return undefined
  try {
    const prove = await prepareProof(world, gate, request)
    prove(state)
    return undefined
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return TO_BE_PLANNED.has(error.code) ? undefined : error
  }
}
