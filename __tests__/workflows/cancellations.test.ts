import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Fault } from '../../src/rehearsal/http/faults.ts'
import { APPLY, everything, ROLLBACK, undisturbed } from './cut-off.ts'
import {
  definition,
  live,
  MINUTE_MS,
  NAME,
  OFF,
  ON,
  openTheatre,
  raiseStage,
  type Theatre
} from './stage.ts'

let theatre: Theatre
beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

describe('cancelled before it has changed anything', () => {
  test('the first job leaves nothing, and so does a run that waits at its gate', async () => {
    const stage = await raiseStage(theatre, { definition: definition(live()) })
    const first = await stage.press('rollout.yml', { confirm: NAME })
    while (stage.github.requests.length === 0) await new Promise(setImmediate)
    stage.machine.cancelJob(first, 'next')
    await stage.machine.runUntilIdle()
    expect(stage.results(first)).toMatchObject({ next: 'cancelled', plan: 'skipped' })
    expect(await stage.kinds()).toEqual([])

    const second = await stage.advance()
    stage.machine.cancel(second)
    await stage.machine.runUntilIdle()
    expect(stage.results(second)).toMatchObject({ gate: 'cancelled', apply: 'cancelled' })
    expect(stage.vercel.mutations).toBe(0)

    const third = await stage.advance()
    await stage.approve(third)
    expect(stage.results(third)).toMatchObject({ apply: 'success' })
    expect(stage.serving('production')).toEqual(ON)
  })
})

test('a look that sees red and is cut off half-way is carried on by the next wake-up', async () => {
  const stage = await raiseStage(theatre, { definition: APPLY.definition })
  await stage.advance()
  await stage.pass(15 * MINUTE_MS)
  await stage.trouble()
  stage.vercel.freezeAt(stage.vercel.mutations + 2, 'after')
  const run = await stage.press('rollout-monitor.yml', {})
  await stage.vercel.frozen
  stage.machine.cancel(run)
  await stage.machine.runUntilIdle()
  expect((await stage.state()).status).toBe('rolling-back')
  await stage.monitor()
  expect(stage.flags('production')).toEqual(OFF)
  expect(stage.serving('production')).toEqual(OFF)
  expect((await stage.kinds()).filter(kind => kind === 'rollback-requested')).toHaveLength(1)
  expect(stage.github.issues).toHaveLength(1)
})

describe('an answer that is lost', () => {
  const lost = (fault: Omit<Fault, 'effect' | 'when'>): Fault => ({
    ...fault,
    when: 'after',
    effect: { kind: 'drop' }
  })
  const commit = (headline: RegExp) => lost({ path: /graphql/u, body: headline })

  test('changes nothing about an application or a rollback', async () => {
    const plain = await undisturbed(theatre, APPLY, 'vercel')
    const rolledBack = await undisturbed(theatre, ROLLBACK, 'vercel')
    const stage = await raiseStage(theatre, { definition: APPLY.definition })
    const { github, vercel } = stage
    github.faults.inject(commit(/: plan live/u))
    github.faults.inject(commit(/: apply live/u))
    github.faults.inject(commit(/: live is live/u))
    vercel.faults.inject(lost({ method: 'PATCH', path: /\/env\//u }))
    vercel.faults.inject(lost({ method: 'POST', path: /\/deployments/u }))
    await stage.advance()
    expect(await everything(stage)).toEqual(plain.leaves)
    expect(stage.vercel.deploymentsOf('production')).toHaveLength(2)

    github.faults.inject(commit(/: roll back live/u))
    github.faults.inject(commit(/flags of production off/u))
    github.faults.inject(commit(/made with the flags off/u))
    vercel.faults.inject(lost({ method: 'PATCH', path: /\/env\//u }))
    vercel.faults.inject(lost({ method: 'POST', path: /\/rollback\//u }))
    vercel.faults.inject(lost({ method: 'POST', path: /\/deployments/u }))
    await stage.rollback()
    expect(await everything(stage)).toEqual(rolledBack.leaves)
  })
})

describe('while GitHub is down', () => {
  test('for a moment, an application goes on', async () => {
    const plain = await undisturbed(theatre, APPLY, 'github')
    const stage = await raiseStage(theatre, { definition: APPLY.definition })
    const down = { kind: 'answer', status: 502, body: { message: 'Bad Gateway' } } as const
    stage.github.faults.inject({ path: /graphql/u, body: /: live is live/u, effect: down })
    const run = await stage.advance()
    expect(stage.results(run)).toMatchObject({ apply: 'success' })
    expect(await everything(stage)).toEqual(plain.leaves)
  })

  test('for long, nothing is begun; and what was begun is taken up afterwards', async () => {
    const plain = await undisturbed(theatre, APPLY, 'github')
    const stage = await raiseStage(theatre, { definition: APPLY.definition })
    const down = { kind: 'answer', status: 502, body: { message: 'Bad Gateway' } } as const
    const late = { path: /graphql/u, body: /: live is live/u, times: 50, effect: down }
    stage.github.faults.inject(late)
    const run = await stage.advance()
    expect(stage.results(run)).toMatchObject({ apply: 'failure' })
    expect(stage.told(run)).toMatch(/GitHub/u)
    // GitHub answers again.
    stage.github.faults.clear()
    const again = await stage.advance()
    expect(stage.results(again)).toMatchObject({ next: 'success' })
    const { ledger: _, ...left } = (await everything(stage)) as { ledger: unknown }
    const { ledger: __, ...wanted } = plain.leaves as { ledger: unknown }
    expect(left).toEqual(wanted)
  })
})
