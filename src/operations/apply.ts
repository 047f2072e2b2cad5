import { openPlan } from '../rollout/approval.ts'
import { requireAsPlanned } from '../rollout/briefing.ts'
import { type Phase, phaseNamed } from '../rollout/definition.ts'
import { toEffectParts } from '../rollout/effect.ts'
import type { EventBody, EventOf } from '../rollout/events.ts'
import { phaseMark } from '../rollout/flag-owner.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { Approval, Deployment, QueryEstimate } from '../rollout/ports.ts'
import type { PreflightItem } from '../rollout/preflight.ts'
import { requireAffordable } from '../rollout/query-cost.ts'
import { ConflictError, EvidenceError, InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { currentPhase, type DeploymentRef, phaseBefore, type State } from '../rollout/state.ts'
import { show } from './board.ts'
import { type Checked, type CheckRequest, check } from './check.ts'
import { goLive, isOpen, requireOpen, requireWanted, startOfWatch } from './go-live.ts'
import { estimateLooks } from './look-cost.ts'
import {
  gateDue,
  type PassageRequest,
  prepareProof,
  requirePassage,
  standingPlan
} from './passage.ts'
import { recordPlan } from './plan.ts'
import { type Idle, lookAhead, type Ready } from './prospect.ts'
import { proveServing, proveStaged } from './prove.ts'
import { putBack, type Undone } from './put-back.ts'
import { readState, record } from './record.ts'
import { continueRollback } from './rollback.ts'
import { startClocks } from './wake.ts'
import type { World } from './world.ts'

export interface ApplyRequest extends CheckRequest, PassageRequest {
  /** What the briefing that was approved bound to, as the planning job handed it over. */
  readonly digest?: string | undefined
}

export type Applied =
  | {
      readonly kind: 'applied'
      readonly phase: Phase
      readonly deployment: DeploymentRef
      readonly first: Checked
      /** What to mend about looks at it that cost the database more than they need to. */
      readonly warnings: readonly PreflightItem[]
    }
  /** There was nothing to apply. */
  | (Idle & { readonly state: State })
  /** A rollback came in between; what this run had changed is undone. */
  | { readonly kind: 'superseded'; readonly state: State }

type Intent = EventOf<'phase-applying'>

/** An intent in the ledger, and everything that is needed to carry it out. */
interface Work extends Undone {
  readonly phase: Phase
}

/**
 * Carries out the next phase: proof of approval, intent, flags, deployment, result, first look. A phase
 * that is held while it soaks begins its soak anew. Cut off anywhere and run again, it ends in the same
 * world. When flags or deployment fail, the target is put back as it was and the phase can be applied
 * again.
 * @throws InputError when it may not be applied (nothing was changed); ProviderError; EvidenceError
 */
export async function apply(world: World, request: ApplyRequest): Promise<Applied> {
  const prospect = await lookAhead(world, request.phase, candidate =>
    requirePassage(world, candidate, request)
  )
  if (prospect.kind === 'nothing') return makeUpFirstLook(world, prospect, request)
  // A phase that nobody could judge is not begun.
  const now = await world.metrics.databaseNow()
  const warnings = await weighLooks(world, prospect, now)
  const work = await begin(world, prospect, request)
  await show(world, { phase: work.phase.name, state: 'in_progress', says: 'is being applied' })
  const outcome = await carryOut(world, work).catch(error => recover(world, work, error))
  if ('kind' in outcome) return outcome
  return { ...(await applied(world, work.phase, outcome, request)), warnings }
}

/**
 * Refuses a phase whose looks the database could not bear, before anything is changed. What an earlier
 * run had begun was weighed by that run, and is not left half done for a table that has grown since.
 */
async function weighLooks(
  world: World,
  { phase, resuming }: Ready,
  now: string
): Promise<readonly PreflightItem[]> {
  if (resuming) return []
  const { definition, log } = world
  const { target } = phase
  let estimates: readonly QueryEstimate[]
  try {
    estimates = await estimateLooks(world, { target, phases: [phase], now })
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    log.warning(`nobody knows what looks at ${phase.name} will cost: ${error.message}`)
    return []
  }
  const { maxPlannedCost } = definition.database
  const warnings = requireAffordable(phase.name, estimates, maxPlannedCost)
  for (const { message, remedy } of warnings) log.warning(`${message}. ${remedy}`)
  return warnings
}

async function applied(
  world: World,
  phase: Phase,
  deployment: DeploymentRef,
  request: CheckRequest
): Promise<Extract<Applied, { kind: 'applied' }>> {
  const { name } = phase
  await show(world, { phase: name, state: 'success', says: 'is live', url: deployment.url })
  await startClocks(world)
  const first = await check(world, request)
  return { kind: 'applied', phase, deployment, first, warnings: [] }
}

/** An earlier run may have been cut off between its result and its first look. */
async function makeUpFirstLook(
  world: World,
  nothing: Idle & { readonly state: State },
  request: ApplyRequest
): Promise<Applied> {
  const current = currentPhase(nothing.state)
  const phase = phaseNamed(world.definition, current?.name ?? '')
  if (phase === undefined || current?.deployment === undefined || !nothing.unfinished)
    return nothing
  return applied(world, phase, current.deployment, request)
}

async function begin(world: World, ready: Ready, request: ApplyRequest): Promise<Work> {
  const { phase } = ready
  const open = openIntent(ready.state, phase.name)
  if (open !== undefined) {
    refuseEdited(phase, open)
    world.log.info(`${phase.name}: taking up what an earlier run had begun`)
    return { phase, intent: open, rollout: idOf(ready.state) }
  }
  const planned = plansItself(world, ready, request) ? await recordPlan(world, ready) : ready
  const prove = await proofOf(world, ready, request)
  prove(planned.state)
  const { state } = await record(world, current => intend(world, ready, prove, current))
  const intent = openIntent(state, phase.name)
  return intent === undefined ? raiseOvertaken(phase) : { phase, intent, rollout: idOf(state) }
}

/** What a gate asks about, or a digest was handed over of, is planned by others; else that may be this run. */
function plansItself({ gates }: World, ready: Ready, { digest }: ApplyRequest): boolean {
  if (gateDue(ready) === undefined) return digest === undefined
  return gates.kind === 'typed' && openPlan(ready.state, ready.phase) === undefined
}

async function proofOf(
  world: World,
  ready: Ready,
  { digest: approvedDigest, confirm }: ApplyRequest
): Promise<(state: State) => Approval | undefined> {
  const gate = gateDue(ready)
  const { phase, digest } = ready
  if (gate === undefined) {
    return state => {
      const planned = standingPlan(state, ready)
      requireAsPlanned({ phase, digest, approvedDigest, planned })
      return undefined
    }
  }
  return prepareProof(world, gate, { phase, digest, approvedDigest, confirm })
}

function idOf(state: State): string {
  return rolloutId(state.definition, state.number)
}

function openIntent(state: State, phase: string): Intent | undefined {
  const current = currentPhase(state)
  return current?.name === phase && current.status === 'applying' ? current.intent : undefined
}

/** What was cut off goes on as it was approved, or not at all. */
function refuseEdited(phase: Phase, { target, flags }: Intent): void {
  const wanted = Object.entries(phase.flags)
  const same =
    phase.target === target &&
    wanted.length === Object.keys(flags).length &&
    wanted.every(([flag, value]) => flags[flag] === value)
  if (same) return
  throw new InputError(
    'intent_outdated',
    `${phase.name} was cut off half-way, and the definition wants other flags or another target now.`,
    'Put the phase back as it was and apply it again, or roll back and start anew.'
  )
}

function intend(
  world: World,
  ready: Ready,
  prove: (state: State) => Approval | undefined,
  state: State
) {
  const { phase, before, restarting } = ready
  const open = openIntent(state, phase.name)
  // Another run began this very moment: two that work at once would deploy twice.
  if (open !== undefined) return open.run === world.actor.run ? undefined : raiseOvertaken(phase)
  const move = nextMove(world.definition, state, phase.name)
  if (move.kind !== 'apply' || move.phase.name !== phase.name) return raiseOvertaken(phase)
  if ((move.restarting === true) !== restarting) return raiseOvertaken(phase)
  const approval = prove(state)
  const applying: EventBody = {
    kind: 'phase-applying',
    phase: phase.name,
    target: phase.target,
    flags: { ...phase.flags },
    before: beforeOf(state, ready) ?? standingOf(before),
    ...(approval === undefined ? {} : { approval })
  }
  const released: EventBody = { kind: 'resumed', reason: `the soak of ${phase.name} starts anew` }
  return {
    message: `${idOf(state)}: ${restarting ? 'restart' : 'apply'} ${phase.name}`,
    events: restarting ? [released, applying] : [applying]
  }
}

/** A soak that starts anew is undone to where its phase began, not to the phase itself. */
function beforeOf(state: State, { restarting }: Ready): Intent['before'] | undefined {
  return restarting ? currentPhase(state)?.intent?.before : undefined
}

function standingOf({ flags, deployment }: Ready['before']): Intent['before'] {
  return deployment === undefined
    ? { flags: { ...flags } }
    : { flags: { ...flags }, deployment: { id: deployment.id, url: deployment.url } }
}

async function carryOut(world: World, { phase, intent, rollout }: Work): Promise<Deployment> {
  // The intent is what was approved; the definition may have been edited since.
  const { target, flags } = intent
  const { name } = phase
  const stillWanted = async (): Promise<void> => requireWanted(await readState(world), intent)
  await stillWanted()
  world.log.info(`${name}: setting ${Object.keys(flags).length} flags on ${target}`)
  await world.flags.write({ target, flags, comment: phaseMark(rollout, name) })
  await stillWanted()
  world.log.info(`${name}: deploying to ${target}`)
  const claim = { phase: name, target, flags, effect: phase.effect }
  const prove = (staged: Deployment) =>
    proveStaged(world, { ...claim, deployment: staged, stillWanted })
  const deployment = await world.deployer.deploy({
    target,
    intent: intent.id,
    rollout,
    phase: name,
    deadlineMs: world.definition.deployDeadlineMs,
    ...(world.definition.targets[target]?.staged ? { prove } : {}),
    stillWanted
  })
  // What visitors do from here on is evidence, also while it is being proven.
  const since = await startOfWatch(world)
  const stillOpen = async (): Promise<void> => requireOpen(await readState(world), intent)
  const serving = { ...claim, deployment, since, stillWanted: stillOpen }
  const effect = toEffectParts(await proveServing(world, serving))
  for (const { part, proven, message } of effect) {
    world.log.info(`${name}: ${part} ${proven ? 'proven' : 'not proven'}: ${message}`)
  }
  await goLive(world, intent, { deployment, since, effect })
  return deployment
}

function raiseOvertaken(phase: Phase): never {
  throw new ConflictError(
    'overtaken',
    `Somebody else moved the rollout while ${phase.name} was being prepared.`,
    'Look at its status and start again if the phase is still next.'
  )
}

/** What a failed application leaves behind: the old target, or, when a rollback came in, its result. */
async function recover(world: World, work: Work, error: unknown): Promise<Applied> {
  const { intent, phase } = work
  const state = await readState(world)
  if (state.rollback !== undefined) {
    world.log.warning(`${phase.name}: a rollback came in between; finishing it`)
    return { kind: 'superseded', state: await continueRollback(world) }
  }
  await show(world, { phase: phase.name, state: 'failure', says: 'could not be applied' })
  if (isOpen(state, intent) && !(error instanceof ConflictError)) {
    const begunAnew = currentPhase(state)?.begunAnew === true
    const standing = phaseBefore(state, intent)?.name
    await putBack(world, work, { error, begunAnew, standing })
  }
  throw error
}
