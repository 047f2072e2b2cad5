import type { EffectPart, EventOf } from '../rollout/events.ts'
import { ConflictError, RollgateError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { DeploymentRef, State } from '../rollout/state.ts'
import { currentPhase } from '../rollout/state.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

type Intent = EventOf<'phase-applying'>

/** What serves, since when, and how that was proven. */
export interface Live {
  readonly deployment: DeploymentRef
  /** ISO 8601, by the database's clock. */
  readonly since: string
  readonly effect: EffectPart[]
}

/**
 * Records that the phase's deployment serves its target: from here on it is watched. A hold does not
 * stop that, since what serves must be watched; a rollback or another intent does.
 * @throws ConflictError (`superseded`)
 */
export async function goLive(
  world: World,
  intent: Intent,
  { deployment: { id, url }, since, effect }: Live
): Promise<State> {
  const { state } = await record(world, current => {
    const phase = currentPhase(current)
    if (phase?.intent?.id === intent.id && phase.status === 'soaking') return undefined
    if (!isOpen(current, intent)) throw superseded(current, intent)
    const deployment = { id, url }
    return {
      message: `${rolloutId(current.definition, current.number)}: ${intent.phase} is live`,
      events: [
        {
          kind: 'phase-applied',
          phase: intent.phase,
          intent: intent.id,
          deployment,
          since,
          effect
        }
      ]
    }
  })
  world.log.info(`${intent.phase}: live at ${url}, soaking since ${since}`)
  return state
}

/**
 * Now, ISO 8601: what is live must be watched from now on, even when the database cannot tell the time.
 */
export async function startOfWatch(world: World): Promise<string> {
  try {
    return await world.metrics.databaseNow()
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    world.log.warning(`the database did not tell the time: ${error.message}`)
    return new Date(world.clock.now()).toISOString()
  }
}

/**
 * Stops work that a rollback or another intent has taken over. A hold does not: what serves already is
 * either proven, and watched, or put back.
 * @throws ConflictError (`superseded`)
 */
export function requireOpen(state: State, intent: Intent): void {
  if (!isOpen(state, intent)) throw superseded(state, intent)
}

/**
 * Stops work whose intent is no longer to be carried out before it changes anything more.
 * @throws ConflictError
 */
export function requireWanted(state: State, intent: Intent): void {
  requireOpen(state, intent)
  if (state.status === 'running') return
  throw new ConflictError(
    'held_meanwhile',
    `${intent.phase} was held while it was being applied: ${state.hold?.reason ?? 'no reason given'}.`,
    'Resume the rollout and apply the phase again, which goes on where this stopped; or roll it back.'
  )
}

/** Whether the intent is the one that is being carried out. */
export function isOpen(state: State, intent: Intent): boolean {
  const current = currentPhase(state)
  return current?.intent?.id === intent.id && current.status === 'applying'
}

function superseded(state: State, intent: Intent): ConflictError {
  return new ConflictError(
    'superseded',
    `${intent.phase} is no longer to be applied: the rollout is ${state.status}.`,
    'Look at the status of the rollout.'
  )
}
