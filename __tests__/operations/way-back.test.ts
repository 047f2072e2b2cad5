import { afterEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { graduate } from '../../src/operations/graduate.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import {
  advance,
  brief,
  go,
  graduating,
  HOUR_MS,
  type Outside,
  openOutside,
  productionOnly
} from './outside.ts'

/** A way back never leads to something worse than what serves. */

let outside: Outside
afterEach(() => outside.close())

const goBack = (more: Partial<World> = {}) => rollback(outside.process({ more }), 'now')
const featureOf = (target: string) => outside.simulator.live(target)?.env['FEATURE']
const madeOn = (target: string) => outside.simulator.deploymentsOf(target).length

/** Somebody turns the flag into a secret that is on, and nobody can write it as it was. */
function sealFlag(): void {
  const { simulator } = outside
  const sealed = { key: 'FEATURE', value: 'true', type: 'sensitive', target: ['production'] }
  simulator.setFlagByHand('production', 'FEATURE', null)
  simulator.plantRecord(sealed)
}

/** A phase more on production, after the one that is live. */
const twice = (text: string): string =>
  productionOnly(text)
    .replace('soak: 12h\n    checkpoints: [0m, 1h, 2h, 12h]', 'soak: 1h\n    checkpoints: [0m, 1h]')
    .replace(
      'criteria: quiet\ncriteria:',
      `criteria: quiet
  - name: more
    target: production
    flags: { FEATURE: "true", LIMIT: "9" }
    soak: 1h
    checkpoints: [0m, 1h]
    criteria: quiet
criteria:`
    )

/** An application whose deployment is not what was wanted; `meanwhile` happens before that is seen. */
async function failToApply(meanwhile: () => void = () => undefined): Promise<void> {
  await brief(outside, 'fails-1')
  const world = outside.process({ run: 'fails-1' })
  let asked = 0
  const flagsIn: World['deployer']['flagsIn'] = async (id, flags) => {
    asked += 1
    if (asked > 1) return world.deployer.flagsIn(id, flags)
    meanwhile()
    return { FEATURE: 'something else' }
  }
  const deployer = { ...world.deployer, flagsIn }
  await expect(apply({ ...world, deployer }, go)).rejects.toMatchObject({ code: 'effect_unproven' })
}

describe('a flag that cannot be put back', () => {
  test('keeps production on its old deployment, however often the rollback is run', async () => {
    outside = await openOutside({ edit: productionOnly })
    await advance(outside)
    sealFlag()
    const made = madeOn('production')
    for (const _ of ['once', 'twice']) {
      await expect(goBack()).rejects.toMatchObject({ code: 'flags_left' })
      expect(outside.simulator.live('production')?.id).toBe('dpl_1')
    }
    expect(madeOn('production')).toBe(made)
    expect(outside.people.announcements.at(-1)?.kind).toBe('rollback-failed')
  })

  test('is set right by hand, and the rollback comes to its end', async () => {
    outside = await openOutside({ edit: productionOnly })
    await advance(outside)
    sealFlag()
    await expect(goBack()).rejects.toMatchObject({ code: 'flags_left' })
    outside.simulator.setFlagByHand('production', 'FEATURE', null)
    expect((await goBack()).status).toBe('rolling-back')
    expect(featureOf('production')).toBe('false')
    expect(await outside.process().deployer.traffic('production')).toMatchObject({
      newOnes: 'served'
    })
  })

  test('keeps production on its old deployment when a phase could not be applied, too', async () => {
    outside = await openOutside({ edit: productionOnly })
    await failToApply(sealFlag)
    expect(outside.simulator.live('production')?.id).toBe('dpl_1')
    expect(outside.people.announcements.at(-1)?.body).toContain('as it was but for FEATURE')
  })

  test('does not keep preview from a deployment with the others off, made once', async () => {
    outside = await openOutside()
    await advance(outside)
    const refuse = async () => {
      const world = outside.process()
      const write: World['flags']['write'] = async change => {
        await world.flags.write({ ...change, flags: { FEATURE: 'false' } })
        throw new ProviderError('vercel_refused', 'LIMIT was refused', 'Correct it.')
      }
      await rollback({ ...world, flags: { ...world.flags, write } }, 'now')
    }
    const made = madeOn('preview')
    for (const _ of ['once', 'twice']) {
      await expect(refuse()).rejects.toMatchObject({ code: 'vercel_refused' })
      expect(featureOf('preview')).toBe('false')
    }
    expect(madeOn('preview')).toBe(made + 1)
    expect((await goBack()).status).toBe('rolling-back')
    expect(outside.simulator.live('preview')?.env).toMatchObject({ FEATURE: 'false', LIMIT: '0' })
  })
})

test('a rollback that is done leaves what others deploy with the flags off alone', async () => {
  outside = await openOutside({ edit: productionOnly })
  await advance(outside)
  await goBack()
  const { id } = outside.simulator.deployByHand('production')
  const before = await outside.fingerprint()
  await goBack()
  expect(outside.simulator.live('production')?.id).toBe(id)
  expect(await outside.fingerprint()).toEqual(before)
})

