import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { next } from '../../src/operations/next.ts'
import { rollback } from '../../src/operations/rollback.ts'
import { createBrakeAt } from './brake.ts'
import {
  advance,
  brief,
  coordinator,
  go,
  HOUR_MS,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

let outside: Outside

afterEach(() => outside.close())

const woken = { wokenBy: 'cron' }
const names = async () => (await outside.events()).map(nameOf)
const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
const told = () => outside.people.announcements.map(({ kind }) => kind)

describe('a phase that goes live', () => {
  beforeEach(async () => {
    outside = await openOutside()
  })

  test('switches on a monitor that was off, and says so', async () => {
    outside.office.workflows.set('monitor', 'disabled')
    await advance(outside)
    expect(outside.office.workflows.get('monitor')).toBe('active')
    expect(outside.lines).toContain('info the monitor was switched off and is on again')
  })

  test('starts the timers where there are any', async () => {
    outside.office.workflows.set('timers', 'active')
    await advance(outside)
    expect(outside.office.dispatches).toEqual([
      { role: 'timers', inputs: { definition: 'rollouts/two-phases.yml' } }
    ])
  })

  test('stays live when neither can be done, which is only warned of', async () => {
    outside.office.workflows.set('timers', 'active')
    for (const what of ['enable', 'dispatch']) outside.office.broken.add(what)
    expect(await advance(outside)).toMatchObject({ kind: 'applied' })
    const warnings = outside.lines.filter(line => line.startsWith('warning'))
    expect(warnings).toHaveLength(2)
    expect((await outside.state()).status).toBe('running')
  })

  test('is shown on the page of deployments from its beginning to its checkpoints', async () => {
    await advance(outside)
    await at(31)
    await check(outside.process(), woken)
    const shown = outside.office.notices.map(({ state, description }) => `${state}: ${description}`)
    expect(shown).toEqual([
      'in_progress: stage is being applied',
      'success: stage is live',
      'success: stage T+0: insufficient, continue',
      expect.stringMatching(/^success: stage T\+30m: \w+, continue$/u)
    ])
    expect(new Set(outside.office.notices.map(({ environment }) => environment))).toEqual(
      new Set(['preview'])
    )
  })

  test('and fails is shown as failed', async () => {
    outside.simulator.failNextBuild('out of memory')
    await expect(advance(outside)).rejects.toMatchObject({ code: 'deploy_failed' })
    expect(outside.office.notices.at(-1)).toMatchObject({ state: 'failure' })
  })

  test('whose run ended before its first look is finished when it is started again', async () => {
    const brake = createBrakeAt('ledger: two-phases#1: stage is live', 'after')
    await Promise.race([brake.stopped, apply(outside.process({ brake }), go)])
    outside.office.workflows.set('monitor', 'disabled')
    expect(await next(outside.process(), go)).toMatchObject({ kind: 'nothing', unfinished: true })
    expect((await apply(outside.process(), go)).kind).toBe('applied')
    expect(outside.office.workflows.get('monitor')).toBe('active')
    expect(await next(outside.process(), go)).toMatchObject({ kind: 'nothing', unfinished: false })
  })
})

describe('a promotion', () => {
  beforeEach(async () => {
    outside = await openOutside()
    await advance(outside)
    await at(65)
  })

  const dispatched = () => outside.office.dispatches.filter(({ role }) => role === 'rollout')

  test('sets the next phase going, once, and records where', async () => {
    const { state } = await check(outside.process(), woken)
    expect(dispatched()).toEqual([
      {
        role: 'rollout',
        inputs: {
          operation: 'advance',
          definition: 'rollouts/two-phases.yml',
          phase: 'live',
          confirm: 'two-phases',
          reason: 'the phase before it is promoted'
        }
      }
    ])
    expect(state.dispatched).toMatchObject({
      operation: 'advance',
      phase: 'live',
      url: 'https://github.com/acme/shop/actions/runs/1'
    })
    await at(95)
    await check(outside.process(), woken)
    expect(dispatched()).toHaveLength(1)
  })

  test('sets it going once when two wake-ups come at the same moment', async () => {
    await Promise.all([check(outside.process(), woken), check(outside.process(), woken)])
    expect(dispatched()).toHaveLength(1)
    expect((await names()).filter(name => name.startsWith('dispatch'))).toEqual([
      'dispatching advance live',
      'dispatched advance live'
    ])
  })

  test('whose next phase cannot be started is announced, and tried again at the next wake-up', async () => {
    outside.office.broken.add('dispatch')
    await check(outside.process(), woken)
    expect(told()).toEqual(['promoted', 'warning'])
    expect(outside.people.announcements.at(-1)).toMatchObject({ rollout: 'two-phases#1' })
    expect(await names()).not.toContain('dispatched advance live')
    outside.office.broken.clear()
    await at(95)
    await check(outside.process(), woken)
    expect(dispatched()).toHaveLength(1)
    expect(await names()).toContain('dispatched advance live')
  })

  test('sets nothing going where there is nothing to start', async () => {
    outside.office.workflows.clear()
    await check(outside.process(), woken)
    expect(await names()).not.toContain('dispatched advance live')
    expect(told()).toEqual(['promoted'])
  })

  test('in the end of a freeze waits for it', async () => {
    await check(outside.process(), { ...woken, frozen: 'holidays' })
    expect(dispatched()).toEqual([])
    await at(95)
    await check(outside.process(), woken)
    expect(dispatched()).toHaveLength(1)
  })
})

describe('a held phase that is advanced to again', () => {
  const run = 'again-1'

  beforeEach(async () => {
    outside = await openOutside({ edit: productionOnly })
    await advance(outside)
    await at(65)
    await check(outside.process(), woken)
    await hold(outside.process(), 'a doubt')
  })

  async function restart() {
    const phase = { ...go, phase: 'live' }
    const { plan } = await import('../../src/operations/plan.ts')
    await plan(outside.process({ run }), phase)
    outside.people.review('approve-live', { run })
    return apply(outside.process({ run }), phase)
  }

  test('is watched while its restart waits for the gate', async () => {
    const { plan } = await import('../../src/operations/plan.ts')
    await plan(outside.process({ run }), { ...go, phase: 'live' })
    const { look, state } = await check(outside.process(), woken)
    expect(look?.phase).toBe('live')
    expect(state.status).toBe('held')
  })

  test('begins its soak anew, in one entry with the end of the hold', async () => {
    expect(await next(outside.process(), { ...go, phase: 'live' })).toMatchObject({
      restarting: true,
      gate: { environment: 'approve-live' }
    })
    const before = (await names()).length
    expect((await restart()).kind).toBe('applied')
    expect((await names()).slice(before)).toEqual([
      'phase-planned live',
      'resumed',
      'phase-applying live',
      'phase-applied live',
      'look soak live [T+0] continue soaking'
    ])
    const state = await outside.state()
    expect(state.status).toBe('running')
    expect(state.phases.at(-1)?.checkpoints).toEqual(['T+0'])
    expect(Date.parse(state.phases.at(-1)?.since ?? '')).toBeGreaterThan(START_MS + HOUR_MS)
  })

  test('is rolled back to where the phase began, not to the phase itself', async () => {
    const [before] = outside.simulator.deploymentsOf('production')
    await restart()
    await rollback(outside.process(), 'customers complain')
    const { rollback: done } = await outside.state()
    expect(done?.intent.baseline?.id).toBe(before?.id)
    expect(outside.simulator.live('production')?.env).toEqual({ FEATURE: 'false', LIMIT: '0' })
  })

  test('whose restart fails serves as before the phase, and not what nobody looks at', async () => {
    const { plan } = await import('../../src/operations/plan.ts')
    await plan(outside.process({ run }), { ...go, phase: 'live' })
    outside.people.review('approve-live', { run })
    outside.simulator.failNextBuild('out of memory')
    const failing = apply(outside.process({ run }), { ...go, phase: 'live' })
    await expect(failing).rejects.toMatchObject({ code: 'deploy_failed' })
    expect((await names()).at(-1)).toContain('phase-failed live')
    expect(outside.simulator.live('production')?.env).toEqual({ FEATURE: 'false', LIMIT: '0' })
  })

  test('is not begun anew by what follows by itself: a hold ends by a person', async () => {
    const bot = { by: 'github-actions[bot]' }
    for (const work of [next, apply]) {
      const asked = work(outside.process(bot), { ...go, phase: 'live' })
      await expect(asked).rejects.toMatchObject({ code: 'held' })
    }
  })

  test('is not begun anew without being named, nor without an approval', async () => {
    await expect(apply(outside.process({ run }), go)).rejects.toMatchObject({ code: 'held' })
    await expect(apply(outside.process({ run }), { ...go, phase: 'live' })).rejects.toMatchObject({
      code: 'briefing_missing'
    })
    await brief(outside, run).catch(() => undefined)
  })
})

describe('a rollback', () => {
  const broken = [...telemetry(), coordinator('circuit_open', START_MS + 3 * MINUTE_MS)]

  test('is carried out first and told then, with the evidence', async () => {
    outside = await openOutside({ events: broken, edit: productionOnly })
    await advance(outside)
    await at(10)
    const world = outside.process()
    const served: (string | undefined)[] = []
    const announcer = {
      announce: async (announcement: Parameters<typeof world.announcer.announce>[0]) => {
        served.push(outside.simulator.live('production')?.env['FEATURE'])
        await world.announcer.announce(announcement)
      }
    }
    await check({ ...world, announcer }, woken)
    expect(served).toEqual(['false'])
    const [announcement] = outside.people.announcements
    expect(announcement).toMatchObject({ kind: 'rolled-back', rollout: 'two-phases#1' })
    const paragraphs = announcement?.body.split('\n\n') ?? []
    expect(paragraphs[0]).toContain('1 event seen where none is allowed')
    expect(announcement?.body).toContain('| circuit-open | 1 event |')
    expect(announcement?.body).toContain('flags of production off and read back')
    expect(outside.office.notices.at(-1)).toMatchObject({
      state: 'failure',
      description: 'live is rolled back'
    })
  })

  test('that cannot be finished is told, once, with its reason and the way by hand', async () => {
    outside = await openOutside({ events: broken, edit: productionOnly })
    await advance(outside)
    await at(10)
    const world = outside.process()
    const write = () => Promise.reject(new Error('no'))
    await expect(check({ ...world, flags: { ...world.flags, write } }, woken)).rejects.toThrow('no')
    expect(told()).toEqual(['rollback-failed'])
    const [announcement] = outside.people.announcements
    expect(announcement?.body).toContain('vercel rollback dpl_1 --yes')
    expect(announcement?.body).toContain('It was rolled back because: circuit-open')
    await check(outside.process(), woken)
    expect(told()).toEqual(['rollback-failed', 'rolled-back'])
  })
})
