import type { Deployment, Traffic } from '../rollout/ports.ts'
import { type Outset, wayBack } from '../rollout/rollback-way.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import type { DeploymentRef } from '../rollout/state.ts'
import { type Intent, recordStep } from './rollback-step.ts'
import type { World } from './world.ts'

/** `moved`: production was given back; `there`: it served the old deployment already. */
export type Instant = 'moved' | 'there' | 'left'

/** What is not told at once keeps nobody waiting: the way back does without it. */
const HURRIED = { hurried: true } as const

/** All that has to be known before production is pointed back, asked at once. */
export async function survey(
  { deployer, definition }: World,
  target: string,
  baseline: DeploymentRef
): Promise<Outset> {
  const flags = Object.keys(definition.rollback.flags)
  const [traffic, old, made] = await Promise.all([
    untold(() => deployer.traffic(target)),
    untold(() => deployer.get(baseline.id, HURRIED)),
    untold(() => deployer.flagsIn(baseline.id, flags, HURRIED))
  ])
  return {
    traffic: traffic === 'untold' ? undefined : traffic,
    old: old ?? 'deleted',
    flags: made === 'untold' ? undefined : made
  }
}

/**
 * The fastest way back: production serves its old deployment again, without a build. When that cannot
 * be, or would be no better, it is told, and the slower steps still do the whole job.
 */
export async function reinstateBaseline(
  world: World,
  intent: Intent,
  baseline: DeploymentRef,
  { outset, clean }: { readonly outset: Outset; readonly clean: Deployment | undefined }
): Promise<Instant> {
  const way = wayBack(outset, baseline, world.definition.rollback.flags, clean?.id)
  switch (way.kind) {
    case 'over':
      return 'left'
    case 'unfit':
      await tell(world, intent, 'unfit', 'the old deployment is not made live again', way.why)
      return 'left'
    case 'point':
      if (!(await pointBack(world, intent, baseline, outset.traffic))) return 'left'
      return way.there ? 'there' : 'moved'
  }
}

/** Whether production serves the old deployment now; `known` saves asking what it serves before. */
export async function pointBack(
  world: World,
  intent: Intent,
  { id }: DeploymentRef,
  known?: Traffic
): Promise<boolean> {
  const { target } = intent
  try {
    world.log.info(`rollback: ${target} back to ${id}`)
    await world.deployer.reinstate(target, id, known)
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    await tell(world, intent, 'not-reinstated', 'the old deployment is not back yet', error.message)
    return false
  }
  await recordStep(world, intent, 'reinstated', { message: `${target} serves ${id} again` })
  return true
}

async function tell(
  world: World,
  intent: Intent,
  step: 'unfit' | 'not-reinstated',
  headline: string,
  why: string
): Promise<void> {
  const message = `${headline}: ${why}`
  world.log.warning(`rollback: ${message}`)
  await recordStep(world, intent, step, { message, headline })
}

async function untold<T>(ask: () => Promise<T>): Promise<T | 'untold'> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return 'untold'
  }
}
