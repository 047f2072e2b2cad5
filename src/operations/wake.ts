import type { Workflows } from '../rollout/ports.ts'
import { InputError, RollgateError } from '../rollout/rollgate-error.ts'
import type { World } from './world.ts'

/**
 * Wakes the monitor up, as a timer does; where the run can be seen, when that is known.
 * @throws InputError (`monitor_missing`) where there is none to wake; ProviderError
 */
export async function wake(workflows: Workflows): Promise<{ readonly url: string | undefined }> {
  const started = await workflows.dispatch('monitor', { 'woken-by': 'timer' })
  if (started !== undefined) return started
  throw new InputError(
    'monitor_missing',
    'There is no monitor workflow here that could be woken up.',
    'Run it in GitHub Actions, or look yourself: rollgate check.'
  )
}

/**
 * Makes sure that somebody looks at what has gone live: the monitor's schedule, and the timers where
 * there are any. What is live stays live when that fails; it is said, and the next run tries again.
 */
export async function startClocks(world: World): Promise<void> {
  const { workflows, definitionFile, log } = world
  await orWarn(
    world,
    'the monitor may be switched off, and nothing may look by itself',
    async () => {
      if (await workflows.enable('monitor'))
        log.info('the monitor was switched off and is on again')
    }
  )
  await orWarn(
    world,
    'the timers were not started; the schedule of the monitor looks',
    async () => {
      await workflows.dispatch('timers', { definition: definitionFile })
    }
  )
}

async function orWarn({ log }: World, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    log.warning(`${what}: ${error.message} ${error.remedy}`)
  }
}
