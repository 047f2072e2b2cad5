import { rollbackFailed, rolledBack } from '../report/announcement.ts'
import type { LedgerEvent } from '../rollout/events.ts'
import type { Deployment } from '../rollout/ports.ts'
import { rollbackRequest } from '../rollout/rollback-request.ts'
import {
  baselineByHand,
  codeToKeep,
  isMadeOff,
  type Outset,
  standingAfter
} from '../rollout/rollback-way.ts'
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
import { startOfWatch } from './go-live.ts'
import { inspectProvider } from './look.ts'
import { proveFlags } from './prove.ts'
import { type Draft, readState, record } from './record.ts'
import { driftIn, flagsOff } from './rollback-flags.ts'
import { pointBack, reinstateBaseline, survey } from './rollback-instant.ts'
import { type Intent, recordStep, type StepRecorded } from './rollback-step.ts'
import type { World } from './world.ts'

/**
 * Puts the target of the phase in force back: the old deployment at once where the provider can do that,
 * then the flags, then a fresh deployment of the same code with the flags off. Other targets keep what
 * they have. The intent goes first and supersedes everything else. Running it twice, or again after it
 * was cut off, ends in the same world.
 * @throws InputError when there is nothing to roll back; ProviderError when it could not be finished
 */
export async function rollback(world: World, reason: string): Promise<State> {
  const before = await prospect(world)
  const { state, events } = await record(world, current =>
    isUntouched(current) ? abandonment(current, reason) : intention(current, reason, before)
  )
  if (isOver(state)) return state
  // A rollback that others have begun may be further than what was seen before.
  return continueRollback(world, events.length > 0 ? { outset: before?.outset } : undefined)
}

/** What will be needed at once when the intent is recorded; nothing when there will be no new one. */
async function prospect(world: World): Promise<Prospect | undefined> {
  const state = await readState(world)
  if (isUntouched(state) || state.rollback !== undefined) return undefined
  const [intent] = rollbackRequest(state, '', undefined)
  if (intent === undefined) return undefined
  const { target, baseline } = intent
  if (isInstant(intent) && baseline !== undefined) {
    const outset = await survey(world, target, baseline)
    return { target, outset, served: outset.traffic?.serves }
  }
  return { target, outset: undefined, served: await servedBy(world, target) }
}

interface Prospect {
  readonly target: string
  readonly outset: Outset | undefined
  readonly served: string | undefined
}

/** Only production can be pointed back without a build. */
function isInstant({ target }: Pick<Intent, 'target'>): boolean {
  return target === 'production'
}

async function servedBy({ deployer }: World, target: string): Promise<string | undefined> {
  try {
    return (await deployer.traffic(target)).serves
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return undefined
  }
}

/** A rollback that nobody has worked on yet, and how the world was just before. */
export interface Begun {
  readonly outset?: Outset | undefined
}

/** Nothing was changed yet; but a briefing may be waiting for its approval. */
function isUntouched(state: State): boolean {
  return state.phases.length > 0 && !isOver(state) && phaseInForce(state)?.intent === undefined
}

