import { afterEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type { EventOf } from '../../src/rollout/events.ts'
import type { Prober } from '../../src/rollout/ports.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import {
  advance,
  coordinator,
  go,
  HOUR_MS,
  MINUTE_MS,
  nameOf,
  type Outside,
  type OutsideOptions,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

let outside: Outside

afterEach(() => outside.close())

const PROBE = 'probe: { path: /api/health, contains: \'"FEATURE":"true"\' }'
const EXPOSURE = 'exposure: { metric: exposure, parameters: { mode: shadow }, min_units: 2 }'

/** The two phases, of which the one on preview has to show that effect. */
const withEffect =
  (...parts: readonly string[]) =>
  (text: string): string =>
    text.replace(
      '- name: stage\n',
      `- name: stage\n    effect: { ${parts.join(', ')}, deadline: 10m }\n`
    )

const open = (parts: readonly string[], options: OutsideOptions = {}) =>
  openOutside({ edit: withEffect(...parts), ...options })

const start = (minutes: number, mode: string): StoredEvent => ({
  ...coordinator('start', START_MS + minutes * MINUTE_MS),
  context: { mode }
})

const names = async () => (await outside.events()).map(nameOf)
const applied = async () =>
  (await outside.events()).find(
    (event): event is EventOf<'phase-applied'> => event.kind === 'phase-applied'
  )
const failureOf = (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: 'nothing', message: '' }),
    error => error
  )

const UNAVAILABLE = { kind: 'answer', status: 503, body: {} } as const
const BEFORE = { FEATURE: 'false', LIMIT: '0' }
const AFTER = { FEATURE: 'true', LIMIT: '3' }

function expectPutBack(target = 'preview'): void {
  const { simulator } = outside
  for (const [flag, value] of Object.entries(BEFORE)) {
    expect(simulator.valueOf(target, flag)).toBe(value)
  }
  expect(simulator.live(target)?.env).toEqual(BEFORE)
  expect(simulator.violations).toEqual([])
}

function failProbes(times: number): void {
  outside.simulator.faults.inject({
    method: 'GET',
    path: /^\/__edge\//u,
    effect: UNAVAILABLE,
    times
  })
}

/** Lines about what was not proven yet. */
const waits = () => outside.lines.filter(line => line.includes('not proven yet'))

describe('what is always proven', () => {
  test('is the deployment that serves, and the flags it was made with', async () => {
    outside = await openOutside()
    await advance(outside)
    const id = outside.simulator.live('preview')?.id
    expect((await applied())?.effect).toEqual([
      { part: 'deployment', proven: true, message: `preview serves ${id}, which is ready` },
      {
        part: 'flags',
        proven: true,
        message: 'the deployment was made with all 2 flags as they were set'
      }
    ])
    expect((await outside.state()).phases[0]?.effect).toHaveLength(2)
  })

  test.each(['forbidden', 'missing'] as const)(
    'is told not to be when the token may not see the flags (%s), and the phase is applied',
    async envPull => {
      outside = await openOutside()
      outside.simulator.switches.envPull = envPull
      await advance(outside)
      expect((await applied())?.effect?.[1]).toEqual({
        part: 'flags',
        proven: false,
        message:
          'this token may not see what a deployment was made with; the flags were read back from the project'
      })
    }
  )

  test.each([
    { target: 'preview', edit: (text: string) => text },
    { target: 'production', edit: productionOnly }
  ])('puts $target back at once when its deployment has other flags', async ({ target, edit }) => {
    outside = await openOutside({ edit })
    const world = outside.process({ run: 'planned-1' })
    const deployer = {
      ...world.deployer,
      flagsIn: async () => ({ FEATURE: 'anothersecret', LIMIT: '4' })
    }
    const failure = await failureOf(advance(outside, { more: { deployer } }))
    expect(failure.code).toBe('effect_unproven')
    expect(failure.message).toMatch(/made with other flags: FEATURE/u)
    expect(failure.message).not.toContain('anothersecret')
    expect(outside.clock.now() - START_MS).toBeLessThan(MINUTE_MS)
    expectPutBack(target)
    expect((await names()).at(-1)).toMatch(/^phase-failed/u)
  })
})

