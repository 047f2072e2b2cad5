import { type Phase, phaseNamed } from '../rollout/definition.ts'
import type { EventBody, EventOf } from '../rollout/events.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { Approval, Deployment } from '../rollout/ports.ts'
import { ConflictError, InputError, RollgateError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { currentPhase, type DeploymentRef, type State } from '../rollout/state.ts'
import { type Checked, type CheckRequest, check } from './check.ts'
import { goLive, requireWanted } from './go-live.ts'
import { lookAhead, type Prospect, recordPlan } from './plan.ts'
import { readState, record } from './record.ts'
import { continueRollback } from './rollback.ts'
import type { World } from './world.ts'

export interface ApplyRequest extends CheckRequest {
  /** Name of a phase, or `next`. */
  readonly phase: string
}

export type Applied =
  | {
      readonly kind: 'applied'
      readonly phase: Phase
      readonly deployment: DeploymentRef
      readonly first: Checked
    }
  /** There was nothing to apply. */
  | { readonly kind: 'nothing'; readonly state: State; readonly why: string }
  /** A rollback came in between; what this run had changed is undone. */
  | { readonly kind: 'superseded'; readonly state: State }

type Intent = EventOf<'phase-applying'>
type Ready = Extract<Prospect, { kind: 'phase' }>

/** An intent in the ledger, and everything that is needed to carry it out. */
interface Work {
  readonly phase: Phase
  readonly intent: Intent
  /** `assignment-pipeline-v3#1` */
  readonly rollout: string
}

/**
 * Carries out the next phase: proof of approval, intent, flags, deployment, result, first look.
 * Cut off anywhere and run again, it ends in the same world. When flags or deployment fail, the
 * target is put back as it was and the phase can be applied again.
 * @throws InputError when it may not be applied (nothing was changed); ProviderError; EvidenceError
 */
export async function apply(world: World, request: ApplyRequest): Promise<Applied> {
  const prospect = await lookAhead(world, request.phase)
  if (prospect.kind === 'nothing') return makeUpFirstLook(world, prospect, request)
  refuseFrozen(prospect, request)
  // A phase that nobody could judge is not begun.
  await world.metrics.databaseNow()
  const work = await begin(world, prospect)
  const outcome = await carryOut(world, work).catch(error => recover(world, work, error))
  if ('kind' in outcome) return outcome
  return applied(world, work.phase, outcome, request)
}

async function applied(
  world: World,
  phase: Phase,
  deployment: DeploymentRef,
  request: CheckRequest
): Promise<Applied> {
  return { kind: 'applied', phase, deployment, first: await check(world, request) }
}

/** An earlier run may have been cut off between its result and its first look. */
async function makeUpFirstLook(
  world: World,
  nothing: Extract<Prospect, { kind: 'nothing' }>,
  request: ApplyRequest
): Promise<Applied> {
  const current = currentPhase(nothing.state)
  const phase = phaseNamed(world.definition, current?.name ?? '')
  if (phase === undefined || current?.deployment === undefined) return nothing
  if (current.status !== 'soaking' || current.looks.length > 0) return nothing
  return applied(world, phase, current.deployment, request)
}

function refuseFrozen({ phase }: Ready, { frozen }: ApplyRequest): void {
  if (frozen === undefined) return
  throw new InputError(
    'frozen',
    `${phase.name} is not applied: ${frozen}.`,
    'Apply it when the freeze is over; looks and rollbacks go on.'
  )
}

async function begin(world: World, ready: Ready): Promise<Work> {
  const { phase } = ready
  const open = openIntent(ready.state, phase.name)
  if (open !== undefined) {
    refuseEdited(phase, open)
    world.log.info(`${phase.name}: taking up what an earlier run had begun`)
    return { phase, intent: open, rollout: idOf(ready.state) }
  }
  refuseOutdated(ready)
  const planned = await recordPlan(world, phase, ready.digest)
  const approval = await prove(world, ready, planned.state)
  const { state } = await record(world, current => intend(world, ready, approval, current))
  const intent = openIntent(state, phase.name)
  return intent === undefined ? raiseOvertaken(phase) : { phase, intent, rollout: idOf(state) }
}

function idOf(state: State): string {
  return rolloutId(state.definition, state.number)
}

function openIntent(state: State, phase: string): Intent | undefined {
  const current = currentPhase(state)
  return current?.name === phase && current.status === 'applying' ? current.intent : undefined
}

function refuseOutdated({ state, phase, digest }: Ready): void {
  const current = currentPhase(state)
  if (current?.name !== phase.name || current.status !== 'planned') return
  if (phase.gate === undefined || current.planned?.digest === digest) return
  throw new InputError(
    'briefing_outdated',
    `What ${phase.name} would change is no longer what its briefing showed (${current.planned?.digest} then, ${digest} now).`,
    'Plan the phase again and let the new briefing be approved.'
  )
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

async function prove(world: World, ready: Ready, state: State): Promise<Approval | undefined> {
  const { gate, name } = ready.phase
  if (gate === undefined) return undefined
  return world.approvals.prove({
    rollout: idOf(state),
    phase: name,
    environment: gate.environment,
    digest: ready.digest,
    initiator: state.startedBy ?? world.actor.by
  })
}

function intend(world: World, ready: Ready, approval: Approval | undefined, state: State) {
  const { phase, before } = ready
  const open = openIntent(state, phase.name)
  // Another run began this very moment: two that work at once would deploy twice.
  if (open !== undefined) return open.run === world.actor.run ? undefined : raiseOvertaken(phase)
  const move = nextMove(world.definition, state)
  if (move.kind !== 'apply' || move.phase.name !== phase.name) return raiseOvertaken(phase)
  const live = before.deployment
  const flags = before.flags
  return {
    message: `${idOf(state)}: apply ${phase.name}`,
    events: [
      {
        kind: 'phase-applying' as const,
        phase: phase.name,
        target: phase.target,
        flags: { ...phase.flags },
        before:
          live === undefined ? { flags } : { flags, deployment: { id: live.id, url: live.url } },
        ...(approval === undefined ? {} : { approval })
      }
    ]
  }
}

async function carryOut(world: World, { phase, intent, rollout }: Work): Promise<Deployment> {
  // The intent is what was approved; the definition may have been edited since.
  const { target, flags } = intent
  const { name } = phase
  const stillWanted = async (): Promise<void> => requireWanted(await readState(world), intent)
  await stillWanted()
  world.log.info(`${name}: setting ${Object.keys(flags).length} flags on ${target}`)
  await world.flags.write({ target, flags, comment: `rollgate ${rollout} ${name}` })
  await stillWanted()
  world.log.info(`${name}: deploying to ${target}`)
  const deployment = await world.deployer.deploy({
    target,
    intent: intent.id,
    rollout,
    phase: name,
    deadlineMs: world.definition.deployDeadlineMs,
    stillWanted
  })
  await goLive(world, intent, deployment)
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
  const stillOurs = openIntent(state, phase.name)?.id === intent.id
  if (stillOurs && !(error instanceof ConflictError)) await putBack(world, work, error)
  throw error
}

async function putBack(world: World, work: Work, error: unknown): Promise<void> {
  const { intent, rollout } = work
  const { target, before } = intent
  const why = error instanceof RollgateError ? `: ${error.message}` : ''
  world.log.warning(`${intent.phase}: failed; putting ${target} back as it was${why}`)
  // A build that is still under way would go live by itself after everything was put back.
  await world.deployer.abandon(intent.id)
  await world.flags.write({
    target,
    flags: before.flags,
    comment: `rollgate ${rollout}: as before ${intent.phase}`
  })
  await stopServing(world, work)
  await record(world, state =>
    openIntent(state, intent.phase) === undefined
      ? undefined
      : { message: `${rollout}: ${intent.phase} failed`, events: [failedEvent(intent, error)] }
  )
}

/**
 * A deployment whose success could not be proven may serve the target all the same. On production the
 * old one is back at once; the fresh one after it lets new deployments get the domains again.
 */
async function stopServing(world: World, { intent, rollout }: Work): Promise<void> {
  const { target, before, phase } = intent
  const live = await world.deployer.live(target)
  if (live?.intent !== intent.id) return
  if (target === 'production' && before.deployment !== undefined) {
    await world.deployer.reinstate(target, before.deployment.id)
  }
  await world.deployer.deploy({
    target,
    intent: `${intent.id}-undo`,
    rollout,
    phase,
    deadlineMs: world.definition.deployDeadlineMs,
    stillWanted: () => Promise.resolve()
  })
}

function failedEvent({ id, phase }: Intent, error: unknown): EventBody {
  const known = error instanceof RollgateError
  return {
    kind: 'phase-failed',
    phase,
    intent: id,
    code: known ? error.code : 'unexpected',
    message: known ? error.message : 'an unexpected failure; the log of the run has it'
  }
}
