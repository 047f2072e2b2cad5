import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { type Order, type Performed, perform } from '../../src/operations/perform.ts'
import type { World } from '../../src/operations/world.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { Relay } from '../../src/rehearsal/postgres/relay.ts'
import type { MetricHeader } from '../../src/rollout/ports.ts'
import { bundledMetrics } from '../postgres/embedded.ts'
import {
  coordinator,
  type Databases,
  MINUTE_MS,
  type Outside,
  openOutside,
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
const APPLY: Order = { operation: 'apply', phase: 'next', ...started }
const CHECK: Order = { operation: 'check', ...started }
const because = (operation: 'rollback' | 'hold' | 'resume', reason: string | undefined): Order => ({
  operation,
  reason
})
const run = (order: Order, world: World = outside.process()) => perform(world, headers, order)

/** Every output of an operation on a rollout, whatever came of it. */
const OUTPUTS = ['decision', 'deployment-url', 'phase', 'result', 'status', 'verdict']

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
    const performed = await run({ operation: 'plan', phase: 'next' })
    expectComplete(performed)
    expect(performed.exitCode).toBe(0)
    expect(performed.summary).toContain('stage')
    const planned = (await outside.events()).find(event => event.kind === 'phase-planned')
    expect(performed.result).toMatchObject({
      digest: outside.definition.digest,
      planDigest: planned?.digest,
      gate: null
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
      ledger: 'ok'
    })
    expect(outside.simulator.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    expect(await outside.events()).toEqual([])
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

  const since = new Date(START_MS).toISOString()
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
