import { notSetGoing } from '../report/announcement.ts'
import { followUp } from '../rollout/follow-up.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { record } from './record.ts'
import type { World } from './world.ts'

type FollowUp = NonNullable<ReturnType<typeof followUp>>

/**
 * Sets going what follows by itself, once: the next phase after a promotion, the graduation when its
 * time has come. What could not be started is announced and tried again at a later wake-up, and so is
 * what a run was cut off at; should that be started twice, it comes to the same: a newer briefing takes
 * the place of the older one, and an application is carried out once.
 */
export async function setGoing(world: World, seen: State): Promise<State> {
  if (!world.workflows.has('rollout') || followOf(world, seen) === undefined) return seen
  const { state, follow } = await claim(world)
  if (follow === undefined) return state
  const started = await start(world, state, follow)
  if (started === undefined) return state
  const { url } = started
  const { operation, phase } = follow
  const recorded = await record(world, current =>
    current.number === state.number
      ? {
          message: `${rolloutId(current.definition, current.number)}: ${operation} ${phase} is started`,
          events: [{ kind: 'dispatched', ...follow, ...(url === undefined ? {} : { url }) }]
        }
      : undefined
  )
  world.log.info(`${operation} ${phase}: started${url === undefined ? '' : `, ${url}`}`)
  return recorded.state
}

/** Of two looks at the same moment, one sets it going. */
async function claim(
  world: World
): Promise<{ readonly state: State; readonly follow: FollowUp | undefined }> {
  let follow: FollowUp | undefined
  const { state, events } = await record(world, current => {
    follow = followOf(world, current)
    if (follow === undefined) return undefined
    const { operation, phase } = follow
    return {
      message: `${rolloutId(current.definition, current.number)}: ${operation} ${phase} is being started`,
      events: [{ kind: 'dispatching', ...follow }]
    }
  })
  return { state, follow: events.length === 0 ? undefined : follow }
}

function followOf({ definition, clock }: World, state: State): FollowUp | undefined {
  return followUp(definition, state, clock.now())
}

/** Undefined when there is nothing here to start, or when it could not be started. */
async function start(
  world: World,
  state: State,
  { operation, phase }: FollowUp
): Promise<{ readonly url: string | undefined } | undefined> {
  const { definition, definitionFile, workflows, announcer } = world
  const reason =
    operation === 'advance'
      ? 'the phase before it is promoted'
      : 'the time until graduation is over'
  try {
    return await workflows.dispatch('rollout', {
      operation,
      definition: definitionFile,
      phase,
      confirm: definition.name,
      reason
    })
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    const what = operation === 'advance' ? phase : 'its graduation'
    const why = `${error.message} ${error.remedy}`
    await announcer.announce(notSetGoing(definition, state, { what, why }))
    return undefined
  }
}
