import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { check } from '../../src/operations/check.ts'
import { plan } from '../../src/operations/plan.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type { LedgerEntry } from '../../src/rollout/ports.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { createBrakeAt } from './brake.ts'
import {
  advance,
  coordinator,
  go,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

const quiet = telemetry()
const restarted = [...quiet, coordinator('start', START_MS + 20 * MINUTE_MS)]
let outside: Outside

afterEach(() => outside.close())

const woken = { wokenBy: 'cron' }
const OFF = { FEATURE: 'false', LIMIT: '0' }
const REFUSED = { kind: 'answer' as const, status: 403, body: { error: { code: 'forbidden' } } }

const names = async () => (await outside.events()).map(nameOf)
const told = () => outside.people.announcements.map(({ kind }) => kind)
const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
const goBack = () => rollback(outside.process(), 'customers complain')
const look = async (minutes: number) => {
  await at(minutes)
  return check(outside.process(), woken)
}

async function open(events: readonly StoredEvent[], edit = productionOnly): Promise<void> {
  outside = await openOutside({ events, edit })
  await advance(outside)
}

function expectOff(target: string): void {
  const { simulator } = outside
  expect(simulator.live(target)?.env).toEqual(OFF)
  expect({
    FEATURE: simulator.valueOf(target, 'FEATURE'),
    LIMIT: simulator.valueOf(target, 'LIMIT')
  }).toEqual(OFF)
  expect(simulator.violations).toEqual([])
}

describe('of production', () => {
  beforeEach(() => open(quiet))

  test('is carried out by somebody who was given no database', async () => {
    const refused = () => Promise.reject(new InputError('database_missing', 'no URL', 'give one'))
    const world = {
      ...outside.process(),
      metrics: { look: refused, lookBack: refused, estimate: refused, databaseNow: refused }
    }
    expect((await rollback(world, 'from a laptop')).status).toBe('rolling-back')
    expectOff('production')
  })

  test('serves the old deployment at once, then a clean one, with the intent first', async () => {
    const state = await goBack()
    expect(state.status).toBe('rolling-back')
    expect((await names()).slice(5)).toEqual([
      'rollback-requested live',
      'rollback-step reinstated',
      'rollback-step flags-off',
      'rollback-step redeployed'
    ])
    expectOff('production')
  })

  test('leaves new deployments with the domains again', async () => {
    await goBack()
    const byHand = outside.simulator.deployByHand('production')
    expect(outside.simulator.live('production')?.id).toBe(byHand.id)
  })

  test('twice is once', async () => {
    await goBack()
    const before = await outside.fingerprint()
    await goBack()
    expect(await outside.fingerprint()).toEqual(before)
  })

  test('asked for again after it was verified, leaves what was deployed since alone', async () => {
    await goBack()
    expect((await look(40)).state.status).toBe('rolled-back')
    const newer = outside.simulator.deployByHand('production')
    const before = await names()
    expect((await goBack()).status).toBe('rolled-back')
    expect(await names()).toEqual(before)
    expect(outside.simulator.live('production')?.id).toBe(newer.id)
  })

  test('converges without the instant rollback, when the provider fails it', async () => {
    outside.simulator.weather.nextAliasJob = 'failed'
    await goBack()
    expect(await names()).not.toContain('rollback-step reinstated')
    expect((await names()).at(-1)).toBe('rollback-step redeployed')
    expectOff('production')
    expect(outside.lines.join('\n')).toContain('the old deployment is not back yet')
  })

  test('starts the next rollout afresh', async () => {
    await goBack()
    await look(40)
    const planned = await plan(outside.process(), go)
    expect(planned.state).toMatchObject({ number: 2, status: 'running' })
    await advance(outside)
    expect(outside.simulator.live('production')?.env).toEqual({ FEATURE: 'true', LIMIT: '4' })
  })
})

describe('that cannot finish', () => {
  beforeEach(() => open(quiet))

  const troubles: readonly { readonly what: string; readonly brew: () => void }[] = [
    {
      what: 'because the flags are refused',
      brew: () =>
        outside.simulator.faults.inject({ method: 'PATCH', path: /\/env\//u, effect: REFUSED })
    },
    {
      what: 'because the build fails',
      brew: () => outside.simulator.failNextBuild('out of memory')
    }
  ]

  test.each(troubles)(
    '$what, is told with commands by hand; run again, it finishes',
    async trouble => {
      trouble.brew()
      await expect(goBack()).rejects.toMatchObject({ name: 'ProviderError' })
      expect((await outside.state()).status).toBe('rollback-failed')
      expect(told()).toEqual(['rollback-failed'])
      const { body } = outside.people.announcements[0] ?? { body: '' }
      expect(body).toContain('vercel rollback dpl_1')
      expect(body).toContain("printf %s 'false' | vercel env update FEATURE production --yes")
      expect(body).toContain('vercel deploy --prod')

      expect((await goBack()).status).toBe('rolling-back')
      expectOff('production')
      expect((await look(40)).state.status).toBe('rolled-back')
    }
  )

  test('is taken up by the next check as well', async () => {
    outside.simulator.failNextBuild('out of memory')
    await expect(goBack()).rejects.toThrow()
    expect((await look(10)).state.status).toBe('rolling-back')
    expectOff('production')
    expect((await look(60)).state.status).toBe('rolled-back')
  })

  test('is told even when the ledger cannot be written any more', async () => {
    const world = outside.process()
    const append = (entry: LedgerEntry) =>
      entry.events.some(event => event.kind !== 'rollback-requested')
        ? Promise.reject(new Error('disk full'))
        : world.ledger.append(entry)
    const poor = { ...world, ledger: { ...world.ledger, append } }
    await expect(rollback(poor, 'customers complain')).rejects.toThrow('disk full')
    expect(told()).toEqual(['rollback-failed'])
    expect((await goBack()).status).toBe('rolling-back')
    expectOff('production')
  })
})

describe.each([
  { target: 'preview', edit: (text: string) => text },
  { target: 'production', edit: productionOnly }
])('of $target while somebody else sets a flag', ({ target, edit }) => {
  test('between reading back and deploying: the tainted deployment is replaced', async () => {
    await open(quiet, edit)
    const brake = createBrakeAt('vercel deploy', 'before')
    const back = rollback(outside.process({ brake }), 'now').catch(error => error.code)
    await brake.stopped
    outside.simulator.setFlagByHand(target, 'FEATURE', 'true')
    brake.release()
    expect(await back).toBe('flags_changed_meanwhile')
    expect((await outside.state()).status).toBe('rollback-failed')
    await look(10)
    expectOff(target)
    expect((await look(60)).state.status).toBe('rolled-back')
  })

  test('and being killed after deploying: the next run does not trust that deployment', async () => {
    await open(quiet, edit)
    const before = createBrakeAt('vercel deploy', 'before')
    const after = createBrakeAt('vercel deploy', 'after')
    const brake = {
      ...before,
      pass: <T>(name: string, effect: () => Promise<T>) =>
        before.pass(name, () => after.pass(name, effect))
    }
    rollback(outside.process({ brake }), 'now').catch(() => undefined)
    await before.stopped
    outside.simulator.setFlagByHand(target, 'FEATURE', 'true')
    before.release()
    await after.stopped
    await goBack().catch(() => undefined)
    await look(10)
    expectOff(target)
    expect((await look(60)).state.status).toBe('rolled-back')
  })
})

describe('the watch after it', () => {
  test('verifies the old state once its time is over', async () => {
    await open(quiet)
    await goBack()
    expect((await look(10)).look).toMatchObject({ purpose: 'watch', rule: 'watching' })
    const { state, look: last } = await look(40)
    expect(last).toMatchObject({ purpose: 'watch', rule: 'watch-pass', final: true })
    expect(state.status).toBe('rolled-back')
    expect((await look(60)).look).toBeUndefined()
  })

  test('is extended while nothing is heard, and ends unproven', async () => {
    await open([])
    await goBack()
    expect((await look(40)).look).toMatchObject({ rule: 'watch-extended' })
    const { state } = await look(5 * 60)
    expect(state.status).toBe('rolled-back')
    expect(state.rollback?.finished?.outcome).toBe('unproven')
  })

  test('fails when the new path still starts; rolled back again, there is a fresh deployment', async () => {
    await open(restarted)
    await goBack()
    const first = outside.simulator.live('production')?.id
    const { state } = await look(25)
    expect(state.status).toBe('rollback-failed')
    expect(told()).toEqual(['rolled-back', 'rollback-failed'])
    expect((await goBack()).status).toBe('rolling-back')
    expect(outside.simulator.live('production')?.id).not.toBe(first)
    expectOff('production')
    expect((await look(70)).state.status).toBe('rolled-back')
  })

  test('puts back a flag that drifts, without another deployment', async () => {
    await open(quiet)
    await goBack()
    const clean = outside.simulator.live('production')?.id
    outside.simulator.setFlagByHand('production', 'FEATURE', 'true')
    await look(10)
    expectOff('production')
    expect(outside.simulator.live('production')?.id).toBe(clean)
    expect((await look(40)).state.status).toBe('rolled-back')
  })

  test('puts the clean deployment back when an older one is live', async () => {
    await open(quiet)
    await goBack()
    const clean = outside.simulator.live('production')?.id
    const [old] = outside.simulator.deploymentsOf('production')
    await outside.process().deployer.reinstate('production', old?.id ?? '')
    await look(10)
    expect(outside.simulator.live('production')?.id).toBe(clean)
  })
})
