import { describe, expect, test } from '@jest/globals'
import type { FullScan, QueryEstimate } from '../../src/rollout/ports.ts'
import { judgeCost, requireAffordable } from '../../src/rollout/query-cost.ts'
import type { RollgateError } from '../../src/rollout/rollgate-error.ts'

const MIB = 1_048_576
const BUDGET = 10_000_000
const OWN = 'public.observability_events'
const INDEX =
  'create index concurrently if not exists observability_events_source_created_at on public.observability_events (source, created_at);'

function scan(mib: number, more: Partial<FullScan> = {}): FullScan {
  return {
    table: OWN,
    bytes: mib * MIB,
    rows: 9_876_543.21,
    pickedBy: ['source', 'created_at'],
    indexes: [['id'], ['created_at']],
    partitioned: false,
    ...more
  }
}

function estimate(plannedCost: number, ...fullScans: readonly FullScan[]): QueryEstimate {
  return { file: 'sql/metrics/outcomes.sql', metrics: ['outcomes'], plannedCost, fullScans }
}

const judged = (...estimates: readonly QueryEstimate[]) => judgeCost('cost', estimates, BUDGET)

describe('the cost of a look', () => {
  test('within the budget, by an index, is in order and says which file is the dearest', () => {
    const cheap = { ...estimate(12), file: 'sql/metrics/errors.sql' }
    expect(judged(cheap, estimate(1234.5))).toEqual([
      {
        name: 'cost',
        outcome: 'ok',
        message:
          'sql/metrics/outcomes.sql is the dearest of 2: planned cost 1,235 of at most 10,000,000'
      }
    ])
  })

  test('that nobody could plan is left to the metrics, which say what is wrong', () => {
    expect(judged()).toEqual([{ name: 'cost', outcome: 'ok', message: 'nothing could be planned' }])
  })

  test('of a small table that is read from end to end is in order', () => {
    expect(judged(estimate(1000, scan(256)))[0]?.outcome).toBe('ok')
  })

  test('of a large one is a warning with the very statement that mends it', () => {
    expect(judged(estimate(1000, scan(257)))).toEqual([
      {
        name: 'cost',
        outcome: 'warn',
        message:
          'sql/metrics/outcomes.sql reads public.observability_events (257 MiB, about 9,876,543 rows) from end to end at every look',
        remedy: `Run as its owner: ${INDEX}`
      }
    ])
  })

  test('of a large one that was never analyzed says so as well', () => {
    const [item] = judged(estimate(1000, scan(6144, { rows: undefined })))
    expect(item?.message).toContain('(6.0 GiB, never analyzed)')
    expect(item?.remedy).toContain(INDEX)
    expect(item?.remedy).toContain(`analyze ${OWN};`)
  })

  test('of a large table of somebody else is a warning with the statement for that table', () => {
    const orders = { table: 'shop."Orders"', pickedBy: ['state', '"placedAt"'] }
    const [item] = judged(estimate(1000, scan(300, orders)))
    expect(item?.remedy).toBe(
      'Run as its owner: create index concurrently on shop."Orders" (state, "placedAt");'
    )
  })

  test('of one that has partitions says how an index on it can be made at all', () => {
    const [item] = judged(estimate(1000, scan(300, { partitioned: true })))
    expect(item?.remedy).toBe(
      'Run as its owner, for every partition: create index concurrently on <partition> (source, created_at); and then, which joins them: create index on public.observability_events (source, created_at);'
    )
  })

  test('of one that has the index names no statement that would change nothing', () => {
    const indexes = [['id'], ['source', 'created_at', 'id']]
    const [item] = judged(estimate(1000, scan(300, { indexes })))
    expect(item?.remedy).toMatch(/^The index on \(source, created_at\) is there/u)
    expect(item?.remedy).not.toContain('create index')
    const other = [['created_at', 'source']]
    expect(judged(estimate(1000, scan(300, { indexes: other })))[0]?.remedy).toContain(INDEX)
  })

  test('of one whose rows are picked in a way that no index serves is a warning in words', () => {
    const [item] = judged(estimate(1000, scan(300, { table: 'shop.orders', pickedBy: [] })))
    expect(item?.remedy).toBe(
      'Give shop.orders an index that begins with what its queries pick rows by and ends with their time.'
    )
  })

  test('of one table in several files is one warning, of two tables two', () => {
    const other = { ...estimate(5, scan(300), scan(300)), file: 'sql/metrics/errors.sql' }
    const orders = scan(300, { table: 'shop.orders' })
    const items = judged(estimate(5, scan(300), orders), other)
    expect(items.map(({ message }) => message.split(' (')[0])).toEqual([
      'sql/metrics/outcomes.sql, sql/metrics/errors.sql read public.observability_events',
      'sql/metrics/outcomes.sql reads shop.orders'
    ])
  })

  test('exactly at the budget is within it, and beyond it fails with cost, budget and remedy', () => {
    expect(judged(estimate(BUDGET))[0]?.outcome).toBe('ok')
    expect(judged(estimate(BUDGET + 1))).toEqual([
      {
        name: 'cost',
        outcome: 'fail',
        message:
          'sql/metrics/outcomes.sql has a planned cost of 10,000,001, and database.max_planned_cost is 10,000,000',
        remedy: 'Make sql/metrics/outcomes.sql read less, or raise database.max_planned_cost.'
      }
    ])
  })

  test('beyond the budget for want of an index names the index, and warns of it no second time', () => {
    const items = judged(estimate(BUDGET * 2, scan(9000)), estimate(5))
    expect(items).toHaveLength(1)
    expect(items[0]?.remedy).toContain(
      `It reads public.observability_events (8.8 GiB, about 9,876,543 rows) from end to end: Run as its owner: ${INDEX}`
    )
  })
})

describe('a phase that is about to begin', () => {
  test('is given the warnings, and nothing that is in order', () => {
    expect(requireAffordable('stage', [estimate(1)], BUDGET)).toEqual([])
    const warnings = requireAffordable('stage', [estimate(1, scan(300))], BUDGET)
    expect(warnings.map(({ outcome }) => outcome)).toEqual(['warn'])
  })

  test('is refused beyond the budget, with every file that is', () => {
    const errors = { ...estimate(BUDGET * 3), file: 'sql/metrics/errors.sql' }
    const { code, message, remedy } = refusal([estimate(BUDGET * 2), errors, estimate(1)])
    expect(code).toBe('look_too_expensive')
    expect(message).toBe(
      'stage is not applied, since looking at it would cost too much: sql/metrics/outcomes.sql has a planned cost of 20,000,000, and database.max_planned_cost is 10,000,000; sql/metrics/errors.sql has a planned cost of 30,000,000, and database.max_planned_cost is 10,000,000.'
    )
    expect(remedy).toContain('Make sql/metrics/errors.sql read less')
  })

  function refusal(estimates: readonly QueryEstimate[]): RollgateError {
    try {
      requireAffordable('stage', estimates, BUDGET)
    } catch (error) {
      return error as RollgateError
    }
    throw new Error('it was to be refused')
  }
})
