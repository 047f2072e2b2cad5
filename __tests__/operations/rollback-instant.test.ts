import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { check } from '../../src/operations/check.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import { createStandInCli } from '../../src/rehearsal/vercel/stand-in-cli.ts'
import type { EventOf } from '../../src/rollout/events.ts'
import type { DeployRequest } from '../../src/rollout/ports.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { createVercel } from '../../src/vercel/vercel.ts'
import {
  advance,
  coordinator,
  HOUR_MS,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

/** The old deployment comes back first and at once, or it is told why it does not. */

let outside: Outside
afterEach(() => outside.close())

const OFF = { FEATURE: 'false', LIMIT: '0' }
const SHA = 'a3f1c9d2b8e7460512345678901234567890abcd'

const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
const goBack = (more: Partial<World> = {}) =>
  rollback(outside.process({ more }), 'customers complain')
const look = () => check(outside.process(), { wokenBy: 'cron' })

async function open(edit = productionOnly, events = telemetry()): Promise<void> {
  outside = await openOutside({ edit, events })
}

async function eventsOf<K extends 'rollback-requested' | 'rollback-step'>(
  kind: K
): Promise<readonly EventOf<K>[]> {
  const events = await outside.events()
  return events.filter((event): event is EventOf<K> => event.kind === kind)
}

async function expectOff(target = 'production', newOnes = 'served'): Promise<void> {
  const { simulator } = outside
  const { FEATURE, LIMIT } = simulator.live(target)?.env ?? {}
  expect({ FEATURE, LIMIT }).toEqual(OFF)
  expect(simulator.valueOf(target, 'FEATURE')).toBe('false')
  if (target === 'production') {
    expect(await outside.process().deployer.traffic('production')).toMatchObject({ newOnes })
  }
  expect(simulator.violations).toEqual([])
}

const stepsOf = async () => (await eventsOf('rollback-step')).map(({ step }) => step)

/** A process whose requests are counted: each group of them that runs side by side is one round. */
function counting() {
  const { simulator, clock, secrets } = outside
  const { teamId, projectId, projectName } = simulator.identity
  const account = { apiUrl: simulator.url, token: secrets[0] ?? '', teamId, projectId }
  const rounds: string[][] = []
  let running = 0
  let back: number | undefined
  const vercel = createVercel({
    ...account,
    cwd: '.',
    configFolder: '.cli',
    baseEnv: {},
    clock,
    log: { info: () => undefined, warning: () => undefined },
    cli: createStandInCli({ ...account, projectName }),
    fetch: async (input, init) => {
      const line = `${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`
      if (running === 0) rounds.push([])
      rounds.at(-1)?.push(line)
      running += 1
      try {
        const response = await fetch(input, init)
        const asked = line === `GET /v9/projects/${projectId}`
        if (asked && simulator.live('production')?.id === 'dpl_1') back ??= rounds.length
        return response
      } finally {
        running -= 1
      }
    }
  })
  return { vercel, rounds, roundsUntilBack: () => back }
}

describe('from the decision until the old deployment is live', () => {
  const READING = ['GET /v13/deployments/dpl_1', 'GET /v3/env/pull/dpl_1', 'GET /v9/projects/prj_1']

  test('there are three requests one after the other, when a person decides', async () => {
    await open()
    await advance(outside)
    const { vercel, rounds, roundsUntilBack } = counting()
    await goBack(vercel)
    expect(roundsUntilBack()).toBe(3)
    expect(rounds.slice(0, 3).map(round => round.toSorted())).toEqual([
      READING,
      ['POST /v9/projects/prj_1/rollback/dpl_1'],
      ['GET /v9/projects/prj_1']
    ])
    await expectOff()
  })

  test('there are three after the intent, when a look decides', async () => {
    await open(productionOnly, [...telemetry(), coordinator('circuit_open', START_MS + MINUTE_MS)])
    await advance(outside)
    await at(10)
    const { vercel, rounds, roundsUntilBack } = counting()
    const world = outside.process({ more: vercel })
    let looked = 0
    const append: World['ledger']['append'] = entry => {
      if (entry.events.some(({ kind }) => kind === 'rollback-requested')) looked = rounds.length
      return world.ledger.append(entry)
    }
    await check({ ...world, ledger: { ...world.ledger, append } }, { wokenBy: 'cron' })
    expect((roundsUntilBack() ?? 0) - looked).toBe(3)
    expect(rounds.slice(looked, looked + 1)[0]?.toSorted()).toEqual(READING)
    await expectOff()
  })
})

describe('the old deployment is left alone, and everything else is done', () => {
  const unfit: readonly {
    readonly what: string
    readonly before?: () => void
    readonly during?: () => void
    readonly why: string
  }[] = [
    {
      what: 'when it was deleted',
      during: () => outside.simulator.deleteByHand('dpl_1'),
      why: 'dpl_1 was deleted'
    },
    {
      what: 'when it was made with the feature on itself',
      before: () => {
        outside.simulator.setFlagByHand('production', 'FEATURE', 'true')
        outside.simulator.deployByHand('production')
      },
      why: 'dpl_3 was made with other flags itself: FEATURE'
    }
  ]

  test.each(unfit)('$what', async ({ before, during, why }) => {
    await open()
    before?.()
    await advance(outside)
    during?.()
    expect((await goBack()).status).toBe('rolling-back')
    expect(await stepsOf()).toEqual(['unfit', 'flags-off', 'redeployed'])
    const message = `the old deployment is not made live again: ${why}`
    expect((await eventsOf('rollback-step'))[0]?.message).toBe(message)
    expect(outside.lines).toContain(`warning rollback: ${message}`)
    expect(outside.simulator.requests.map(({ path }) => path).join()).not.toContain('/rollback/')
    await expectOff()
    await at(40)
    expect((await look()).state.status).toBe('rolled-back')
  })

  test('and what a person is told to type does not lead back to it', async () => {
    await open()
    await advance(outside)
    outside.simulator.deleteByHand('dpl_1')
    outside.simulator.failNextBuild('out of memory')
    await expect(goBack()).rejects.toMatchObject({ code: 'deploy_failed' })
    const { body } = outside.people.announcements.at(-1) ?? { body: '' }
    expect(body).toContain('vercel deploy --prod')
    expect(body).not.toContain('vercel rollback')
  })

  test.each([402, 422] as const)(
    'when the Hobby plan refuses it with %i, which is told',
    async hobbyRefusal => {
      await open()
      await advance(outside)
      const { switches, simulator } = { ...outside, switches: outside.simulator.switches }
      switches.plan = 'hobby'
      switches.hobbyRefusal = hobbyRefusal
      simulator.deployByHand('production')
      await goBack()
      expect(await stepsOf()).toEqual(['not-reinstated', 'flags-off', 'redeployed'])
      expect((await eventsOf('rollback-step'))[0]?.message).toContain(
        'On Hobby only the previous production deployment can be rolled back to'
      )
      expect(outside.people.announcements.at(-1)?.body).toContain('On Hobby only')
      await expectOff()
    }
  )
})

describe('an answer that proves nothing', () => {
  test.each(['failed', 'skipped', 'elsewhere'] as const)(
    'T10: a rollback that ends as "%s" is told, and the slower steps do the job',
    async outcome => {
      await open()
      await advance(outside)
      outside.simulator.weather.nextAliasJob = outcome
      const before = outside.clock.now()
      await goBack()
      expect(await stepsOf()).toEqual(['not-reinstated', 'flags-off', 'redeployed'])
      // It is not waited for.
      expect(outside.clock.now() - before).toBeLessThan(30_000)
      // Somebody else's rollback leaves what it leaves, and that is told.
      await expectOff('production', outcome === 'elsewhere' ? 'rolled-back' : 'served')
      const told = outside.lines.join('\n').includes('stay staged until one is promoted')
      expect(told).toBe(outcome === 'elsewhere')
    }
  )

  test('T10: production itself is asked, also where the project tells nothing of the last move', async () => {
    await open()
    await advance(outside)
    outside.simulator.switches.showsLastMove = false
    await goBack()
    expect(await stepsOf()).toEqual(['reinstated', 'flags-off', 'redeployed'])
    outside.simulator.switches.showsLastMove = true
    await expectOff()
  })

  test('T15: the clean deployment is promoted, whatever of the rollback the settings show', async () => {
    await open()
    await advance(outside)
    outside.simulator.switches.rollbackShowsInSetting = true
    await goBack()
    await expectOff()
    const newer = outside.simulator.deployByHand('production')
    expect(outside.simulator.live('production')?.id).toBe(newer.id)
  })

  test('a rollback that takes for ever is given up after a minute', async () => {
    await open()
    await advance(outside)
    outside.simulator.weather.aliasMs = Number.POSITIVE_INFINITY
    const before = outside.clock.now()
    await goBack().catch(() => undefined)
    const step = (await eventsOf('rollback-step'))[0]
    expect(step?.step).toBe('not-reinstated')
    expect(Date.parse(step?.at ?? '') - before).toBeLessThan(65_000)
  })

  test('a provider that does not tell of the old deployment keeps nobody waiting', async () => {
    await open()
    await advance(outside)
    const { faults } = outside.simulator
    const busy = { kind: 'answer', status: 429, headers: { 'retry-after': '30' } } as const
    faults.inject({ path: /env\/pull|deployments\/dpl_1$/u, times: 99, effect: busy })
    const before = outside.clock.now()
    await goBack()
    const [step] = await eventsOf('rollback-step')
    expect(step).toMatchObject({ step: 'reinstated', at: new Date(before).toISOString() })
    faults.clear()
    await expectOff()
  })

  test('nobody may see what deployments are made with: the old one is trusted, the flags are read back', async () => {
    await open()
    await advance(outside)
    outside.simulator.switches.envPull = 'forbidden'
    await goBack()
    expect(await stepsOf()).toEqual(['reinstated', 'flags-off', 'redeployed'])
    await expectOff()
  })
})

describe('a release in stages', () => {
  const completing = (text: string) =>
    productionOnly(text).replace(
      'production: { keys: production, deploy: cli }',
      'production: { keys: production, deploy: cli, rolling_release: complete }'
    )
  const STAGES = { enabled: true, stages: [{ targetPercentage: 10 }, { targetPercentage: 100 }] }

  test('T14: that somebody has under way is ended by the instant rollback', async () => {
    await open(completing)
    await advance(outside)
    const { simulator } = outside
    simulator.switches.rollingRelease = STAGES
    const { id } = simulator.deployByHand('production')
    expect(simulator.rollingRelease()).toMatchObject({ canary: id, state: 'ACTIVE' })
    await goBack()
    expect(await stepsOf()).toEqual(['reinstated', 'flags-off', 'redeployed'])
    expect(simulator.rollingRelease()?.state).not.toBe('ACTIVE')
    await expectOff()
  })

  test('T14: of a deployment beside the old one, which serves most visitors already, is ended too', async () => {
    await open(completing)
    await advance(outside)
    const { simulator } = outside
    simulator.rollBackByHand('dpl_1')
    simulator.switches.rollingRelease = STAGES
    simulator.promoteByHand('dpl_3')
    expect(simulator.rollingRelease()).toMatchObject({ canary: 'dpl_3', current: 'dpl_1' })
    const ended: unknown[] = []
    const world = outside.process()
    const write: World['flags']['write'] = change => {
      ended.push(simulator.rollingRelease()?.state)
      return world.flags.write(change)
    }
    await rollback({ ...world, flags: { ...world.flags, write } }, 'now')
    expect(ended).toEqual(['ABORTED'])
    await expectOff()
  })
})

describe('the code of the clean deployment', () => {
  async function likeOf(more: Partial<World['deployer']> = {}): Promise<string | undefined> {
    const world = outside.process()
    const asked: DeployRequest[] = []
    const deployer: World['deployer'] = {
      ...world.deployer,
      ...more,
      deploy: request => {
        asked.push(request)
        return world.deployer.deploy(request)
      }
    }
    await rollback({ ...world, deployer }, 'customers complain')
    return asked[0]?.like
  }

  test('is what served when the rollback was wanted, though the old deployment came back first', async () => {
    await open()
    await advance(outside)
    const { id } = outside.simulator.deployCommitByHand('production', SHA)
    expect(await likeOf()).toBe(id)
    expect((await eventsOf('rollback-requested'))[0]).toMatchObject({ served: id })
    await expectOff()
  })

  test('is remembered by whoever goes on after a failure', async () => {
    await open()
    await advance(outside)
    const { id } = outside.simulator.deployCommitByHand('production', SHA)
    outside.simulator.failNextBuild('out of memory')
    await expect(goBack()).rejects.toThrow()
    expect(outside.simulator.live('production')?.id).toBe('dpl_1')
    expect(await likeOf()).toBe(id)
  })

  test('is what a red look found live', async () => {
    await open(productionOnly, [...telemetry(), coordinator('circuit_open', START_MS + MINUTE_MS)])
    await advance(outside)
    const { id } = outside.simulator.deployCommitByHand('production', SHA)
    await at(10)
    await look()
    expect((await eventsOf('rollback-requested'))[0]).toMatchObject({ served: id })
  })

  test('is that of the phase where the provider does not tell what serves', async () => {
    await open((text: string) => text)
    await advance(outside)
    const { id } = outside.simulator.live('preview') ?? {}
    const traffic = () => Promise.reject(new ProviderError('down', 'Vercel is down', 'wait'))
    expect(await likeOf({ traffic })).toBe(id)
    expect((await eventsOf('rollback-requested'))[0]).not.toHaveProperty('served')
    await expectOff('preview')
  })
})

describe('elsewhere than on production', () => {
  beforeEach(() => open((text: string) => text))

  test('there is no old deployment to point back at: flags, then a fresh deployment of the same code', async () => {
    await advance(outside)
    const served = outside.simulator.live('preview')?.id
    await goBack()
    expect(await stepsOf()).toEqual(['flags-off', 'redeployed'])
    expect((await eventsOf('rollback-requested'))[0]).toMatchObject({ target: 'preview', served })
    await expectOff('preview')
  })

  test('a rollback of production leaves the flags of preview as its phase left them', async () => {
    await advance(outside)
    await at(HOUR_MS / MINUTE_MS + 5)
    await look()
    await advance(outside)
    await goBack()
    await expectOff()
    expect(outside.simulator.valueOf('preview', 'FEATURE')).toBe('true')
    expect((await outside.events()).map(nameOf)).toContain('rollback-requested live')
  })
})
