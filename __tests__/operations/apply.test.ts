import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { plan } from '../../src/operations/plan.ts'
import { resume } from '../../src/operations/resume.ts'
import { rollback } from '../../src/operations/rollback.ts'
import {
  advance,
  brief,
  go,
  HOUR_MS,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS
} from './outside.ts'

let outside: Outside

afterEach(() => outside.close())

const woken = { wokenBy: 'test' }
const PREVIEW_BEFORE = { FEATURE: 'false', LIMIT: '0' }
const STAGE = { FEATURE: 'true', LIMIT: '3' }
const LIVE = { FEATURE: 'true', LIMIT: '4' }

const valuesOf = (target: string) => ({
  FEATURE: outside.simulator.valueOf(target, 'FEATURE'),
  LIMIT: outside.simulator.valueOf(target, 'LIMIT')
})
const names = async () => (await outside.events()).map(nameOf)
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    error => error.code ?? String(error)
  )

describe('what goes wrong on the way is put back', () => {
  const troubles: readonly {
    readonly what: string
    readonly code: string
    readonly brew: () => void
  }[] = [
    {
      what: 'a build that fails',
      code: 'deploy_failed',
      brew: () => outside.simulator.failNextBuild('out of memory')
    },
    {
      what: 'a build that never ends',
      code: 'deploy_timeout',
      brew: () => {
        outside.simulator.weather.endlessBuilds = true
      }
    },
    {
      what: 'a deployment that the target is not pointed at',
      code: 'deploy_alias',
      brew: () => {
        outside.simulator.weather.nextAliasError = 'domain taken'
      }
    },
    {
      what: 'the second flag being refused',
      code: 'vercel_forbidden',
      brew: () => {
        const forbidden = { kind: 'answer', status: 403, body: { error: { code: 'forbidden' } } }
        outside.simulator.faults.inject({
          method: 'POST',
          path: /\/env$/u,
          effect: forbidden as { kind: 'answer'; status: number; body: unknown }
        })
      }
    },
    {
      what: 'a flag that reads back differently',
      code: 'flag_readback',
      brew: () => {
        outside.simulator.faults.inject({
          method: 'PATCH',
          path: /\/env\/env_\d+$/u,
          effect: { kind: 'answer', status: 200, body: {} }
        })
      }
    }
  ]

  describe.each([
    { target: 'preview', phase: 'stage', edit: (text: string) => text, after: STAGE },
    { target: 'production', phase: 'live', edit: productionOnly, after: LIVE }
  ])('on $target', ({ target, phase, edit, after }) => {
    test.each(troubles)('$what', async ({ code, brew }) => {
      outside = await openOutside({ edit })
      const served = outside.simulator.live(target)?.id
      brew()
      expect(await codeOf(advance(outside))).toBe(code)
      expect(valuesOf(target)).toEqual(PREVIEW_BEFORE)
      expect(outside.simulator.live(target)?.env).toEqual(PREVIEW_BEFORE)
      if (target === 'production') expect(outside.simulator.live(target)?.id).toBe(served)
      expect((await names()).at(-1)).toBe(`phase-failed ${phase}`)
      expect((await outside.state()).status).toBe('running')
      expect(outside.people.announcements.at(-1)).toMatchObject({
        kind: 'failed',
        title: `two-phases#1: ${phase} could not be applied`
      })

      outside.simulator.weather.endlessBuilds = false
      await advance(outside)
      expect(valuesOf(target)).toEqual(after)
      expect(outside.simulator.live(target)?.env).toEqual(after)
      expect((await outside.state()).phases.at(-1)?.status).toBe('soaking')
      expect(outside.simulator.violations).toEqual([])
    })
  })

  test('putting back what cannot be put back leaves the phase to be taken up again', async () => {
    outside = await openOutside()
    outside.simulator.failNextBuild('out of memory')
    // The three changes of the way forward pass, then nothing is accepted any more.
    const { simulator } = outside
    const refuse = { kind: 'answer' as const, status: 403, body: { error: { code: 'forbidden' } } }
    const brakes = outside.process()
    const world = {
      ...brakes,
      deployer: {
        ...brakes.deployer,
        deploy: (request: Parameters<typeof brakes.deployer.deploy>[0]) => {
          simulator.faults.inject({ method: 'PATCH', path: /\/env\//u, times: 1, effect: refuse })
          return brakes.deployer.deploy(request)
        }
      }
    }
    await codeOf(apply(world, go))
    expect((await outside.state()).phases.at(-1)?.status).toBe('applying')
    await apply(outside.process(), go)
    expect(simulator.live('preview')?.env).toEqual(STAGE)
  })

  test('a rollback of a phase that failed and was put back changes nothing that serves', async () => {
    outside = await openOutside()
    outside.simulator.failNextBuild('out of memory')
    await codeOf(apply(outside.process(), go))
    await rollback(outside.process(), 'to be sure')
    expect(outside.simulator.live('preview')?.env).toEqual(PREVIEW_BEFORE)
    expect((await outside.state()).status).toBe('rolling-back')
  })
})

describe('what is refused changes nothing', () => {
  async function expectUntouched(code: string, work: () => Promise<unknown>): Promise<void> {
    const mutations = outside.simulator.mutations
    const before = await names()
    expect(await codeOf(work())).toBe(code)
    expect(outside.simulator.mutations).toBe(mutations)
    expect(await names()).toEqual(before)
  }

  test('a phase that is not next', async () => {
    outside = await openOutside()
    await expectUntouched('wrong_phase', () => apply(outside.process(), { ...go, phase: 'live' }))
  })

  test('a phase of a rollout that a person holds', async () => {
    outside = await openOutside()
    await plan(outside.process())
    await hold(outside.process(), 'holiday')
    await expectUntouched('held', () => apply(outside.process(), go))
    await resume(outside.process(), 'back at work')
    expect((await apply(outside.process(), go)).kind).toBe('applied')
  })

  test('anything that moves forward while it is frozen', async () => {
    outside = await openOutside()
    await expectUntouched('frozen', () =>
      apply(outside.process(), { ...go, frozen: 'release weekend' })
    )
  })

  test('a gated phase whose flags were changed by hand since its briefing', async () => {
    outside = await openOutside({ edit: productionOnly })
    const run = 'r1-1'
    await brief(outside, run)
    outside.simulator.setFlagByHand('production', 'FEATURE', 'maybe')
    await expectUntouched('briefing_outdated', () => apply(outside.process({ run }), go))
    expect((await advance(outside)).kind).toBe('applied')
  })

  test('a phase whose flag a branch shadows', async () => {
    outside = await openOutside()
    outside.simulator.addBranchOverride('FEATURE', 'true', 'main')
    await expectUntouched('flags_obstructed', () => apply(outside.process(), go))
  })

  test('a phase while a rollback is under way', async () => {
    outside = await openOutside()
    await apply(outside.process(), go)
    await rollback(outside.process(), 'customers complain')
    await expectUntouched('rolling_back', () => apply(outside.process(), go))
  })
})

describe('a phase that is live', () => {
  beforeEach(async () => {
    outside = await openOutside()
    await apply(outside.process(), go)
  })

  test('is not applied again', async () => {
    const before = await outside.fingerprint()
    const again = await apply(outside.process(), go)
    expect(again).toMatchObject({ kind: 'nothing', why: 'stage is live and soaking' })
    expect(await outside.fingerprint()).toEqual(before)
  })

  test('leaves the other target alone', () => {
    expect(valuesOf('production')).toEqual(PREVIEW_BEFORE)
    expect(outside.simulator.live('production')?.env).toEqual(PREVIEW_BEFORE)
    const records = outside.simulator.envRecords().filter(({ key }) => key === 'LIMIT')
    expect(records.map(({ target, value }) => [target.join(), value])).toEqual([
      ['production', '0'],
      ['preview', '3']
    ])
  })

  test('is followed by the next one once it is promoted, behind its gate', async () => {
    await outside.clock.advanceTo(START_MS + HOUR_MS + 5 * MINUTE_MS)
    await check(outside.process(), woken)
    const planned = await plan(outside.process(), go)
    expect(planned.kind === 'phase' && planned.briefing).toContain('approve-live')
    await advance(outside, {}, { phase: 'live' })
    expect(valuesOf('production')).toEqual(LIVE)
    const applying = (await outside.events()).findLast(event => event.kind === 'phase-applying')
    expect(applying).toMatchObject({
      approval: { by: 'rehearsal-approver', how: expect.stringContaining('approve-live') }
    })
  })
})

test('a hold while a phase is applied stops it, and resuming lets it be taken up', async () => {
  outside = await openOutside()
  const world = outside.process()
  const held = {
    ...world,
    flags: {
      ...world.flags,
      write: async (change: Parameters<typeof world.flags.write>[0]) => {
        const reading = await world.flags.write(change)
        await hold(outside.process(), 'wait')
        return reading
      }
    }
  }
  expect(await codeOf(apply(held, go))).toBe('held_meanwhile')
  expect((await outside.state()).status).toBe('held')
  expect(outside.simulator.live('preview')?.env).toEqual(PREVIEW_BEFORE)
  await resume(outside.process(), 'go on')
  await apply(outside.process(), go)
  expect(outside.simulator.live('preview')?.env).toEqual(STAGE)
})

test('hold and resume are refused where there is nothing to hold or to resume', async () => {
  outside = await openOutside()
  expect(await codeOf(hold(outside.process(), 'why'))).toBe('not_under_way')
  expect(await codeOf(resume(outside.process(), 'why'))).toBe('not_held')
  expect(await codeOf(rollback(outside.process(), 'why'))).toBe('nothing_to_roll_back')
})

test('a rollback before anything was changed ends the rollout, so that no briefing waits any more', async () => {
  outside = await openOutside()
  await plan(outside.process())
  expect((await rollback(outside.process(), 'not today')).status).toBe('aborted')
  expect((await rollback(outside.process(), 'again')).status).toBe('aborted')
  expect((await outside.events()).at(-1)).toMatchObject({ kind: 'aborted', reason: 'not today' })
  expect(outside.simulator.mutations).toBe(0)
  await plan(outside.process())
  expect((await outside.state()).number).toBe(2)
})
