import { afterEach, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { resume } from '../../src/operations/resume.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { createBrakeAt } from './brake.ts'
import {
  advance,
  brief,
  coordinator,
  go,
  loadTwoPhases,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

/** Whatever serves a target is watched, and nothing of ours goes on serving it unnoticed. */

let outside: Outside
afterEach(() => outside.close())

const RUN = 'gated-1'
const woken = { wokenBy: 'cron' }
const TRIPPED = [...telemetry(), coordinator('circuit_open', START_MS + 20 * MINUTE_MS)]

const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
const names = async () => (await outside.events()).map(nameOf)
const serves = () => outside.simulator.live('production')?.env['FEATURE']
const open = async (events = telemetry()): Promise<void> => {
  outside = await openOutside({ events, edit: productionOnly })
}

test('a build that nobody could follow is cancelled, and never goes live after the phase has failed', async () => {
  await open()
  const brake = createBrakeAt('vercel deploy', 'after')
  const applied = advance(outside, { brake })
  await brake.stopped
  const path = /\/v13\/deployments\//u
  const effect = { kind: 'answer' as const, status: 503, body: {} }
  outside.simulator.faults.inject({ method: 'GET', path, times: 4, effect })
  brake.release()
  await expect(applied).rejects.toMatchObject({ code: 'vercel_unavailable' })
  await at(60)
  expect(serves()).toBe('false')
  expect((await outside.state()).phases.at(-1)?.status).toBe('failed')
})

test('an apply that was cut off while its build ran is watched once it serves', async () => {
  await open(TRIPPED)
  const brake = createBrakeAt('vercel deploy', 'after')
  void advance(outside, { brake })
  await brake.stopped
  await at(10)
  expect(serves()).toBe('true')
  expect((await check(outside.process(), woken)).look?.phase).toBe('live')
  await at(40)
  expect((await check(outside.process(), woken)).state.status).toBe('rolling-back')
  expect(serves()).toBe('false')
})

test('an apply that was cut off before it deployed is held and told, long after its deadline', async () => {
  await open()
  const brake = createBrakeAt('vercel deploy', 'before')
  void advance(outside, { brake })
  await brake.stopped
  await at(10)
  expect((await check(outside.process(), woken)).state.status).toBe('running')
  await at(120)
  expect((await check(outside.process(), woken)).state.status).toBe('held')
  await check(outside.process(), woken)
  expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['held'])
})

test('an apply that is taken up after a hold is not held for how long ago it was begun', async () => {
  await open()
  const brake = createBrakeAt('vercel deploy', 'before')
  void advance(outside, { brake })
  await brake.stopped
  await at(120)
  await check(outside.process(), woken)
  await resume(outside.process(), 'the runner was lost')
  await at(121)
  const world = outside.process()
  const deployer: World['deployer'] = {
    ...world.deployer,
    deploy: async request => {
      await check(outside.process(), woken)
      await request.stillWanted()
      return world.deployer.deploy(request)
    }
  }
  expect((await apply({ ...world, deployer }, go)).kind).toBe('applied')
  expect((await outside.state()).status).toBe('running')
})

test('a hold during an apply does not leave what went live unwatched', async () => {
  await open(TRIPPED)
  await brief(outside, RUN)
  const world = outside.process({ run: RUN })
  const deployer: World['deployer'] = {
    ...world.deployer,
    deploy: async request => {
      const made = await world.deployer.deploy(request)
      await hold(outside.process(), 'wait a moment')
      return made
    }
  }
  expect((await apply({ ...world, deployer }, go)).kind).toBe('applied')
  expect((await outside.state()).status).toBe('held')
  await at(40)
  expect((await check(outside.process(), woken)).state.status).toBe('rolling-back')
})

test('a promoted phase is watched on, and a red look rolls it back', async () => {
  await open([...telemetry(), coordinator('circuit_open', START_MS + 14 * 60 * MINUTE_MS)])
  await advance(outside)
  await at(12 * 60 + 5)
  expect((await check(outside.process(), woken)).state.status).toBe('promoted')
  await at(13 * 60)
  const quiet = await check(outside.process(), woken)
  expect(quiet.look).toMatchObject({ checkpoints: [], final: false, decision: 'continue' })
  await at(20 * 60)
  expect((await check(outside.process(), woken)).state.status).toBe('rolling-back')
  expect(serves()).toBe('false')
})

test('a phase that was renamed while it is live is refused loudly', async () => {
  await open(TRIPPED)
  await advance(outside)
  const definition = await loadTwoPhases(text =>
    productionOnly(text).replace('- name: live', '- name: renamed')
  )
  await at(60)
  await expect(check(outside.process({ more: { definition } }), woken)).rejects.toMatchObject({
    code: 'phase_unknown'
  })
})

test('a look that takes long is not taken for clocks that differ', async () => {
  await open()
  await advance(outside)
  await at(12 * 60 + 5)
  const world = outside.process()
  const metrics: World['metrics'] = {
    ...world.metrics,
    look: async request => {
      const reading = await world.metrics.look(request)
      await outside.clock.sleep(90_000)
      return reading
    }
  }
  expect((await check({ ...world, metrics }, woken)).look?.decision).toBe('promote')
})

test('a rollback whose deployment somebody has tainted makes another one by itself', async () => {
  await open()
  await advance(outside)
  outside.simulator.failNextBuild('out of memory')
  await expect(rollback(outside.process(), 'x')).rejects.toMatchObject({ code: 'deploy_failed' })
  const brake = createBrakeAt('vercel deploy', 'before')
  const back = rollback(outside.process({ brake }), 'again')
  await brake.stopped
  outside.simulator.setFlagByHand('production', 'FEATURE', 'true')
  brake.release()
  await expect(back).rejects.toMatchObject({ code: 'flags_changed_meanwhile' })
  expect((await check(outside.process(), woken)).state.status).toBe('rolling-back')
  expect(serves()).toBe('false')
  expect(outside.simulator.valueOf('production', 'FEATURE')).toBe('false')
})

test('what was cut off is not carried on with flags that nobody approved', async () => {
  await open()
  const brake = createBrakeAt('vercel deploy', 'before')
  void advance(outside, { brake })
  await brake.stopped
  const definition = await loadTwoPhases(text =>
    productionOnly(text).replace('LIMIT: "4"', 'LIMIT: "400"')
  )
  await expect(apply(outside.process({ more: { definition } }), go)).rejects.toMatchObject({
    code: 'intent_outdated'
  })
  expect(outside.simulator.valueOf('production', 'LIMIT')).toBe('4')
})

test('a deployment that was made while the flags were drifted proves nothing afterwards', async () => {
  await open()
  await advance(outside)
  await at(30)
  outside.simulator.setFlagByHand('production', 'FEATURE', 'false')
  outside.simulator.deployByHand('production')
  expect((await check(outside.process(), woken)).look?.decision).toBe('hold')
  outside.simulator.setFlagByHand('production', 'FEATURE', 'true')
  for (const minute of [61, 125, 12 * 60 + 5]) {
    await at(minute)
    expect((await check(outside.process(), woken)).look?.decision).toBe('hold')
  }
  outside.simulator.deployByHand('production')
  await at(12 * 60 + 30)
  expect((await check(outside.process(), woken)).look?.decision).toBe('promote')
})

test('a rollback is not verified by somebody who could not see the flags', async () => {
  await open()
  await advance(outside)
  await rollback(outside.process(), 'x')
  await at(40)
  const world = outside.process()
  const down = () => Promise.reject(new ProviderError('down', 'Vercel is down', 'wait'))
  const flags = { ...world.flags, read: down }
  expect((await check({ ...world, flags }, woken)).state.status).toBe('rolling-back')
  await at(41)
  expect((await check(outside.process(), woken)).state.status).toBe('rolled-back')
})

test('a rollback that did not take effect waits for a person instead of deploying again and again', async () => {
  const starts = Array.from({ length: 200 }, (_, i) =>
    coordinator('start', START_MS + i * 2 * MINUTE_MS)
  )
  await open([...telemetry(), ...starts])
  await advance(outside)
  await rollback(outside.process(), 'x')
  const made = outside.simulator.deploymentsOf('production').length
  for (let minute = 15; minute < 300; minute += 15) {
    await at(minute)
    await check(outside.process(), woken)
  }
  expect(outside.simulator.deploymentsOf('production')).toHaveLength(made)
  expect((await names()).filter(name => name.startsWith('rollback-finished'))).toHaveLength(1)
  await rollback(outside.process(), 'once more')
  expect(outside.simulator.deploymentsOf('production')).toHaveLength(made + 1)
})

test('a phase that fails once it is live is undone with the code of before, also where nothing can be pointed back', async () => {
  await open()
  outside.simulator.deleteByHand('dpl_1')
  outside.simulator.deployByHand('production')
  const before = outside.simulator.live('production')?.id
  await brief(outside, RUN)
  const world = outside.process({ run: RUN })
  const likes: (string | undefined)[] = []
  const deployer: World['deployer'] = {
    ...world.deployer,
    reinstate: () => Promise.reject(new ProviderError('vercel_plan_limit', 'not on Hobby', 'pay')),
    deploy: async request => {
      likes.push(request.like)
      const made = await world.deployer.deploy(request)
      if (request.intent.endsWith('-undo')) return made
      throw new ProviderError('deploy_not_live', 'nobody knows', 'look')
    }
  }
  await expect(apply({ ...world, deployer }, go)).rejects.toMatchObject({ code: 'deploy_not_live' })
  expect(likes).toEqual([undefined, before])
  expect(serves()).toBe('false')
  expect((await outside.state()).phases.at(-1)?.status).toBe('failed')
  expect(outside.lines.join('\n')).toContain(`production does not serve ${before} again yet`)
})
