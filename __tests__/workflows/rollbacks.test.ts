import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Fault } from '../../src/rehearsal/http/faults.ts'
import {
  definition,
  HOUR_MS,
  live,
  MINUTE_MS,
  OFF,
  ON,
  openTheatre,
  raiseStage,
  type Stage,
  type Theatre,
  TRIAL
} from './stage.ts'

let theatre: Theatre
beforeAll(async () => {
  theatre = await openTheatre()
})
afterEach(() => theatre.strike())
afterAll(() => theatre.close())

const SHORT = definition(TRIAL)

/** The target is as before the rollout, it was asked for once, and people were told once. */
async function expectPutBack(stage: Stage, target: string, comments = 0): Promise<void> {
  expect(stage.flags(target)).toEqual(OFF)
  expect(stage.serving(target)).toEqual(OFF)
  const requested = (await stage.kinds()).filter(kind => kind === 'rollback-requested')
  expect(requested).toHaveLength(1)
  expect(stage.github.issues).toMatchObject([{ state: 'open' }])
  expect(stage.github.issues[0]?.comments).toHaveLength(comments)
}

/** And it is watched to its end. */
async function expectRolledBack(stage: Stage, target: string): Promise<void> {
  await expectPutBack(stage, target)
  await stage.pass(31 * MINUTE_MS)
  await stage.monitor()
  const state = await stage.state()
  expect(state.status).toBe('rolled-back')
  const finished = (await stage.events()).filter(({ kind }) => kind === 'rollback-finished')
  expect(finished).toMatchObject([{ outcome: 'verified' }])
  await expectPutBack(stage, target)
}

/** The trial is live and soaks. */
async function soaking(text = SHORT): Promise<Stage> {
  const stage = await raiseStage(theatre, { definition: text })
  await stage.advance()
  expect(stage.serving('preview')).toEqual(ON)
  return stage
}

async function promote(stage: Stage): Promise<number> {
  await stage.pass(61 * MINUTE_MS)
  await stage.monitor()
  const run = stage.machine.runs.find(({ status }) => status === 'waiting')
  expect(run).toBeDefined()
  return run?.id ?? 0
}

test('a soaking phase is put back, and pressing again changes nothing', async () => {
  const stage = await soaking()
  const run = await stage.rollback()
  expect(stage.results(run)).toEqual({ where: 'success', rollback: 'success' })
  await expectRolledBack(stage, 'preview')
  const before = await stage.kinds()
  const mutations = stage.vercel.mutations
  const again = await stage.rollback()
  expect(stage.results(again)).toEqual({ where: 'success', rollback: 'success' })
  expect(await stage.kinds()).toEqual(before)
  expect(stage.vercel.mutations).toBe(mutations)
  expect(stage.github.issues).toHaveLength(1)
})

test('a promoted phase is put back while the next one waits at its gate, which then lets nothing through', async () => {
  const stage = await soaking(definition())
  const waiting = await promote(stage)
  const run = await stage.rollback()
  expect(stage.results(run)).toMatchObject({ rollback: 'success' })
  await expectPutBack(stage, 'preview')
  await stage.approve(waiting)
  expect(stage.results(waiting)).toMatchObject({ gate: 'success', apply: 'failure' })
  expect(stage.serving('production')).toEqual(OFF)
  expect(stage.vercel.deploymentsOf('production')).toHaveLength(1)
  await expectRolledBack(stage, 'preview')
})

test('on production the old deployment serves again at once, though the next phase waits', async () => {
  const phases = live({ gate: '' }) + live({ name: 'wide', mode: 'faster' })
  const stage = await raiseStage(theatre, { definition: definition(phases) })
  await stage.advance()
  expect(stage.serving('production')).toEqual(ON)
  const waiting = await promote(stage)
  await stage.rollback()
  const steps = (await stage.events()).flatMap(event =>
    event.kind === 'rollback-step' ? [event.step] : []
  )
  expect(steps).toEqual(['reinstated', 'flags-off', 'redeployed'])
  await stage.approve(waiting)
  expect(stage.results(waiting)).toMatchObject({ apply: 'failure' })
  await expectRolledBack(stage, 'production')
})

test('before the first phase is applied it ends the rollout, and an approval comes too late', async () => {
  const stage = await raiseStage(theatre, { definition: definition(live()) })
  const waiting = await stage.advance()
  const run = await stage.rollback()
  expect(stage.machine.run(run).conclusion).toBe('success')
  await stage.approve(waiting)
  expect(stage.results(waiting)).toMatchObject({ apply: 'failure' })
  expect((await stage.kinds()).at(-1)).toBe('aborted')
  expect(stage.vercel.mutations).toBe(0)
})

type Point = Omit<Fault, 'effect'> & { readonly at: 'vercel' | 'github' }

