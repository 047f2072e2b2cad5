import { beforeAll, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { graduate } from '../../src/operations/graduate.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import { createBrake, type Stop } from './brake.ts'
import {
  advance,
  brief,
  coordinator,
  go,
  graduating,
  HOUR_MS,
  MINUTE_MS,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

/** One operation, the world it is run in, and every side effect of an undisturbed run. */
interface Scenario {
  readonly name: string
  readonly rows: readonly StoredEvent[]
  readonly edit?: (text: string) => string
  /** The run that every process is of. */
  readonly as?: string
  readonly prepare: (outside: Outside) => Promise<unknown>
  readonly run: (world: World) => Promise<unknown>
  /** Time that passes before it is run again. */
  readonly againAfterMs?: number
  readonly effects: readonly string[]
}

const quiet = telemetry()
const broken = [...quiet, coordinator('circuit_open', START_MS + 3 * MINUTE_MS)]

const FLAGS_OFF = [
  'PATCH /v9/projects/prj_1/env/env_1',
  'PATCH /v9/projects/prj_1/env/env_4',
  'ledger: two-phases#1: flags of production off and read back'
]

const ROLLBACK_OF_PRODUCTION = [
  'POST /v9/projects/prj_1/rollback/dpl_1',
  'ledger: two-phases#1: production serves dpl_1 again',
  ...FLAGS_OFF,
  'vercel deploy',
  'POST /v10/projects/prj_1/promote/dpl_4',
  'ledger: two-phases#1: production serves dpl_4, made with the flags off'
]

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'apply of a phase on preview',
    rows: quiet,
    prepare: () => Promise.resolve(),
    run: world => apply(world, go),
    effects: [
      'ledger: two-phases#1: plan stage',
      'ledger: two-phases#1: apply stage',
      'PATCH /v9/projects/prj_1/env/env_2',
      'PATCH /v9/projects/prj_1/env/env_3',
      'POST /v10/projects/prj_1/env',
      'vercel deploy',
      'ledger: two-phases#1: stage is live',
      'ledger: two-phases#1: stage T+0: insufficient, continue'
    ]
  },
  {
    name: 'apply of a gated phase on production',
    rows: quiet,
    edit: productionOnly,
    prepare: outside => brief(outside, 'gated-1'),
    as: 'gated-1',
    run: world => apply(world, go),
    effects: [
      'ledger: two-phases#1: apply live',
      'PATCH /v9/projects/prj_1/env/env_1',
      'PATCH /v9/projects/prj_1/env/env_3',
      'POST /v10/projects/prj_1/env',
      'vercel deploy',
      'ledger: two-phases#1: live is live',
      'ledger: two-phases#1: live T+0: insufficient, continue'
    ]
  },
  {
    name: 'rollback of production',
    rows: quiet,
    edit: productionOnly,
    prepare: outside => advance(outside),
    run: world => rollback(world, 'customers complain'),
    effects: ['ledger: two-phases#1: roll back live', ...ROLLBACK_OF_PRODUCTION]
  },
  {
    name: 'rollback of production whose old deployment was deleted',
    rows: quiet,
    edit: productionOnly,
    prepare: async outside => {
      await advance(outside)
      outside.simulator.deleteByHand('dpl_1')
    },
    run: world => rollback(world, 'customers complain'),
    effects: [
      'ledger: two-phases#1: roll back live',
      'ledger: two-phases#1: the old deployment is not made live again',
      ...FLAGS_OFF,
      'vercel deploy',
      'ledger: two-phases#1: production serves dpl_4, made with the flags off'
    ]
  },
  {
    name: 'rollback of production to which the plan has no instant one',
    rows: quiet,
    edit: productionOnly,
    prepare: async outside => {
      await advance(outside)
      outside.simulator.switches.plan = 'hobby'
      outside.simulator.deployByHand('production')
    },
    run: world => rollback(world, 'customers complain'),
    effects: [
      'ledger: two-phases#1: roll back live',
      'POST /v9/projects/prj_1/rollback/dpl_1',
      'ledger: two-phases#1: the old deployment is not back yet',
      ...FLAGS_OFF,
      'vercel deploy',
      'ledger: two-phases#1: production serves dpl_5, made with the flags off'
    ]
  },
  {
    name: 'rollback of preview',
    rows: quiet,
    prepare: outside => advance(outside),
    run: world => rollback(world, 'customers complain'),
    effects: [
      'ledger: two-phases#1: roll back stage',
      'PATCH /v9/projects/prj_1/env/env_2',
      'PATCH /v9/projects/prj_1/env/env_4',
      'ledger: two-phases#1: flags of preview off and read back',
      'vercel deploy',
      'ledger: two-phases#1: preview serves dpl_4, made with the flags off'
    ]
  },
  {
    name: 'check that sees red on production',
    rows: broken,
    edit: productionOnly,
    prepare: async outside => {
      await advance(outside)
      await outside.clock.advanceTo(START_MS + 10 * MINUTE_MS)
    },
    run: world => check(world, { wokenBy: 'test' }),
    effects: ['ledger: two-phases#1: live T+9m-sentinel: red, rollback', ...ROLLBACK_OF_PRODUCTION]
  },
  {
    name: 'graduation',
    rows: quiet,
    edit: graduating,
    prepare: promoted,
    run: world => graduate(world, 'test'),
    effects: [
      'issue graduation two-phases#1',
      'proposal rollgate/two-phases-1',
      // Flags are given up at the same time, and before the last word: nobody comes back after it.
      'PATCH /v9/projects/prj_1/env/env_1',
      'PATCH /v9/projects/prj_1/env/env_4',
      'ledger: two-phases#1: graduated'
    ]
  },
  {
    name: 'check that promotes and sets the next phase going',
    rows: quiet,
    prepare: async outside => {
      await advance(outside)
      await outside.clock.advanceTo(START_MS + HOUR_MS + 5 * MINUTE_MS)
    },
    run: world => check(world, { wokenBy: 'test' }),
    // What somebody is setting going is left to them for a while.
    againAfterMs: 16 * MINUTE_MS,
    effects: [
      'ledger: two-phases#1: stage T+1h: pass, promote',
      'ledger: two-phases#1: advance live is being started',
      'dispatch rollout',
      'ledger: two-phases#1: advance live is started'
    ]
  }
]

