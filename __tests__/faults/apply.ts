import { apply } from '../../src/operations/apply.ts'
import { plan } from '../../src/operations/plan.ts'
import { currentPhase } from '../../src/rollout/state.ts'
import { go } from '../operations/outside.ts'
import type { Excuse, Subject } from './matrix.ts'
import { type Ground, type GroundOptions, openGround, subjectOf } from './operations.ts'

let runs = 0

/** Plans, lets the gate be passed where there is one; the run may then apply. */
async function briefed(ground: Ground): Promise<string> {
  runs += 1
  const run = `run${runs}-1`
  const planned = await plan(ground.process(run), go)
  const gate = planned.kind === 'phase' ? planned.gate : undefined
  if (gate?.mode === 'environment') ground.people.review(gate.environment, { run })
  return run
}

/** A whole run: plan, approval where one is asked for, and apply. */
export async function advance(ground: Ground): Promise<void> {
  await apply(ground.process(await briefed(ground)), go)
}

/** Applying the first phase of the definition, which is briefed and approved. */
export async function openApply(options: GroundOptions = {}): Promise<Subject> {
  const ground = await openGround(options)
  const run = await briefed(ground)
  return subjectOf(ground, {
    run: () => apply(ground.process(run), go),
    again: () => advance(ground),
    excuse: () => excuse(ground)
  })
}

/**
 * While nothing can be put back the intent stays open, so that the next run takes it up; what serves is
 * then what served before or what the phase wants, and never a mixture.
 */
async function excuse(ground: Ground): Promise<Excuse | undefined> {
  const { definition, serves } = ground
  const { intent, status } = currentPhase(await ground.state()) ?? {}
  if (status !== 'applying' || intent === undefined) return undefined
  const served = JSON.stringify(serves(intent.target))
  const whole = [intent.flags, definition.rollback.flags].map(flags => JSON.stringify(flags))
  return whole.includes(served) ? { why: 'the intent is open', evenOnce: false } : undefined
}