describe('a probe', () => {
  test('is proven at the deployment of a preview', async () => {
    outside = await open([PROBE])
    await advance(outside)
    const { url } = outside.simulator.live('preview') ?? {}
    expect((await applied())?.effect?.[2]).toEqual({
      part: 'probe',
      proven: true,
      message: `GET /api/health at ${url} answered 200 and holds "\\"FEATURE\\":\\"true\\""`
    })
    expect(waits()).toEqual([])
  })

  test('is proven at a domain of production', async () => {
    const edit = (text: string) =>
      productionOnly(text).replace('- name: live\n', `- name: live\n    effect: { ${PROBE} }\n`)
    outside = await openOutside({ edit })
    await advance(outside)
    expect((await applied())?.effect?.[2]?.message).toMatch(
      /^GET \/api\/health at shop\.vercel\.app answered 200/u
    )
  })

  test('that fails at first is asked again, and told once', async () => {
    outside = await open([PROBE])
    failProbes(4)
    await advance(outside)
    expect((await applied())?.effect?.map(({ proven }) => proven)).toEqual([true, true, true])
    expect(waits()).toHaveLength(1)
    expect(waits()[0]).toContain('answered 503, wanted 200')
  })

  test('that never succeeds puts everything back at the deadline', async () => {
    outside = await open([PROBE])
    failProbes(1000)
    const failure = await failureOf(advance(outside))
    expect(failure.code).toBe('effect_unproven')
    expect(failure.message).toMatch(
      /^stage is not proven within 10m: probe: GET \/api\/health at \S+ answered 503, wanted 200$/u
    )
    expect(waits()).toHaveLength(1)
    expectPutBack()
    const waited = outside.clock.now() - START_MS
    expect(waited).toBeGreaterThanOrEqual(10 * MINUTE_MS)
    expect(waited).toBeLessThan(12 * MINUTE_MS)
    expect(outside.people.announcements.at(-1)).toMatchObject({ kind: 'failed' })

    outside.simulator.faults.clear()
    await advance(outside)
    expect(outside.simulator.live('preview')?.env).toEqual(AFTER)
  })

  test('whose undo one flag withstands puts every other one back, and says which is left', async () => {
    outside = await open([PROBE])
    const { simulator } = outside
    let doubled = false
    const prober: Prober = {
      probe: () => {
        if (!doubled) simulator.plantRecord({ key: 'LIMIT', value: '9', target: ['preview'] })
        doubled = true
        throw new ProviderError('probe_unanswered', 'no answer', 'wait')
      }
    }
    expect((await failureOf(advance(outside, { more: { prober } }))).code).toBe('effect_unproven')
    expect(simulator.live('preview')?.env).toMatchObject({ FEATURE: 'false' })
    expect((await names()).at(-1)).toMatch(/^phase-failed/u)
    expect(outside.people.announcements.at(-1)?.body).toContain(
      'preview is as it was but for LIMIT: set that back by hand first'
    )
  })

  test('that meets the protection says which secret is missing, without waiting', async () => {
    outside = await open([PROBE])
    outside.simulator.switches.protection = 'bypass'
    const { message } = await failureOf(advance(outside))
    expect(message).toContain('VERCEL_AUTOMATION_BYPASS_SECRET')
    expect(outside.clock.now() - START_MS).toBeLessThan(MINUTE_MS)
    expectPutBack()
  })
})

describe('an exposure', () => {
  const eager = [...telemetry(), start(2, 'shadow'), start(3, 'shadow')]

  test('is proven once enough bookings were begun in the mode of the phase', async () => {
    outside = await open([EXPOSURE], { events: eager })
    await advance(outside)
    const event = await applied()
    expect(event?.effect?.[2]).toEqual({
      part: 'exposure',
      proven: true,
      message: 'exposure (mode shadow): 2 of 2 units, wanted at least 95%'
    })
    expect(waits()).toEqual([
      'info stage: not proven yet: exposure: exposure (mode shadow): no unit yet, at least 2 must be there'
    ])
    // What happened while it was being proven is part of the soak.
    expect(Date.parse(event?.since ?? '') - START_MS).toBeLessThan(MINUTE_MS)
  })

  test.each<[string, readonly StoredEvent[], string]>([
    [
      'without traffic',
      [start(-5, 'shadow')],
      'exposure (mode shadow): no unit yet, at least 2 must be there'
    ],
    [
      'of another mode',
      [start(2, 'active'), start(3, 'active'), start(4, 'shadow')],
      'exposure (mode shadow): 1 of 3 units, wanted at least 95%'
    ]
  ])('%s puts everything back at the deadline', async (_, events, why) => {
    outside = await open([EXPOSURE], { events: [...telemetry(), ...events] })
    const failure = await failureOf(advance(outside))
    expect(failure).toMatchObject({
      code: 'effect_unproven',
      message: `stage is not proven within 10m: exposure: ${why}`
    })
    expectPutBack()
  })

  test('names every part that is missing', async () => {
    outside = await open([PROBE, EXPOSURE])
    failProbes(1000)
    const { message } = await failureOf(advance(outside))
    expect(message).toMatch(/probe: GET .* wanted 200; exposure: .* no unit yet/u)
    expectPutBack()
  })
})