/** Promoted at 12 h, and one day old: it may graduate, and nobody has set that going. */
async function promoted(outside: Outside): Promise<void> {
  await advance(outside)
  await outside.clock.advanceTo(START_MS + 12 * HOUR_MS + 5 * MINUTE_MS)
  await check(outside.process(), { wokenBy: 'test' })
  await outside.clock.advanceTo(START_MS + 37 * HOUR_MS)
}

async function open({ rows, edit, prepare }: Scenario): Promise<Outside> {
  const outside = await openOutside({ events: rows, ...(edit ? { edit } : {}) })
  await prepare(outside)
  return outside
}

describe.each(SCENARIOS)('$name', scenario => {
  const { effects } = scenario
  const as = scenario.as === undefined ? {} : { run: scenario.as }
  const stops: readonly Stop[] = effects.flatMap((_, index) => [
    { n: index + 1, when: 'before' },
    { n: index + 1, when: 'after' }
  ])
  let undisturbed: object

  beforeAll(async () => {
    const outside = await open(scenario)
    const brake = createBrake()
    await scenario.run(outside.process({ brake, ...as }))
    expect(brake.effects).toEqual(effects)
    undisturbed = await outside.fingerprint()
    await outside.close()
  })

  test('run twice, it ends in the same world', async () => {
    const outside = await open(scenario)
    await scenario.run(outside.process(as))
    const brake = createBrake()
    await scenario.run(outside.process({ brake, ...as }))
    expect(withoutWatch(await outside.fingerprint())).toEqual(undisturbed)
    expect(brake.effects.filter(effect => !effect.startsWith('ledger:'))).toEqual([])
    await outside.close()
  })

  test.each(stops)(
    `killed at effect $n of ${effects.length}, $when it (${stops.length} cases), and run again, it ends in the same world`,
    async stop => {
      const outside = await open(scenario)
      const brake = createBrake(stop)
      const victim = scenario.run(outside.process({ brake, ...as }))
      await Promise.race([brake.stopped, victim])
      await outside.clock.sleep(scenario.againAfterMs ?? 0)
      await scenario.run(outside.process(as))
      expect(withoutWatch(await outside.fingerprint())).toEqual(undisturbed)
      expectOnce(outside)
      await outside.close()
    }
  )
})

/** A run that is started twice comes to the same; what people see is there once. */
function expectOnce({ office }: Outside): void {
  expect(office.issues.length).toBeLessThanOrEqual(1)
  expect(office.changes.length).toBeLessThanOrEqual(1)
  expect(office.dispatches.length).toBeLessThanOrEqual(2)
}

/** A check that is repeated looks once more, at the watch of a rollback or at what was promoted, as it should. */
function withoutWatch(fingerprint: { readonly events: readonly string[] }): object {
  return {
    ...fingerprint,
    events: fingerprint.events
      .filter(name => !/^look (?:watch|\w+ \w+ \[\] continue soaking)/u.test(name))
      // What was cut off is begun again.
      .filter((name, index, all) => !name.startsWith('dispatching') || name !== all[index - 1])
  }
}
