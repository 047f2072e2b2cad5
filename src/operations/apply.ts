import { type Phase, phaseNamed } from '../rollout/definition.ts'
import type { EventBody, EventOf } from '../rollout/events.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { Approval, Deployment } from '../rollout/ports.ts'
import {
  ConflictError,
  EvidenceError,
  InputError,
  RollgateError
} from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { currentPhase, type DeploymentRef, type State } from '../rollout/state.ts'
import { type Checked, type CheckRequest, check } from './check.ts'
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
  const { name, target, flags } = phase
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
  const since = await startOfSoak(world)
  await recordApplied(world, intent, deployment, since)
  world.log.info(`${name}: live at ${deployment.url}, soaking since ${since}`)
  return deployment
}

/** A phase that is live must be watched from now on, even when the database cannot tell the time. */
async function startOfSoak(world: World): Promise<string> {
  try {
    return await world.metrics.databaseNow()
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    world.log.warning(`the database did not tell the time: ${error.message}`)
    return new Date(world.clock.now()).toISOString()
  }
}

async function recordApplied(
  world: World,
  intent: Intent,
  { id, url }: Deployment,
  since: string
): Promise<void> {
  await record(world, state => {
    const current = currentPhase(state)
    if (current?.intent?.id === intent.id && current.status === 'soaking') return undefined
    requireWanted(state, intent)
    const deployment = { id, url }
    return {
      message: `${idOf(state)}: ${intent.phase} is live`,
      events: [{ kind: 'phase-applied', phase: intent.phase, intent: intent.id, deployment, since }]
    }
  })
}

/** Work whose intent is no longer the open one stops before it changes anything more. */
function requireWanted(state: State, intent: Intent): void {
  const current = currentPhase(state)
  const open = current?.intent?.id === intent.id && current.status === 'applying'
  if (open && state.status === 'running') return
  throw new ConflictError(
    'superseded',
    `${intent.phase} is no longer to be applied: the rollout is ${state.status}.`,
    'Look at the status of the rollout; what has to be undone is being undone.'
  )
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
  world.log.warning(`${intent.phase}: failed; putting ${target} back as it was`)
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

/** A deployment whose success could not be proven may serve the target all the same. */
async function stopServing(world: World, { intent, rollout }: Work): Promise<void> {
  const { target, before, phase } = intent
  const live = await world.deployer.live(target)
  if (live?.intent !== intent.id) return
  if (target === 'production' && before.deployment !== undefined) {
    return world.deployer.reinstate(target, before.deployment.id)
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
