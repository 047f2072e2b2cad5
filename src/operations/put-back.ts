import { notDone } from '../report/announcement.ts'
import type { EventBody, EventOf } from '../rollout/events.ts'
import { phaseMark, undoneMark } from '../rollout/flag-owner.ts'
import { driftedFlags } from '../rollout/integrity.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import { isOpen } from './go-live.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

type Intent = EventOf<'phase-applying'>

/** An intent in the ledger that is open, and the rollout it belongs to. */
export interface Undone {
  readonly intent: Intent
  /** `assignment-pipeline-v3#1` */
  readonly rollout: string
}

export interface Failed {
  readonly error: unknown
  /** The phase was live already, from its earlier deployment. */
  readonly begunAnew: boolean
  /** The phase that the target is in without it; undefined: in none. */
  readonly standing: string | undefined
}

/**
 * Puts the target of a phase that could not be applied back as it was, records the failure and tells
 * people. What cannot be put back is named to them.
 * @throws ProviderError
 */
export async function putBack(
  world: World,
  work: Undone,
  { error, begunAnew, standing: owner }: Failed
): Promise<void> {
  const { intent, rollout } = work
  const { target, before } = intent
  const why = error instanceof RollgateError ? `: ${error.message}` : ''
  world.log.warning(`${intent.phase}: failed; putting ${target} back as it was${why}`)
  // A build that is still under way would go live by itself after everything was put back.
  await world.deployer.abandon(intent.id)
  const live = begunAnew ? undefined : await world.deployer.live(target)
  const serves = begunAnew || live?.intent === intent.id
  const back =
    serves && target === 'production' && before.deployment !== undefined
      ? await backAtOnce(world, target, before.deployment.id)
      : false
  const left = await flagsBack(world, work, owner)
  // What was made with a flag that is not as it was is worse than the old one.
  if (serves && !(back && left.length > 0)) {
    // Where nothing served before, the code that was deployed is all there is.
    await redeployAsBefore(world, work, before.deployment?.id ?? live?.id)
  }
  const { state } = await record(world, current =>
    isOpen(current, intent)
      ? { message: `${rollout}: ${intent.phase} failed`, events: [failedEvent(intent, error)] }
      : undefined
  )
  const known = error instanceof RollgateError
  await world.announcer.announce(
    notDone(world.definition, state, {
      what: `${intent.phase} could not be applied`,
      why: known ? error.message : 'An unexpected failure; the log of the run has it.',
      remedy: `${known ? error.remedy : 'look at the log.'} ${standing(target, left)}; advance to ${intent.phase} again.`
    })
  )
}

function standing(target: string, left: readonly string[]): string {
  return left.length === 0
    ? `${target} is as it was`
    : `${target} is as it was but for ${left.join(', ')}: set that back by hand first`
}

/**
 * Puts every flag back that can be: what stands in the way of one keeps no other from it. Returns the
 * names of those that are not as they were.
 */
async function flagsBack(
  world: World,
  { intent, rollout }: Undone,
  owner: string | undefined
): Promise<readonly string[]> {
  const { target, before, phase } = intent
  const { flags } = before
  const comment = owner === undefined ? undoneMark(rollout, phase) : phaseMark(rollout, owner)
  const reading = await world.flags.write({ target, flags, comment, obstructed: 'skip' })
  const left = driftedFlags(flags, reading)
  if (left.length > 0) {
    world.log.warning(`${phase}: not every flag of ${target} is back as it was: ${left.join(', ')}`)
  }
  return left
}

/**
 * A deployment whose success could not be proven may serve the target all the same, and the earlier one
 * of a phase that was begun anew does. On production the old one is back by now; the fresh one lets new
 * deployments get the domains again.
 */
async function redeployAsBefore(
  world: World,
  { intent, rollout }: Undone,
  like: string | undefined
): Promise<void> {
  const { target, phase } = intent
  await world.deployer.deploy({
    target,
    intent: `${intent.id}-undo`,
    rollout,
    phase,
    deadlineMs: world.definition.deployDeadlineMs,
    ...(like === undefined ? {} : { like }),
    stillWanted: () => Promise.resolve()
  })
}

/** What the provider does not do at once is done by the deployment that follows. */
async function backAtOnce(world: World, target: string, deploymentId: string): Promise<boolean> {
  try {
    await world.deployer.reinstate(target, deploymentId)
    return true
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    world.log.warning(`${target} does not serve ${deploymentId} again yet: ${error.message}`)
    return false
  }
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
