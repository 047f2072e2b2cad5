import { beforeAll, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { plan } from '../../src/operations/plan.ts'
import { rollback } from '../../src/operations/rollback.ts'
import type { World } from '../../src/operations/world.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import { createBrake, type Stop } from './brake.ts'
import {
  coordinator,
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
  readonly prepare: (outside: Outside) => Promise<unknown>
  readonly run: (world: World) => Promise<unknown>
  readonly effects: readonly string[]
}

const quiet = telemetry()
const broken = [...quiet, coordinator('circuit_open', START_MS + 3 * MINUTE_MS)]

const go = { phase: 'next', wokenBy: 'test' }

const ROLLBACK_OF_PRODUCTION = [
  'POST /v9/projects/prj_1/rollback/dpl_1',
  'ledger: two-phases#1: production serves dpl_1 again',
  'PATCH /v9/projects/prj_1/env/env_1',
  'PATCH /v9/projects/prj_1/env/env_4',
  'ledger: two-phases#1: flags of production off and read back',
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
    prepare: outside => plan(outside.process()),
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
    prepare: outside => apply(outside.process(), go),
    run: world => rollback(world, 'customers complain'),
    effects: ['ledger: two-phases#1: roll back live', ...ROLLBACK_OF_PRODUCTION]
  },
  {
    name: 'rollback of preview',
    rows: quiet,
    prepare: outside => apply(outside.process(), go),
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
      await apply(outside.process(), go)
      await outside.clock.advanceTo(START_MS + 10 * MINUTE_MS)
    },
    run: world => check(world, { wokenBy: 'test' }),
    effects: ['ledger: two-phases#1: live T+9m-sentinel: red, rollback', ...ROLLBACK_OF_PRODUCTION]
  }
]

async function open({ rows, edit, prepare }: Scenario): Promise<Outside> {
  const outside = await openOutside({ events: rows, ...(edit ? { edit } : {}) })
  await prepare(outside)
  return outside
}

describe.each(SCENARIOS)('$name', scenario => {
  const { effects } = scenario
  const stops: readonly Stop[] = effects.flatMap((_, index) => [
    { n: index + 1, when: 'before' },
    { n: index + 1, when: 'after' }
  ])
  let undisturbed: object

  beforeAll(async () => {
    const outside = await open(scenario)
    const brake = createBrake()
    await scenario.run(outside.process({ brake }))
    expect(brake.effects).toEqual(effects)
    undisturbed = await outside.fingerprint()
    await outside.close()
  })

  test('run twice, it ends in the same world', async () => {
    const outside = await open(scenario)
    await scenario.run(outside.process())
    const brake = createBrake()
    await scenario.run(outside.process({ brake }))
    expect(withoutWatch(await outside.fingerprint())).toEqual(undisturbed)
    expect(brake.effects.filter(effect => !effect.startsWith('ledger:'))).toEqual([])
    await outside.close()
  })

  test.each(stops)(
    `killed at effect $n of ${effects.length}, $when it (${stops.length} cases), and run again, it ends in the same world`,
    async stop => {
      const outside = await open(scenario)
      const brake = createBrake(stop)
      const victim = scenario.run(outside.process({ brake }))
      await Promise.race([brake.stopped, victim])
      await scenario.run(outside.process())
      expect(withoutWatch(await outside.fingerprint())).toEqual(undisturbed)
      await outside.close()
    }
  )
})

/** A check that is repeated after its rollback was complete begins to watch it, as it should. */
function withoutWatch(fingerprint: { readonly events: readonly string[] }): object {
  return {
    ...fingerprint,
    events: fingerprint.events.filter(name => !name.startsWith('look watch'))
  }
}
