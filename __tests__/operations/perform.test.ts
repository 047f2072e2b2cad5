import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { OUTPUT_NAMES } from '../../src/inputs.ts'
import { apply } from '../../src/operations/apply.ts'
import {
  type Order,
  type Performed,
  perform,
  performDue,
  performWake
} from '../../src/operations/perform.ts'
import type { World } from '../../src/operations/world.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { Relay } from '../../src/rehearsal/postgres/relay.ts'
import type { MetricHeader } from '../../src/rollout/ports.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { bundledMetrics } from '../postgres/embedded.ts'
import {
  advance,
  coordinator,
  type Databases,
  MINUTE_MS,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  startDatabases,
  telemetry
} from './outside.ts'

let databases: Databases
let quiet: ApplicationDatabase
let broken: ApplicationDatabase
let relay: Relay
let headers: readonly MetricHeader[]
let outside: Outside

beforeAll(async () => {
  databases = await startDatabases()
  quiet = await databases.open()
  const open = coordinator('circuit_open', START_MS + 3 * MINUTE_MS)
  broken = await databases.open([...telemetry(), open])
  relay = await databases.relay()
  headers = (await bundledMetrics()).headers
})
beforeEach(async () => {
  outside = await openOutside({ database: quiet, relay })
})
afterEach(async () => {
  await relay.restore()
  await outside.close()
})
afterAll(() => databases.stop())

const started = { wokenBy: 'test', frozen: undefined }
const NEXT = { phase: 'next', confirm: 'two-phases' }
const APPLY: Order = { operation: 'apply', phase: 'next', ...started }
const CHECK: Order = { operation: 'check', ...started }
const because = (operation: 'rollback' | 'hold' | 'resume', reason: string | undefined): Order => ({
  operation,
  reason
})
const run = (order: Order, world: World = outside.process()) => perform(world, headers, order)

/** Every output of an operation on a rollout, whatever came of it. */
const OUTPUTS = [...OUTPUT_NAMES].sort()