/** A prober that does something when it is asked for the first time, and is not answered. */
function troubled(trouble: () => Promise<unknown>): Prober {
  let asked = 0
  return {
    probe: async () => {
      asked += 1
      if (asked === 1) await trouble()
      throw new ProviderError('probe_unanswered', 'no answer: ECONNREFUSED', 'Try again.')
    }
  }
}

/** Applies as a process that is killed while the phase is being proven. */
async function standStill(): Promise<void> {
  await new Promise<void>(resolve => {
    const prober = troubled(() => {
      resolve()
      return new Promise(() => undefined)
    })
    advance(outside, { more: { prober } }).catch(() => undefined)
  })
}

describe('while it is being proven', () => {
  test('a rollback supersedes it, and what it had done is undone', async () => {
    outside = await open([PROBE])
    const prober = troubled(() => rollback(outside.process({ by: 'bea' }), 'enough'))
    expect(await advance(outside, { more: { prober } })).toMatchObject({ kind: 'superseded' })
    expect(await names()).not.toContain('phase-applied stage')
    expectPutBack()
  })

  test('a hold neither stops it nor keeps it from being put back', async () => {
    outside = await open([PROBE])
    const prober = troubled(() => hold(outside.process({ by: 'bea' }), 'wait'))
    expect(await failureOf(advance(outside, { more: { prober } }))).toMatchObject({
      code: 'effect_unproven'
    })
    expectPutBack()
  })

  test('a check leaves it to whoever is at it, and it is not live before it is proven', async () => {
    outside = await open([PROBE])
    failProbes(1)
    let seen: readonly string[] = []
    const prober = troubled(async () => {
      await check(outside.process(), { wokenBy: 'cron' })
      seen = await names()
    })
    await failureOf(advance(outside, { more: { prober } }))
    expect(seen.at(-1)).toBe('phase-applying stage')
  })

  test('killed, it is proven again by the run that takes it up', async () => {
    outside = await open([PROBE])
    await standStill()
    const made = outside.simulator.live('preview')?.id
    await apply(outside.process(), go)
    expect((await applied())?.effect?.map(({ part, proven }) => [part, proven])).toEqual([
      ['deployment', true],
      ['flags', true],
      ['probe', true]
    ])
    expect(outside.simulator.live('preview')?.id).toBe(made)
  })

  test('killed and taken up by nobody, it is held with the reason', async () => {
    outside = await open([PROBE])
    await standStill()
    await outside.clock.sleep(HOUR_MS)
    const { state } = await check(outside.process(), { wokenBy: 'cron' })
    expect(state.hold?.reason).toBe(
      'stage was begun 1h 5s ago and is not proven, though it serves preview: resume and apply it again, or roll it back'
    )
  })
})

test('staged production is proven at its own address before anybody sees it', async () => {
  const edit = (text: string) =>
    productionOnly(text)
      .replace('keys: production,', 'keys: production, staged: true,')
      .replace('- name: live\n', `- name: live\n    effect: { ${PROBE} }\n`)
  outside = await openOutside({ edit })
  const before = outside.simulator.live('production')?.id
  failProbes(1000)
  expect(await failureOf(advance(outside))).toMatchObject({ code: 'effect_unproven' })
  expect(outside.simulator.live('production')?.id).toBe(before)
  expectPutBack('production')

  outside.simulator.faults.clear()
  await advance(outside)
  expect(outside.simulator.live('production')?.env).toMatchObject({ FEATURE: 'true' })
})