test('a rollback that is done is done once more when somebody deployed with the flags on', async () => {
  outside = await openOutside({ edit: productionOnly })
  await advance(outside)
  await goBack()
  outside.simulator.setFlagByHand('production', 'FEATURE', 'true')
  outside.simulator.deployByHand('production')
  await goBack()
  expect(featureOf('production')).toBe('false')
  expect(outside.simulator.valueOf('production', 'FEATURE')).toBe('false')
})

test('a first deployment ever is undone with its own code when nobody knows the commit', async () => {
  outside = await openOutside({
    edit: text => text.replace('staging, deploy: cli', 'staging, deploy: cli, commit: live')
  })
  outside.simulator.deleteByHand('dpl_2')
  await failToApply()
  expect(featureOf('preview')).toBe('false')
  expect((await outside.state()).phases.at(-1)?.status).toBe('failed')
})

test('the first rollout of a project without a production deployment is rolled back by a fresh one', async () => {
  outside = await openOutside({ edit: productionOnly })
  outside.simulator.deleteByHand('dpl_1')
  await advance(outside)
  expect(featureOf('production')).toBe('true')
  expect((await goBack()).status).toBe('rolling-back')
  expect(featureOf('production')).toBe('false')
})

test('flags that go back to an earlier phase of the rollout are still its own', async () => {
  outside = await openOutside({ edit: twice })
  await advance(outside)
  await outside.clock.sleep(1.1 * HOUR_MS)
  await check(outside.process(), { wokenBy: 'cron' })
  await failToApply()
  const production = outside.simulator.envRecords().filter(r => r.target.includes('production'))
  expect(production.map(({ key, value, comment }) => [key, value, comment])).toEqual([
    ['FEATURE', 'true', 'rollgate two-phases#1 live'],
    ['LIMIT', '4', 'rollgate two-phases#1 live']
  ])
})

test('preview without a domain is not given the code of whoever deployed a branch last', async () => {
  outside = await openOutside()
  await advance(outside)
  const own = outside.simulator.live('preview')?.id
  outside.simulator.deployByHand('preview')
  const world = outside.process()
  let like: string | undefined
  const deploy: World['deployer']['deploy'] = request => {
    like = request.like
    return world.deployer.deploy(request)
  }
  await rollback({ ...world, deployer: { ...world.deployer, deploy } }, 'now')
  expect(like).toBe(own)
})

test('production that is staged and being proven is not promoted over a rollback', async () => {
  outside = await openOutside({
    edit: text =>
      productionOnly(text).replace(
        'production, deploy: cli',
        'production, deploy: cli, staged: true'
      )
  })
  await brief(outside, 'staged-1')
  outside.people.review('approve-live', { run: 'staged-1' })
  const world = outside.process({ run: 'staged-1' })
  let begun = false
  const flagsIn: World['deployer']['flagsIn'] = async (id, flags) => {
    if (!begun) {
      begun = true
      expect(outside.simulator.live('production')?.id).toBe('dpl_1')
      await goBack()
    }
    return world.deployer.flagsIn(id, flags)
  }
  const applied = await apply({ ...world, deployer: { ...world.deployer, flagsIn } }, go)
  expect(applied.kind).toBe('superseded')
  expect(featureOf('production')).toBe('false')
  const forward = outside.simulator
    .deploymentsOf('production')
    .find(d => d.env['FEATURE'] === 'true')
  const path = `/v10/projects/prj_1/promote/${forward?.id}`
  expect(outside.simulator.requests.map(request => request.path)).not.toContain(path)
})

test('production keeps its old deployment when the fresh one was made with a flag that somebody turned on', async () => {
  outside = await openOutside({ edit: productionOnly })
  await advance(outside)
  const { simulator } = outside
  const world = outside.process()
  const deploy: World['deployer']['deploy'] = request => {
    simulator.setFlagByHand('production', 'FEATURE', 'true')
    return world.deployer.deploy(request)
  }
  const meddled = { ...world, deployer: { ...world.deployer, deploy } }
  await expect(rollback(meddled, 'now')).rejects.toMatchObject({ code: 'flags_changed_meanwhile' })
  expect(simulator.live('production')?.id).toBe('dpl_1')
  expect((await goBack()).status).toBe('rolling-back')
  expect(simulator.live('production')?.env).toMatchObject({ FEATURE: 'false', LIMIT: '0' })
  expect(await outside.process().deployer.traffic('production')).toMatchObject({
    newOnes: 'served'
  })
})

test('a rollout that has graduated is rolled back with the code that serves by then', async () => {
  outside = await openOutside({ edit: graduating })
  await advance(outside)
  await outside.clock.sleep(12.1 * HOUR_MS)
  await check(outside.process(), { wokenBy: 'cron' })
  await outside.clock.sleep(25 * HOUR_MS)
  expect((await graduate(outside.process(), 'test')).state.status).toBe('graduated')
  const { id } = outside.simulator.deployByHand('production')
  await goBack()
  const requested = (await outside.events()).find(({ kind }) => kind === 'rollback-requested')
  expect(requested).toMatchObject({ served: id })
  expect(featureOf('production')).toBe('false')
})