function expectComplete(performed: Performed): void {
  expect(Object.keys(performed.outputs).sort()).toEqual(OUTPUTS)
  expect(JSON.parse(performed.outputs['result'] ?? '')).toEqual(
    JSON.parse(JSON.stringify(performed.result))
  )
  expect(performed.summary).toMatch(/^#/u)
}

describe('a rollout', () => {
  test('is nothing yet: status, exit code 0, no phase', async () => {
    const performed = await run({ operation: 'status' })
    expectComplete(performed)
    expect(performed).toMatchObject({ exitCode: 0, outputs: { status: 'not-started', phase: '' } })
  })

  test('is planned: the summary is the briefing, the digest is in the result', async () => {
    const performed = await run({ operation: 'plan', ...NEXT })
    expectComplete(performed)
    expect(performed.exitCode).toBe(0)
    expect(performed.summary).toContain('stage')
    const planned = (await outside.events()).find(event => event.kind === 'phase-planned')
    expect(performed.result).toMatchObject({
      digest: outside.definition.digest,
      planDigest: planned?.digest,
      gate: null,
      go: true
    })
    expect(performed.outputs).toMatchObject({
      digest: planned?.digest,
      gate: '',
      go: 'true',
      keys: 'staging',
      phase: 'stage'
    })
  })

  test('is applied: phase, address and first verdict are told', async () => {
    const performed = await run(APPLY)
    expectComplete(performed)
    expect(performed).toMatchObject({
      exitCode: 0,
      outputs: {
        status: 'running',
        phase: 'stage',
        decision: 'continue',
        verdict: 'insufficient',
        'deployment-url': expect.stringMatching(/^https:\/\/shop-/u)
      }
    })
  })

  test('has nothing to apply: exit code 0 and the reason', async () => {
    await run(APPLY)
    const performed = await run(APPLY)
    expectComplete(performed)
    expect(performed.exitCode).toBe(0)
    expect(performed.summary).toContain('Nothing to apply: stage is live and soaking')
  })

  test('is looked at before there is anything to look at', async () => {
    const performed = await run(CHECK)
    expectComplete(performed)
    expect(performed).toMatchObject({ exitCode: 0, outputs: { decision: '', verdict: '' } })
    expect(performed.summary).toContain('Nothing was due')
  })

  test('is held and resumed: exit code 2, then 0', async () => {
    await run(APPLY)
    const held = await run(because('hold', 'holiday'))
    expectComplete(held)
    expect(held).toMatchObject({ exitCode: 2, outputs: { status: 'held' } })
    const resumed = await run(because('resume', 'back'))
    expect(resumed).toMatchObject({ exitCode: 0, outputs: { status: 'running' } })
  })

  test('is rolled back by a person: exit code 3', async () => {
    await run(APPLY)
    const performed = await run(because('rollback', 'customers complain'))
    expectComplete(performed)
    expect(performed).toMatchObject({ exitCode: 3, outputs: { status: 'rolling-back' } })
    expect(performed.summary).toContain('customers complain')
  })

  test('is rolled back by a red look: exit code 3, decision and verdict told', async () => {
    await outside.close()
    outside = await openOutside({ database: broken })
    await run(APPLY)
    await outside.clock.advanceTo(START_MS + 10 * MINUTE_MS)
    const performed = await run(CHECK)
    expectComplete(performed)
    expect(performed).toMatchObject({
      exitCode: 3,
      outputs: { decision: 'rollback', verdict: 'red', status: 'rolling-back', phase: 'stage' }
    })
  })

  test('whose application was overtaken by a rollback: exit code 3', async () => {
    const world = outside.process()
    const flags = {
      ...world.flags,
      write: async (change: Parameters<typeof world.flags.write>[0]) => {
        const reading = await world.flags.write(change)
        await run(because('rollback', 'customers complain'))
        return reading
      }
    }
    const performed = await run(APPLY, { ...world, flags })
    expectComplete(performed)
    expect(performed.exitCode).toBe(3)
    expect(performed.summary).toContain('A rollback came in between')
  })

  test.each(['rollback', 'hold', 'resume'] as const)('wants a reason for %s', async operation => {
    await expect(run(because(operation, undefined))).rejects.toMatchObject({
      code: 'reason_missing'
    })
  })
})

describe('preflight', () => {
  const preflight = (world?: World) => run({ operation: 'preflight' }, world)

  test('looks at everything, finds a shared record worth a word, and changes nothing', async () => {
    const performed = await preflight()
    expect(performed.exitCode).toBe(0)
    const { items } = JSON.parse(performed.outputs['result'] ?? '')
    const outcomes = new Map<string, string>(
      items.map((item: { name: string; outcome: string }) => [item.name, item.outcome])
    )
    expect(Object.fromEntries(outcomes)).toEqual({
      metrics: 'ok',
      project: 'ok',
      'rolling release': 'ok',
      'deploying to preview': 'ok',
      'deploying to production': 'ok',
      'domain assignment': 'ok',
      'flags on preview': 'warn',
      'flags on production': 'warn',
      database: 'ok',
      transport: 'ok',
      role: 'ok',
      table: 'ok',
      'row-level security': 'ok',
      index: 'ok',
      clocks: 'ok',
      'metrics on preview': 'ok',
      'metrics on production': 'ok',
      'cost of a look on preview': 'ok',
      'cost of a look on production': 'ok',
      ledger: 'ok',
      'workflow rollout': 'ok',
      'workflow monitor': 'ok',
      'workflow rollback': 'ok',
      repository: 'ok',
      'gate approve-live': 'ok',
      'keys staging': 'ok',
      'keys production': 'ok'
    })
    expect(outside.simulator.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    expect(await outside.events()).toEqual([])
  })

  test('fails where the planner expects more of a look than the definition allows', async () => {
    const world = outside.process()
    const { definition } = world
    const database = { ...definition.database, maxPlannedCost: 0.5 }
    const performed = await preflight({ ...world, definition: { ...definition, database } })
    expect(performed.exitCode).toBe(1)
    const { items } = performed.result as { items: { name: string; outcome: string }[] }
    const failed = items.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name)
    expect(new Set(failed)).toEqual(
      new Set(['cost of a look on preview', 'cost of a look on production'])
    )
    expect(performed.summary).toContain('and database.max_planned_cost is 1')
  })

  test('tries what proves the effect of a phase, with its own parameters', async () => {
    const world = outside.process()
    const { definition } = world
    const withExposure = (parameters: Readonly<Record<string, string>>): World => {
      const exposure = { metric: 'exposure', parameters, atLeast: 1, minUnits: 1 }
      const effect = { probe: undefined, exposure, deadlineMs: 60_000 }
      const phases = definition.phases.map(phase => ({ ...phase, effect }))
      return { ...world, definition: { ...definition, phases } }
    }
    expect((await preflight(withExposure({ mode: 'shadow' }))).exitCode).toBe(0)
    const performed = await preflight(withExposure({}))
    expect(performed.exitCode).toBe(1)
    expect(performed.summary).toContain('exposure for stage is not answered')
  })

  test('tells every part of the world that does not answer, in one go: exit code 1', async () => {
    await relay.cut()
    outside.simulator.switches.rollingRelease = { target: 'production' }
    outside.simulator.addBranchOverride('FEATURE', 'true', 'main')
    const performed = await preflight()
    expect(performed.exitCode).toBe(1)
    const { items } = performed.result as { items: { name: string; outcome: string }[] }
    const failed = items.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name)
    expect(failed).toEqual(['rolling release', 'flags on preview', 'database'])
  })

  test('misses a metric that a criterion needs', async () => {
    const performed = await perform(outside.process(), [], { operation: 'preflight' })
    expect(performed.exitCode).toBe(1)
    expect(performed.summary).toContain('circuit-open, telemetry')
  })
})

