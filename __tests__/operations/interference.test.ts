import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { next } from '../../src/operations/next.ts'
import { plan } from '../../src/operations/plan.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import { createBrake, createBrakeAt, type Stop } from './brake.ts'
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

const quiet = telemetry()
const broken = [...quiet, coordinator('circuit_open', START_MS + 3 * MINUTE_MS)]
let outside: Outside

afterEach(() => outside.close())

const woken = { wokenBy: 'test' }
const OFF = { FEATURE: 'false', LIMIT: '0' }

async function namesOf(): Promise<readonly string[]> {
  return (await outside.events()).map(nameOf)
}

async function countOf(kind: string): Promise<number> {
  return (await outside.events()).filter(event => event.kind === kind).length
}

/** Flags and live deployment as after a rollback, one rollback in the ledger. */
async function expectRolledBack(target: string): Promise<void> {
  const { simulator } = outside
  expect(await countOf('rollback-requested')).toBe(1)
  expect(['rolling-back', 'rolled-back']).toContain((await outside.state()).status)
  expect({
    FEATURE: simulator.valueOf(target, 'FEATURE'),
    LIMIT: simulator.valueOf(target, 'LIMIT')
  }).toEqual(OFF)
  expect(simulator.live(target)?.env).toEqual(OFF)
  const building = simulator.deploymentsOf(target).filter(d => d.readyState === 'BUILDING')
  expect(building).toEqual([])
  expect(simulator.violations).toEqual([])
}

describe.each([
  { target: 'preview', edit: (text: string) => text, from: 3, to: 8, flags: [3, 4, 5] },
  // Its plan was another step of the run.
  { target: 'production', edit: productionOnly, from: 2, to: 7, flags: [2, 3, 4] }
])('a rollback while apply works on $target', ({ target, edit, from, to, flags }) => {
  const run = 'forward-1'

  beforeEach(async () => {
    outside = await openOutside({ events: quiet, edit })
    if (target === 'production') await brief(outside, run)
  })

  const stops: readonly Stop[] = Array.from({ length: to - from + 1 }, (_, i) => i + from).flatMap(
    n => [
      { n, when: 'before' as const },
      { n, when: 'after' as const }
    ]
  )

  test.each(stops)(
    `stopped at effect $n, $when it, and going on when the rollback is complete (${stops.length} cases)`,
    async stop => {
      const brake = createBrake(stop)
      const forward = apply(outside.process({ brake, run }), go).catch(error => error)
      await brake.stopped
      await rollback(outside.process(), 'customers complain')
      brake.release()
      await forward
      await expectRolledBack(target)
    }
  )

  test.each(flags)(
    'a flag (effect %i) that arrives just before the clean deployment does not survive in it',
    async n => {
      const forwardBrake = createBrake({ n, when: 'before' })
      const forward = apply(outside.process({ brake: forwardBrake, run }), go).catch(e => e)
      await forwardBrake.stopped
      const back = createBrakeAt('vercel deploy', 'before')
      const backward = rollback(outside.process({ brake: back }), 'now').catch(e => e)
      await back.stopped
      forwardBrake.release()
      await forward
      back.release()
      await backward
      await check(outside.process(), woken)
      await expectRolledBack(target)
    }
  )
})

describe('a rollback while a gate waits', () => {
  test('undoes the phase that is in force, not the one that is only planned', async () => {
    outside = await openOutside({ events: quiet })
    await apply(outside.process(), go)
    await outside.clock.advanceTo(START_MS + HOUR_MS + 10 * MINUTE_MS)
    const { state } = await check(outside.process(), woken)
    expect(state.phases[0]?.status).toBe('promoted')
    const planned = await plan(outside.process(), go)
    expect(planned.kind === 'phase' && planned.phase.name).toBe('live')
    await rollback(outside.process(), 'customers complain')
    expect(await namesOf()).toContain('rollback-requested stage')
    await expectRolledBack('preview')
  })
})

describe('a rollback while an approval is asked for', () => {
  test('wins: what was approved meanwhile is not begun', async () => {
    outside = await openOutside({ events: quiet })
    await apply(outside.process(), go)
    await outside.clock.advanceTo(START_MS + HOUR_MS + 10 * MINUTE_MS)
    await check(outside.process(), woken)
    const run = 'gated-1'
    await brief(outside, run)
    await rollback(outside.process(), 'customers complain')
    await expect(apply(outside.process({ run }), go)).rejects.toMatchObject({
      code: 'rolling_back'
    })
    await expectRolledBack('preview')
    expect(outside.simulator.live('production')?.env).toEqual(OFF)
  })
})

describe('two rollbacks at once', () => {
  test.each(['preview', 'production'])('of %s: one request, one end, told once', async target => {
    const edit = target === 'production' ? productionOnly : (text: string) => text
    outside = await openOutside({ events: quiet, edit })
    await advance(outside)
    const both = ['ann', 'bob'].map(by => rollback(outside.process({ by }), 'customers complain'))
    await Promise.all(both)
    await expectRolledBack(target)
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['rolled-back'])
  })
})

describe('a freeze', () => {
  const frozen = (text: string) =>
    productionOnly(text).replace(
      'blind:',
      'freeze: [{ from: "2026-03-02 10:00", to: "2026-03-04 10:00", why: stocktaking }]\nblind:'
    )

  test('holds up no rollback, whoever asks for it', async () => {
    outside = await openOutside({ events: quiet, edit: frozen })
    await advance(outside)
    await outside.clock.advanceTo(START_MS + 2 * HOUR_MS)
    await rollback(outside.process(), 'customers complain')
    await expectRolledBack('production')
  })

  test('holds up what moves forward, before anything is asked or written', async () => {
    outside = await openOutside({ events: quiet, edit: frozen })
    await outside.clock.advanceTo(START_MS + 2 * HOUR_MS)
    const { requests } = outside.simulator
    const before = requests.length
    for (const work of [next, plan, apply]) {
      await expect(work(outside.process(), go)).rejects.toMatchObject({
        code: 'frozen',
        message: expect.stringContaining('stocktaking')
      })
    }
    expect(await namesOf()).toEqual([])
    expect(requests.length).toBe(before)
  })
})

