import { rollback } from '../../src/operations/rollback.ts'
import { advance } from './apply.ts'
import type { Excuse, Subject } from './matrix.ts'
import { type Ground, type GroundOptions, openGround, subjectOf } from './operations.ts'

/** Rolling back the first phase of the definition, which is live. */
export async function openRollback(options: GroundOptions = {}): Promise<Subject> {
  const ground = await openGround(options)
  await advance(ground)
  const run = () => rollback(ground.process('red-1'), 'customers complain')
  const relapses = watchProduction(ground)
  const wrong = (): string | undefined =>
    relapses.size > 0 ? `production served ${[...relapses]} after it was given back` : undefined
  return subjectOf(ground, { run, again: run, excuse: () => excuse(ground), wrong })
}

const ROLLBACK = /^\/v\d+\/projects\/[^/]+\/rollback\/[^/]+$/u

/** What production serves with the feature on once its rollback was accepted; looked at whenever it can change. */
function watchProduction({ definition, simulator, trouble, clock, serves }: Ground) {
  const { FEATURE: off } = definition.rollback.flags
  const relapses = new Set<string>()
  let isBack = false
  const look = (): void => {
    const env = serves('production')
    if (isBack && env?.['FEATURE'] !== off)
      relapses.add(simulator.live('production')?.id ?? 'nothing')
  }
  trouble.onAnswer(({ method, path, status }) => {
    // A body that is no JSON comes as 200, whether it was accepted or not.
    if (method === 'POST' && ROLLBACK.test(path) && status === 201) isBack = true
    look()
  })
  clock.onAdvance(async () => look())
  return relapses
}

/** A rollback may fail when it says so in the ledger and to people, with the commands to finish it by hand. */
async function excuse({ people, state }: Ground): Promise<Excuse | undefined> {
  const { status } = await state()
  const told = people.announcements.find(({ kind }) => kind === 'rollback-failed')
  return status === 'rollback-failed' && told?.body.includes('vercel deploy')
    ? { why: 'the rollback has failed, and people are told', evenOnce: true }
    : undefined
}