describe('what the workflows go by', () => {
  test('next names phase, secrets and gate, and a refused one stops everything', async () => {
    const performed = await run({ operation: 'next', ...NEXT })
    expectComplete(performed)
    expect(performed).toMatchObject({
      exitCode: 0,
      outputs: {
        phase: 'stage',
        keys: 'staging',
        'all-keys': '["staging","production"]',
        gate: '',
        digest: '',
        go: 'true'
      }
    })
    const held = run({ operation: 'next', phase: 'live' })
    await expect(held).rejects.toMatchObject({ code: 'wrong_phase' })
  })

  test('next and plan do not go on where there is nothing to do, and that is no failure', async () => {
    await run(APPLY)
    for (const operation of ['next', 'plan'] as const) {
      const performed = await run({ operation, ...NEXT })
      expectComplete(performed)
      expect(performed).toMatchObject({ exitCode: 0, outputs: { go: 'false', digest: '' } })
      expect(performed.summary).toContain('stage is live and soaking')
    }
  })

  test('a gate is an output where reviewers are asked', async () => {
    await outside.close()
    outside = await openOutside({ edit: productionOnly })
    expect((await run({ operation: 'next', ...NEXT })).outputs['gate']).toBe('approve-live')
    expect((await run({ operation: 'plan', ...NEXT })).outputs).toMatchObject({
      gate: 'approve-live',
      keys: 'production',
      go: 'true'
    })
  })

  test('status names the secrets of what is in force, for the red button', async () => {
    expect((await run({ operation: 'status' })).outputs['keys']).toBe('staging')
    await outside.close()
    outside = await openOutside({ edit: productionOnly })
    await advance(outside)
    expect((await run({ operation: 'status' })).outputs['keys']).toBe('production')
  })

  test('a word that is not the rollout’s name stops whatever is given one', async () => {
    await run(APPLY)
    for (const operation of ['rollback', 'hold', 'resume'] as const) {
      const order = { operation, reason: 'why', confirm: 'other' }
      await expect(run(order)).rejects.toMatchObject({ code: 'not_confirmed' })
    }
    expect((await outside.state()).status).toBe('running')
  })

  test('what is due is a list for jobs: nothing, or definition, secrets and reason', async () => {
    const watched = () => {
      const { definition, ledger, clock } = outside.process()
      return [{ file: 'a.yml', open: () => Promise.resolve({ definition, ledger, clock }) }]
    }
    expect((await performDue(watched())).outputs['due']).toBe('[]')
    await run(APPLY)
    const performed = await performDue(watched())
    expect(JSON.parse(performed.outputs['due'] ?? '')).toEqual([
      { definition: 'a.yml', keys: 'staging', why: expect.stringContaining('stage') }
    ])
    expect(performed.summary).toContain('a.yml')
  })

  test('a definition that nobody can look into fails the list, which names the others all the same', async () => {
    const { definition, ledger, clock } = outside.process()
    const broken = () => Promise.reject(new InputError('definition_invalid', 'No.', 'Mend it.'))
    await run(APPLY)
    const performed = await performDue([
      { file: 'broken.yml', open: broken },
      { file: 'a.yml', open: () => Promise.resolve({ definition, ledger, clock }) }
    ])
    expect(JSON.parse(performed.outputs['due'] ?? '')).toMatchObject([{ definition: 'a.yml' }])
    expect(performed.exitCode).toBe(1)
  })

  test('a timer wakes the monitor up', async () => {
    const performed = await performWake(outside.process().workflows)
    expect(performed.exitCode).toBe(0)
    expect(outside.office.dispatches).toEqual([
      { role: 'monitor', inputs: { 'woken-by': 'timer' } }
    ])
    outside.office.workflows.clear()
    await expect(performWake(outside.process().workflows)).rejects.toMatchObject({
      code: 'monitor_missing'
    })
  })

  test('preflight of one environment looks at its target alone', async () => {
    const performed = await run({ operation: 'preflight', keys: 'staging' })
    const { items } = performed.result as { items: readonly { name: string }[] }
    const asked = items.map(({ name }) => name)
    expect(asked).toContain('flags on preview')
    expect(asked).toContain('keys staging')
    expect(asked).not.toContain('flags on production')
    expect(asked).not.toContain('gate approve-live')
  })

  test('preflight finds a gate that is missing and a repository that does not answer', async () => {
    outside.people.setUp('approve-live', undefined)
    outside.office.broken.add('inspect')
    const performed = await run({ operation: 'preflight' })
    expect(performed.exitCode).toBe(1)
    const { items } = performed.result as { items: { name: string; outcome: string }[] }
    const failed = items.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name)
    expect(failed).toEqual(['repository', 'gate approve-live'])
  })
})

