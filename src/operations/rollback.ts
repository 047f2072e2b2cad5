import { rollbackFailed, rolledBack } from '../report/announcement.ts'
import type { EventOf, LedgerEvent } from '../rollout/events.ts'
import { checkFlags } from '../rollout/integrity.ts'
import type { Deployment } from '../rollout/ports.ts'
import { rollbackRequest } from '../rollout/rollback-request.ts'
import { ProviderError, RollgateError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import {
  cleanIntent,
  isOver,
  phaseInForce,
  type RollbackState,
  type State
} from '../rollout/state.ts'
import { show } from './board.ts'
import { type Draft, type Recorded, readState, record } from './record.ts'
import type { World } from './world.ts'

type Intent = EventOf<'rollback-requested'>
type Step = EventOf<'rollback-step'>['step']

/**
 * Puts the target of the current phase back: the old deployment at once where the provider can do
 * that, then the flags, then a fresh deployment with the flags off. The intent goes first and
 * supersedes everything else. Running it twice, or again after it was cut off, ends in the same world.
 * @throws InputError when there is nothing to roll back; ProviderError when it could not be finished
 */
export async function rollback(world: World, reason: string): Promise<State> {
  const { state } = await record(world, current =>
    isUntouched(current) ? abandonment(current, reason) : intention(current, reason)
  )
  return isOver(state) ? state : continueRollback(world)
}

/** Nothing was changed yet; but a briefing may be waiting for its approval. */
function isUntouched(state: State): boolean {
  return state.phases.length > 0 && !isOver(state) && phaseInForce(state)?.intent === undefined
}

function intention(state: State, reason: string): Draft | undefined {
  const [intent] = rollbackRequest(state, reason)
  return (
    intent && {
      message: `${rolloutId(state.definition, state.number)}: roll back ${intent.phase}`,
      events: [intent]
    }
  )
}

/** There is nothing to put back: the rollout is over, and what waits for an approval waits in vain. */
function abandonment(state: State, reason: string): Draft {
  return {
    message: `${rolloutId(state.definition, state.number)}: aborted before anything was changed`,
    events: [{ kind: 'aborted', reason }]
  }
}

/**
 * Carries the open rollback to the point where its watch begins, and then tells people. Every step
 * looks at the world first and does only what is missing, whatever the ledger says.
 * @throws ProviderError when flags or deployment cannot be put back (recorded and announced)
 */
export async function continueRollback(world: World): Promise<State> {
  const state = await readState(world)
  if (state.rollback === undefined) return state
  const { intent } = state.rollback
  try {
    await abandonForward(world, state, intent)
    const rollback = await leaveTainted(world, state.rollback)
    await reinstateBaseline(world, rollback)
    const left = await flagsOff(world, intent)
    return await redeploy(world, rollback, left)
  } catch (error) {
    await giveUp(world, intent, error)
    throw error
  }
}

/** Whoever finished the steps first tells it, once; how many were at it does not matter. */
async function tell(
  world: World,
  intent: Intent,
  { state, events, first }: StepRecorded
): Promise<State> {
  if (events.length === 0 || !first) return state
  const url = events.find(event => event.kind === 'rollback-step')?.deployment?.url
  const says = 'is rolled back'
  await show(world, { phase: intent.phase, state: 'failure', says, ...(url ? { url } : {}) })
  await world.announcer.announce(rolledBack(world.definition, state))
  return state
}

/** A build that is still under way would take the target over after everything was put back. */
async function abandonForward(world: World, state: State, { phase }: Intent): Promise<void> {
  const forward = state.phases.find(({ name }) => name === phase)?.intent
  if (forward === undefined) return
  try {
    await world.deployer.abandon(forward.id)
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    world.log.warning(`rollback: what ${phase} was building may go on: ${error.message}`)
  }
}

/** The fastest way back; when it fails, the slower steps still do the whole job. */
async function reinstateBaseline(world: World, rollback: RollbackState): Promise<void> {
  const { intent } = rollback
  const { target, baseline } = intent
  if (target !== 'production' || baseline === undefined) return
  try {
    const live = await world.deployer.live(target)
    if (live?.intent === cleanIntent(rollback)) return
    if (live?.id !== baseline.id) {
      world.log.info(`rollback: ${target} back to ${baseline.id}`)
      await world.deployer.reinstate(target, baseline.id)
    }
    await recordStep(world, intent, 'reinstated', {
      message: `${target} serves ${baseline.id} again`
    })
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    world.log.warning(`rollback: the old deployment is not back yet: ${error.message}`)
  }
}

/**
 * Puts every flag back that can be. One that cannot does not keep the others from it: what stands in
 * its way is returned, to be told when everything else is done.
 */
async function flagsOff(world: World, intent: Intent): Promise<ProviderError | undefined> {
  const { flags } = world.definition.rollback
  const { target } = intent
  world.log.info(`rollback: flags of ${target} off`)
  const comment = `rollgate ${world.definition.name}: rolled back`
  const reading = await world.flags.write({ target, flags, comment, obstructed: 'skip' })
  for (const { message, remedy } of reading.obstacles) {
    world.log.warning(`rollback: ${message}. ${remedy}`)
  }
  const left = checkFlags(flags, reading).filter(({ code }) => code === 'flag_drift')
  if (left.length > 0) {
    const told = left.map(({ message }) => message).join('; ')
    return new ProviderError(
      'flags_left',
      `not every flag of ${target} could be put back: ${told}`,
      reading.obstacles[0]?.remedy ?? 'Set them by hand, then run rollback again.'
    )
  }
  await recordStep(world, intent, 'flags-off', { message: `flags of ${target} off and read back` })
  return undefined
}

/**
 * A deployment takes the flags as they are when it is made. When an earlier attempt made one, was cut
 * off, and the flags are not off now, nobody knows what is in it: that attempt has failed, and the
 * next one makes a deployment of its own.
 */
async function leaveTainted(world: World, rollback: RollbackState): Promise<RollbackState> {
  const made = await world.deployer.find(cleanIntent(rollback))
  const proven = rollback.steps.some(({ deployment }) => deployment?.id === made?.id)
  if (made === undefined || proven || (await driftIn(world, rollback.intent)) === undefined) {
    return rollback
  }
  const message = `${made.id} may hold the flags of somebody else; another deployment is made`
  const end = { outcome: 'failed', message } as const
  return (await finishRollback(world, rollback.intent, end)).rollback ?? rollback
}

/** What of the flags is not off; undefined when all are. */
async function driftIn(world: World, { target }: Intent): Promise<string | undefined> {
  const { flags } = world.definition.rollback
  const reading = await world.flags.read(target, Object.keys(flags))
  const drifted = checkFlags(flags, reading).filter(({ code }) => code === 'flag_drift')
  return drifted.length === 0 ? undefined : drifted.map(({ message }) => message).join('; ')
}

async function proveFlagsOff(world: World, intent: Intent): Promise<void> {
  const drift = await driftIn(world, intent)
  if (drift === undefined) return
  throw new ProviderError(
    'flags_changed_meanwhile',
    `the flags of ${intent.target} changed while they were being put back: ${drift}`,
    'Run rollback again: it puts them back once more and makes another deployment.'
  )
}

async function redeploy(
  world: World,
  rollback: RollbackState,
  left: ProviderError | undefined
): Promise<State> {
  const { intent } = rollback
  const { target } = intent
  world.log.info(`rollback: fresh deployment of ${target} with the flags off`)
  const deployment = await world.deployer.deploy({
    target,
    intent: cleanIntent(rollback),
    rollout: world.definition.name,
    phase: intent.phase,
    deadlineMs: world.definition.deployDeadlineMs,
    stillWanted: () => Promise.resolve()
  })
  // With flags that could not be put back there is nothing to prove, and nothing to watch.
  if (left !== undefined) throw left
  await proveFlagsOff(world, intent)
  const since = await startOfWatch(world)
  const recorded = await recordStep(world, intent, 'redeployed', {
    message: `${target} serves ${deployment.id}, made with the flags off`,
    deployment,
    since
  })
  return tell(world, intent, recorded)
}

/** A rollback never waits for the database; the process's clock will do to start the watch. */
async function startOfWatch(world: World): Promise<string> {
  try {
    return await world.metrics.databaseNow()
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return new Date(world.clock.now()).toISOString()
  }
}

interface StepResult {
  readonly message: string
  readonly deployment?: Deployment
  readonly since?: string
}

interface StepRecorded extends Recorded {
  /** Nobody had begun the watch of this attempt before: two that make a deployment each both record it. */
  readonly first: boolean
}

async function recordStep(
  world: World,
  intent: Intent,
  step: Step,
  { message, deployment, since }: StepResult
): Promise<StepRecorded> {
  let first = true
  const recorded = await record(world, current => {
    first = current.rollback?.since === undefined
    const done = current.rollback?.steps.some(
      known => known.step === step && known.deployment?.id === deployment?.id
    )
    return done
      ? undefined
      : {
          message: `${rolloutId(current.definition, current.number)}: ${message}`,
          events: [
            {
              kind: 'rollback-step',
              intent: intent.id,
              step,
              message,
              ...(deployment === undefined
                ? {}
                : { deployment: { id: deployment.id, url: deployment.url } }),
              ...(since === undefined ? {} : { since })
            }
          ]
        }
  })
  return { ...recorded, first }
}

async function giveUp(world: World, intent: Intent, error: unknown): Promise<void> {
  const known = error instanceof RollgateError
  const why = known ? error.message : 'an unexpected failure; the log of the run has it'
  const remedy = known ? error.remedy : 'Run rollback again.'
  const message = `the rollback of ${intent.phase} is not finished: ${why}`
  let state: State | undefined
  try {
    state = await finishRollback(world, intent, { outcome: 'failed', message })
  } finally {
    // People are told even when the ledger cannot be.
    const told = { why: message, remedy, byHand: intent }
    const { definition } = world
    await world.announcer.announce(
      rollbackFailed(definition, state ?? (await lastKnown(world)), told)
    )
  }
}

/** The state to tell of, when the ledger takes nothing more in; undefined when it gives nothing out either. */
async function lastKnown(world: World): Promise<State | undefined> {
  try {
    return await readState(world)
  } catch {
    return undefined
  }
}

/** Records how the rollback ended, once; every failed attempt counts, so that the next one is a new one. */
export async function finishRollback(
  world: World,
  intent: Intent,
  end: { readonly outcome: 'verified' | 'unproven' | 'failed'; readonly message: string }
): Promise<State> {
  const { state } = await record(world, current =>
    end.outcome !== 'failed' && current.rollback?.finished?.outcome === end.outcome
      ? undefined
      : {
          message: `${rolloutId(current.definition, current.number)}: rollback ${end.outcome}`,
          events: [{ kind: 'rollback-finished', intent: intent.id, ...end }]
        }
  )
  return state
}

/** The open rollback's request among freshly appended events. */
export function rollbackIn(events: readonly LedgerEvent[]): Intent | undefined {
  return events.find(event => event.kind === 'rollback-requested')
}