describe('while the phase is being applied', () => {
  test.each<[string, Point]>([
    ['after its intent', { at: 'github', path: /graphql/u, body: /: apply trial/u, when: 'after' }],
    ['before its first flag', { at: 'vercel', method: 'PATCH', path: /\/env\// }],
    ['after its first flag', { at: 'vercel', method: 'PATCH', path: /\/env\//, when: 'after' }],
    ['before its deployment', { at: 'vercel', method: 'POST', path: /\/deployments/ }],
    [
      'after its deployment',
      { at: 'vercel', method: 'POST', path: /\/deployments/, when: 'after' }
    ],
    ['before its result', { at: 'github', path: /graphql/u, body: /: trial is live/u }],
    [
      'after its result',
      { at: 'github', path: /graphql/u, body: /: trial is live/u, when: 'after' }
    ]
  ])('%s', async (_, point) => {
    const stage = await raiseStage(theatre, { definition: SHORT })
    const applying = await rollBackAt(stage, point)
    expect(stage.results(applying)).toMatchObject({ apply: 'failure' })
    await expectPutBack(stage, 'preview')
  })

  test('before its intent is known, nothing is ever changed', async () => {
    const stage = await raiseStage(theatre, { definition: SHORT })
    const before = { at: 'github', path: /graphql/u, body: /: apply trial/u } as const
    const applying = await rollBackAt(stage, before)
    expect(stage.results(applying)).toMatchObject({ apply: 'failure' })
    expect((await stage.kinds()).at(-1)).toBe('aborted')
    expect(stage.vercel.mutations).toBe(0)
  })

  /** Presses the red button while the application is held up there; the run that applied. */
  async function rollBackAt(stage: Stage, { at, ...point }: Point): Promise<number> {
    let release = (): void => undefined
    const until = new Promise<void>(resolve => {
      release = resolve
    })
    stage[at].faults.inject({ ...point, effect: { kind: 'wait', until } })
    const reached = reachedBy(stage, at, point)
    const applying = await stage.press('rollout.yml', {})
    await reached()
    const pressed = await stage.press('rollout-rollback.yml', { reason: 'it smells' })
    while (stage.machine.run(pressed).status !== 'completed') await new Promise(setImmediate)
    release()
    await stage.machine.runUntilIdle()
    return applying
  }

  test('while its deployment is being built', async () => {
    const stage = await raiseStage(theatre, { definition: SHORT, buildMs: 5 * MINUTE_MS })
    let pressed = 0
    stage.machine.at(stage.clock.now() + MINUTE_MS, async () => {
      pressed = await stage.press('rollout-rollback.yml', { reason: 'it smells' })
    })
    const applying = await stage.advance()
    expect(stage.results(pressed)).toMatchObject({ rollback: 'success' })
    expect(stage.results(applying)).toMatchObject({ apply: 'failure' })
    await expectPutBack(stage, 'preview')
  })
})

/** Waits until a request that this point is about has come in. */
function reachedBy(
  stage: Stage,
  at: Point['at'],
  { method, path, body }: Pick<Fault, 'method' | 'path' | 'body'>
): () => Promise<void> {
  const came = () =>
    stage[at].requests.some(
      request =>
        (method === undefined || request.method === method) &&
        path.test(request.path) &&
        (body?.test(JSON.stringify(request.body)) ?? true)
    )
  return async () => {
    while (!came()) await new Promise(setImmediate)
  }
}

test('two presses at once put it back once', async () => {
  const stage = await soaking()
  const first = await stage.press('rollout-rollback.yml', { reason: 'it smells' })
  const second = await stage.press('rollout-rollback.yml', { reason: 'it stinks' }, 'linus')
  await stage.machine.runUntilIdle()
  for (const run of [first, second]) {
    expect(stage.results(run)).toMatchObject({ rollback: 'success' })
  }
  await expectRolledBack(stage, 'preview')
})

test('a freeze does not keep anybody from putting it back', async () => {
  const freeze = 'freeze: [{ from: Mon 09:00, to: Mon 20:00, why: the sale }]\n'
  const stage = await soaking(definition(TRIAL, freeze))
  await stage.pass(2 * HOUR_MS)
  const run = await stage.rollback()
  expect(stage.results(run)).toMatchObject({ rollback: 'success' })
  await expectRolledBack(stage, 'preview')
})

test('a red look of the monitor puts it back, in a freeze as well', async () => {
  const freeze = 'freeze: [{ from: Mon 08:10, to: Mon 20:00, why: the sale }]\n'
  const stage = await soaking(definition(TRIAL, freeze))
  await stage.pass(15 * MINUTE_MS)
  await stage.trouble()
  const run = await stage.monitor()
  expect(stage.results(run)).toEqual({ due: 'success', check: 'failure' })
  expect(stage.told(run)).toContain('rollback')
  await expectRolledBack(stage, 'preview')
})

test('two monitors that see red at once put it back once', async () => {
  const stage = await soaking()
  await stage.pass(15 * MINUTE_MS)
  await stage.trouble()
  await stage.press('rollout-monitor.yml', {})
  await stage.press('rollout-monitor.yml', {})
  await stage.machine.runUntilIdle()
  await expectRolledBack(stage, 'preview')
})

test('a rollback that failed is finished by the next press', async () => {
  const stage = await soaking()
  stage.vercel.failNextBuild('out of memory')
  const first = await stage.rollback()
  expect(stage.results(first)).toEqual({ where: 'success', rollback: 'failure' })
  expect((await stage.state()).status).toBe('rollback-failed')
  expect(stage.told(first)).toContain('out of memory')
  const second = await stage.rollback()
  expect(stage.results(second)).toEqual({ where: 'success', rollback: 'success' })
  // The issue of the failure is told that it is over.
  await expectPutBack(stage, 'preview', 1)
  await stage.pass(31 * MINUTE_MS)
  await stage.monitor()
  expect((await stage.state()).status).toBe('rolled-back')
  await expectPutBack(stage, 'preview', 1)
})