describe('steps without a ledger', () => {
  test('flags are read', async () => {
    const performed = await run({ operation: 'flags', target: 'preview', flags: {} })
    expect(performed).toMatchObject({
      exitCode: 0,
      result: {
        flags: {
          FEATURE: { kind: 'set', value: 'false', sharedWith: [] },
          LIMIT: { kind: 'set', value: '0', sharedWith: ['production'] }
        }
      }
    })
    expect(outside.simulator.mutations).toBe(0)
  })

  test('flags are set on one target and read back', async () => {
    const flags = { LIMIT: '5', NEW: 'x' }
    const performed = await run({ operation: 'flags', target: 'production', flags })
    expect(performed).toMatchObject({
      exitCode: 0,
      result: { flags: { LIMIT: { value: '5', sharedWith: [] }, NEW: { value: 'x' } } }
    })
    expect(outside.simulator.valueOf('preview', 'LIMIT')).toBe('0')
  })

  test('flags that an obstacle makes ineffective are exit code 2', async () => {
    outside.simulator.addBranchOverride('FEATURE', 'true', 'main')
    const performed = await run({ operation: 'flags', target: 'preview', flags: {} })
    expect(performed.exitCode).toBe(2)
  })

  test('a deployment is made once per run, however often the step is repeated', async () => {
    const world = outside.process()
    const order = { operation: 'deploy', target: 'production' } as const
    const performed = await run(order, world)
    expect(performed).toMatchObject({
      exitCode: 0,
      outputs: { 'deployment-url': expect.stringMatching(/^https:/u) }
    })
    const again = await run(order, world)
    expect(again.outputs['deployment-url']).toBe(performed.outputs['deployment-url'])
    expect(await outside.events()).toEqual([])
  })

  const since = { kind: 'instant', at: new Date(START_MS).toISOString() } as const
  const verdicts: readonly (readonly [string, () => Promise<unknown>, number, string])[] = [
    ['pass', () => outside.clock.advanceTo(START_MS + 70 * MINUTE_MS), 0, 'pass'],
    ['insufficient', () => Promise.resolve(), 2, 'insufficient'],
    ['error', () => relay.cut(), 1, 'error']
  ]
  test.each(verdicts)('a window that is %s', async (_name, prepare, exitCode, verdict) => {
    await prepare()
    const performed = await run({ operation: 'verify', phase: 'stage', since })
    expect(performed).toMatchObject({ exitCode, outputs: { verdict, phase: 'stage' } })
  })

  test('a window that is red is exit code 3', async () => {
    await outside.close()
    outside = await openOutside({ database: broken })
    await outside.clock.advanceTo(START_MS + 70 * MINUTE_MS)
    const performed = await run({ operation: 'verify', phase: 'stage', since })
    expect(performed).toMatchObject({ exitCode: 3, outputs: { verdict: 'red' } })
    expect(await outside.events()).toEqual([])
  })

  test('a phase that does not exist is refused with those that do', async () => {
    const order = { operation: 'verify', phase: 'nope', since } as const
    await expect(run(order)).rejects.toMatchObject({
      code: 'unknown_phase',
      remedy: 'Write one of stage, live.'
    })
  })
})

test('nothing that an operation says holds a credential', async () => {
  await apply(outside.process(), { phase: 'next', wokenBy: 'test' })
  outside.simulator.faults.inject({
    path: /\/env$/u,
    effect: { kind: 'answer', status: 403, body: { error: { code: 'forbidden' } } }
  })
  const performed = await run({ operation: 'preflight' })
  const said = [performed.summary, JSON.stringify(performed), ...outside.lines].join('\n')
  for (const secret of outside.secrets) expect(said).not.toContain(secret)
})
