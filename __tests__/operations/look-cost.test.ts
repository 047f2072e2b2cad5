import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { estimateLooks } from '../../src/operations/look-cost.ts'
import { perform } from '../../src/operations/perform.ts'
import type { World } from '../../src/operations/world.ts'
import type { LookRequest, MetricReader, QueryEstimate } from '../../src/rollout/ports.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'
import { example, phase } from '../rollout/worked-example.ts'
import { createBrakeAt } from './brake.ts'
import { createMemoryMetrics } from './memory-metrics.ts'
import {
  go,
  HOUR_MS,
  nameOf,
  type Outside,
  openOutside,
  type ProcessOptions,
  START_MS,
  telemetry
} from './outside.ts'

let outside: Outside
let asked: LookRequest[]

const SCAN = {
  table: 'public.observability_events',
  bytes: 2 ** 30,
  rows: 2_000_000,
  pickedBy: ['source', 'created_at'],
  indexes: [['id']],
  partitioned: false
}
const CHEAP: QueryEstimate = {
  file: 'sql/metrics/coordinator.sql',
  metrics: ['circuit-open'],
  plannedCost: 1000,
  fullScans: []
}
const SLOW: QueryEstimate = { ...CHEAP, fullScans: [SCAN] }
const DEAR: QueryEstimate = { ...SLOW, plannedCost: 20_000_000 }

beforeEach(async () => {
  asked = []
  outside = await openOutside()
})

afterEach(() => outside.close())

function world(
  estimate: () => Promise<readonly QueryEstimate[]>,
  options: ProcessOptions = {}
): World {
  const metrics: MetricReader = {
    ...createMemoryMetrics(telemetry(), outside.clock.now),
    estimate: request => {
      asked.push(request)
      return estimate()
    }
  }
  return outside.process({ ...options, more: { metrics } })
}

const names = async () => (await outside.events()).map(nameOf)
const warnings = () => outside.lines.filter(line => line.startsWith('warning'))

describe('before a phase is begun, its looks are weighed', () => {
  test('over the longest window it can come to, with the criteria of a rollback', async () => {
    await apply(
      world(async () => [CHEAP]),
      go
    )
    expect(asked).toEqual([
      {
        metrics: ['circuit-open', 'telemetry', 'coordinator-starts', 'legacy'],
        parameters: { source: 'assignment.coordinator', environment: '' },
        since: new Date(START_MS - 2 * HOUR_MS).toISOString(),
        graceMs: 30_000
      }
    ])
    expect(warnings()).toEqual([])
  })

  test('and for as long as what was promoted stands before it graduates', async () => {
    const { metrics } = world(async () => [CHEAP])
    const now = new Date(START_MS).toISOString()
    const phases = [phase('production-full')]
    await estimateLooks({ definition: example, metrics }, { target: 'production', phases, now })
    const since = new Date(START_MS - (48 + 48 + 7 * 24) * HOUR_MS).toISOString()
    expect(asked).toMatchObject([{ since }])
  })

  test('and what proves its effect, with its own parameters until its deadline', async () => {
    const { metrics } = world(async () => [CHEAP])
    const now = new Date(START_MS).toISOString()
    const effect = {
      probe: undefined,
      exposure: { metric: 'exposure', parameters: { mode: 'active' }, atLeast: 1, minUnits: 1 },
      deadlineMs: HOUR_MS
    }
    const phases = [{ ...phase('production-full'), effect }]
    const request = { target: 'production', phases, now }
    expect(await estimateLooks({ definition: example, metrics }, request)).toEqual([CHEAP, CHEAP])
    expect(asked[1]).toEqual({
      metrics: ['exposure'],
      parameters: { source: 'assignment.coordinator', environment: '', mode: 'active' },
      since: new Date(START_MS - HOUR_MS).toISOString(),
      graceMs: 30_000
    })
  })

  test('and what is over the budget is refused with nothing changed', async () => {
    const { mutations } = outside.simulator
    await expect(
      apply(
        world(async () => [CHEAP, DEAR]),
        go
      )
    ).rejects.toMatchObject({
      code: 'look_too_expensive',
      message: expect.stringContaining('sql/metrics/coordinator.sql has a planned cost of 20,000'),
      remedy: expect.stringContaining('database.max_planned_cost')
    })
    expect(outside.simulator.mutations).toBe(mutations)
    expect(await names()).toEqual([])
  })

  test('and a large table without an index is told in the log and in the summary', async () => {
    const order = { operation: 'apply', ...go } as const
    const { exitCode, summary } = await perform(
      world(async () => [SLOW]),
      [],
      order
    )
    expect(exitCode).toBe(0)
    const statement =
      'create index concurrently if not exists observability_events_source_created_at on public.observability_events (source, created_at);'
    expect(summary).toMatch(/^- \*\*Warning:\*\* sql\/metrics\/coordinator\.sql reads public/u)
    expect(summary).toContain(statement)
    expect(warnings()).toHaveLength(1)
    expect(warnings()[0]).toContain(statement)
  })

  test('and a database that cannot be asked just then is said, and stops nothing', async () => {
    const away = new EvidenceError('unreachable', 'Connection refused.', 'Look at the network.')
    const applied = await apply(
      world(() => Promise.reject(away)),
      go
    )
    expect(applied).toMatchObject({ kind: 'applied', warnings: [] })
    expect(warnings()).toEqual([
      'warning nobody knows what looks at stage will cost: Connection refused.'
    ])
  })

  test('and what was cut off half-way is not left so for its cost', async () => {
    const brake = createBrakeAt('vercel deploy', 'before')
    void apply(
      world(async () => [CHEAP], { brake }),
      go
    )
    await brake.stopped
    expect((await outside.state()).phases.at(-1)?.status).toBe('applying')
    expect(
      (
        await apply(
          world(async () => [DEAR]),
          go
        )
      ).kind
    ).toBe('applied')
  })
})