function intention(state: State, reason: string, before: Prospect | undefined): Draft | undefined {
  const [known] = rollbackRequest(state, reason, before?.served)
  // Another target may be in force by now.
  const [intent] =
    known?.target === before?.target ? [known] : rollbackRequest(state, reason, undefined)
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
 * looks at the world first and does only what is missing, whatever the ledger says. `begun` is told by
 * whoever has just requested it.
 * @throws ProviderError when flags or deployment cannot be put back (recorded and announced)
 */
export async function continueRollback(world: World, begun?: Begun): Promise<State> {
  const state = await readState(world)
  if (state.rollback === undefined) return state
  const { intent } = state.rollback
  try {
    if (await isDone(world, state.rollback)) {
      await abandonForward(world, state, intent)
      return state
    }
    const { tainted, back } = await oldFirst(world, state, begun)
    const rollback =
      tainted === undefined ? state.rollback : await giveUpOn(world, state.rollback, tainted)
    const left = await flagsOff(world, intent)
    // What was made with a flag that is still on is worse than the old one, and no better the next time.
    if (left !== undefined && (back || rollback.failures > 0)) throw left
    const like = codeToKeep(state, intent, world.definition.targets)
    return await redeploy(world, rollback, { left, like })
  } catch (error) {
    await giveUp(world, intent, error)
    throw error
  }
}

/** Its watch has begun, and flags and deployment stand as the watch wants them, whoever deployed since. */
async function isDone(world: World, rollback: RollbackState): Promise<boolean> {
  if (rollback.since === undefined) return false
  const expected = standingAfter(rollback, world.definition.rollback.flags, rollback.since)
  const { integrity } = await inspectProvider(world, expected)
  return integrity.every(({ ok }) => ok)
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

/**
 * The old deployment first: from the decision until it serves there are only a reading, the request and
 * its proof. What the phase may still be building is cancelled after that; it could have taken the
 * domains meanwhile only where nothing had to be moved.
 */
async function oldFirst(
  world: World,
  state: State,
  begun: Begun | undefined
): Promise<Earlier & { readonly back?: boolean }> {
  const { rollback } = state
  if (rollback === undefined) return {}
  const { intent } = rollback
  const { target, baseline } = intent
  const asked = begun === undefined ? earlierOf(world, rollback) : Promise.resolve<Earlier>({})
  if (!isInstant(intent) || baseline === undefined) {
    const [earlier] = await Promise.all([asked, abandonForward(world, state, intent)])
    return earlier
  }
  const [outset, [seen]] = await Promise.all([
    begun?.outset ?? survey(world, target, baseline),
    Promise.allSettled([asked])
  ])
  const clean = seen.status === 'fulfilled' ? seen.value.clean : undefined
  const instant = await reinstateBaseline(world, intent, baseline, { outset, clean })
  await abandonForward(world, state, intent)
  const back = instant === 'there' ? await pointBack(world, intent, baseline) : instant === 'moved'
  return { ...(await asked), back }
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

/** The deployment that an earlier run of this rollback made. */
interface Earlier {
  readonly clean?: Deployment | undefined
  /** One that may hold somebody else's flags. */
  readonly tainted?: Deployment | undefined
}

/**
 * A deployment takes the flags as they are when it is made. When an earlier run made one and was cut off
 * before it was proven, what is in it is asked; where nobody can see that, it is believed in as long as
 * the flags are off.
 */
async function earlierOf(world: World, rollback: RollbackState): Promise<Earlier> {
  const made = await world.deployer.find(cleanIntent(rollback))
  if (made === undefined || made.state === 'failed' || made.state === 'cancelled') return {}
  if (rollback.steps.some(({ deployment }) => deployment?.id === made.id)) return { clean: made }
  const { flags } = world.definition.rollback
  const seen = await world.deployer.flagsIn(made.id, Object.keys(flags))
  const off = isMadeOff(flags, seen) ?? (await driftIn(world, rollback.intent)).length === 0
  return off ? { clean: made } : { tainted: made }
}

/** That attempt has failed, and the next one makes a deployment of its own. */
async function giveUpOn(
  world: World,
  rollback: RollbackState,
  { id }: Deployment
): Promise<RollbackState> {
  const message = `${id} may hold the flags of somebody else; another deployment is made`
  const end = { outcome: 'failed', message } as const
  return (await finishRollback(world, rollback.intent, end)).rollback ?? rollback
}

async function proveFlagsOff(world: World, intent: Intent, made: Deployment): Promise<void> {
  const drifted = await driftIn(world, intent)
  if (drifted.length === 0) return proveMadeOff(world, made)
  throw new ProviderError(
    'flags_changed_meanwhile',
    `the flags of ${intent.target} changed while they were being put back: ${drifted.join(', ')}`,
    'Run rollback again: it puts them back once more and makes another deployment.'
  )
}

/** What the deployment was made with, where anybody can see it; that nobody answers proves nothing. */
async function proveMadeOff(world: World, made: Deployment): Promise<void> {
  try {
    await proveFlags(world, made, world.definition.rollback.flags)
  } catch (error) {
    if (!(error instanceof RollgateError) || error.code === 'effect_unproven') throw error
    world.log.warning(
      `rollback: nobody knows the flags that ${made.id} was made with: ${error.message}`
    )
  }
}

/** What a person has to know of production's next deployments; nothing when they are served as ever. */
async function stagedText(world: World, { target }: Intent, { id }: Deployment): Promise<string> {
  try {
    const { newOnes } = await world.deployer.traffic(target)
    if (newOnes !== 'rolled-back') return ''
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    world.log.warning(`rollback: nobody knows whether new deployments are served: ${error.message}`)
    return ''
  }
  const told = `new deployments of ${target} stay staged until one is promoted: vercel promote ${id} --yes`
  world.log.warning(`rollback: ${told}`)
  return `; ${told}`
}

interface Clean {
  /** Why some flags are not off. */
  readonly left: ProviderError | undefined
  /** The deployment whose code it is made from. */
  readonly like: string | undefined
}

async function redeploy(
  world: World,
  rollback: RollbackState,
  { left, like }: Clean
): Promise<State> {
  const { intent } = rollback
  const { target } = intent
  world.log.info(`rollback: fresh deployment of ${target} with the flags off`)
  let proven = false
  const prove = async (made: Deployment): Promise<void> => {
    await proveFlagsOff(world, intent, made)
    proven = true
  }
  const deployment = await world.deployer.deploy({
    target,
    intent: cleanIntent(rollback),
    rollout: world.definition.name,
    phase: intent.phase,
    deadlineMs: world.definition.deployDeadlineMs,
    // What others have deployed since the baseline is not undone.
    ...(like === undefined ? {} : { like }),
    // Production keeps its old deployment until that; with flags that are left there is nothing to prove.
    ...(left === undefined ? { prove } : {}),
    stillWanted: () => Promise.resolve()
  })
  // Nor is there anything to watch.
  if (left !== undefined) throw left
  if (!proven) await prove(deployment)
  const staged = isInstant(intent) ? await stagedText(world, intent, deployment) : ''
  const since = await startOfWatch(world)
  const recorded = await recordStep(world, intent, 'redeployed', {
    message: `${target} serves ${deployment.id}, made with the flags off${staged}`,
    deployment,
    since
  })
  return tell(world, intent, recorded)
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
    const known = state ?? (await lastKnown(world))
    const baseline = known?.rollback ? baselineByHand(known.rollback) : intent.baseline
    const byHand = { target: intent.target, baseline }
    await world.announcer.announce(
      rollbackFailed(world.definition, known, { why: message, remedy, byHand })
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
async function finishRollback(
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