describe('two looks at the same instant', () => {
  async function soaking(events: readonly StoredEvent[], minutes: number): Promise<void> {
    outside = await openOutside({ events })
    await apply(outside.process(), go)
    await outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
  }

  /** Side by side; and the one held before its entry until the other has finished. */
  const orders: readonly {
    readonly how: string
    readonly both: (look: (world: World) => Promise<unknown>) => Promise<unknown>
  }[] = [
    {
      how: 'side by side',
      both: look => Promise.all([look(outside.process()), look(outside.process())])
    },
    {
      how: 'one overtaken at its entry',
      both: async look => {
        const brake = createBrake({ n: 1, when: 'before' })
        const slow = look(outside.process({ brake }))
        await brake.stopped
        await look(outside.process())
        brake.release()
        await slow
      }
    },
    {
      how: 'one overtaken before it hears that it is recorded',
      both: async look => {
        const brake = createBrake({ n: 1, when: 'after' })
        const slow = look(outside.process({ brake }))
        await brake.stopped
        await look(outside.process())
        brake.release()
        await slow
      }
    }
  ]

  test.each(orders)('a checkpoint is recorded once ($how)', async ({ both }) => {
    await soaking(quiet, 31)
    await both(world => check(world, woken))
    const names = await namesOf()
    expect(names.filter(name => name.includes('[T+30m]'))).toHaveLength(1)
    expect(names).toHaveLength(6)
  })

  test.each(orders)('a phase is promoted once, and told once ($how)', async ({ both }) => {
    await soaking(quiet, 70)
    await both(world => check(world, woken))
    expect((await namesOf()).filter(name => name.includes('promote'))).toHaveLength(1)
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['promoted'])
  })

  test.each(orders)('a red look rolls back once, and tells it once ($how)', async ({ both }) => {
    await soaking(broken, 31)
    await both(world => check(world, woken))
    await expectRolledBack('preview')
    expect((await namesOf()).filter(name => name.includes('any-red'))).toHaveLength(1)
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['rolled-back'])
  })

  test.each(orders)('a drifted flag holds once, and tells it once ($how)', async ({ both }) => {
    await soaking(quiet, 31)
    outside.simulator.setFlagByHand('preview', 'FEATURE', 'false')
    await both(world => check(world, woken))
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['held'])
    expect((await outside.state()).hold?.cause).toBe('integrity')
  })
})

describe.each([
  { sees: 'nothing wrong', events: quiet },
  { sees: 'red', events: broken }
])('a rollback while a look that sees $sees runs', ({ events }) => {
  beforeEach(async () => {
    outside = await openOutside({ events })
    await apply(outside.process(), go)
    await outside.clock.advanceTo(START_MS + 31 * MINUTE_MS)
  })

  test('comes before its entry: the look is of the past and leaves nothing', async () => {
    const brake = createBrake({ n: 1, when: 'before' })
    const look = check(outside.process({ brake }), woken)
    await brake.stopped
    await rollback(outside.process(), 'customers complain')
    const before = await namesOf()
    brake.release()
    expect((await look).look).toBeUndefined()
    expect(await namesOf()).toEqual(before)
    await expectRolledBack('preview')
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['rolled-back'])
  })

  test('comes after its entry: one rollback, whoever carried it out', async () => {
    const brake = createBrake({ n: 1, when: 'after' })
    const look = check(outside.process({ brake }), woken)
    await brake.stopped
    await rollback(outside.process(), 'customers complain')
    brake.release()
    await look
    await expectRolledBack('preview')
    expect(await countOf('rollback-step')).toBe(2)
  })

  test('side by side with it: one consistent ledger', async () => {
    await Promise.all([
      check(outside.process(), woken),
      rollback(outside.process(), 'customers complain')
    ])
    await check(outside.process(), woken)
    await expectRolledBack('preview')
  })
})

describe('two applications of one phase', () => {
  let alone: { readonly events: readonly string[] }

  beforeAll(async () => {
    outside = await openOutside({ events: quiet })
    await apply(outside.process(), go)
    alone = await outside.fingerprint()
    await outside.close()
  })
  beforeEach(async () => {
    outside = await openOutside({ events: quiet })
  })

  test('side by side: one intent, one deployment, and the other is told', async () => {
    const both = await Promise.allSettled([
      apply(outside.process(), go),
      apply(outside.process(), go)
    ])
    const told = both.flatMap(one => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(told).toEqual(['overtaken'])
    expect(await outside.fingerprint()).toEqual(alone)
  })

  test.each(Array.from({ length: 8 }, (_, i) => i + 1))(
    'one stopped before effect %i, the other taking over, and the first going on',
    async n => {
      const brake = createBrake({ n, when: 'before' })
      const slow = apply(outside.process({ brake }), go).catch(error => error)
      await brake.stopped
      await apply(outside.process(), go)
      brake.release()
      await slow
      expect({ ...(await outside.fingerprint()), made: undefined }).toEqual({
        ...alone,
        made: undefined
      })
      await outside.clock.advanceTo(START_MS + 20 * MINUTE_MS)
      const { look } = await check(outside.process(), woken)
      expect(look?.decision).toBe('continue')
    }
  )
})
