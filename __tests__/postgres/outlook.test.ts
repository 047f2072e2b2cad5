import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { outlookOf } from '../../src/postgres/outlook.ts'
import { allNodes, type PlanNode } from '../../src/postgres/plan.ts'
import type { ApplicationDatabase } from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { adapterFor, catalogueOf, freshDatabase, lookAt, startTestServer } from './embedded.ts'

const node = (
  type: string,
  cost: number,
  plans: readonly PlanNode[] = [],
  rest: Partial<PlanNode> = {}
): PlanNode => ({ 'Node Type': type, 'Total Cost': cost, Plans: plans, ...rest })
const scan = (cost: number) => node('Seq Scan', cost)
const gate = (filter: string) => (plan: PlanNode) =>
  node('Result', plan['Total Cost'], [plan], { 'One-Time Filter': filter })
const ifYes = gate('(InitPlan 1).col1')
const ifNo = gate('(NOT (InitPlan 2).col1)')
const cte = (name: string, plan: PlanNode): PlanNode => ({ ...plan, 'Subplan Name': `CTE ${name}` })
const readCte = (name: string) => node('CTE Scan', 20, [], { 'CTE Name': name })
const join = (type: string, outer: PlanNode, inner: PlanNode) =>
  node('Nested Loop', 900, [outer, inner], { 'Join Type': type })

const read = (plan: PlanNode) => {
  const { cost, nodes } = outlookOf(plan)
  return { cost, scans: nodes.filter(n => n['Node Type'] === 'Seq Scan').map(n => n['Total Cost']) }
}

describe('what a plan is expected to cost', () => {
  test('is what the planner says of a plan without a choice', () => {
    expect(read(node('Aggregate', 110, [scan(100)]))).toEqual({ cost: 110, scans: [100] })
  })

  test('has the cheaper of two ways of which one is run', () => {
    const plan = node('Append', 1050, [ifYes(scan(1000)), ifNo(scan(50))])
    expect(read(plan)).toEqual({ cost: 50, scans: [50] })
    const older = node('Append', 1050, [gate('$0')(scan(50)), gate('(NOT $1)')(scan(1000))])
    expect(read(older)).toEqual({ cost: 50, scans: [50] })
  })

  test('goes the same way everywhere', () => {
    const choice = (yes: number, no: number) =>
      node('Append', yes + no, [ifYes(scan(yes)), ifNo(scan(no))])
    expect(read(node('Append', 170, [choice(10, 40), choice(100, 20)]))).toEqual({
      cost: 60,
      scans: [40, 20]
    })
  })

  test('has everything that is run whatever the answer is', () => {
    const plan = node('Merge Append', 160, [scan(100), ifYes(scan(20)), ifNo(scan(30)), scan(10)])
    expect(read(plan)).toEqual({ cost: 130, scans: [100, 20, 10] })
  })

  test('has a way without an opposite', () => {
    expect(read(ifYes(scan(70)))).toEqual({ cost: 70, scans: [70] })
    const plan = node('Append', 150, [ifYes(scan(100)), ifYes(scan(50))])
    expect(read(plan)).toEqual({ cost: 150, scans: [100, 50] })
  })

  test('counts what a way reads elsewhere as a part of it', () => {
    const wide = cte('wide', node('Aggregate', 500, [scan(500)], { Strategy: 'Hashed' }))
    const plan = node('Append', 550, [wide, ifNo(readCte('wide')), ifYes(scan(30))])
    expect(read(plan)).toEqual({ cost: 30, scans: [30] })
  })

  test('has a CTE once, however many read it, and not when nothing does', () => {
    const wide = cte('wide', scan(500))
    const unread = cte('unread', scan(60))
    const plan = node('Append', 600, [wide, unread, readCte('wide'), readCte('wide')])
    expect(read(plan)).toEqual({ cost: 540, scans: [500] })
  })

  test.each<[string, PlanNode]>([
    ['a sort', node('Sort', 900, [ifNo(scan(800))])],
    ['groups', node('Aggregate', 900, [ifNo(scan(800))], { Strategy: 'Sorted' })],
    ['branches that all are', node('Append', 900, [ifNo(scan(400)), ifNo(scan(400))])],
    ['a join with it', join('Inner', ifNo(scan(1)), scan(800))],
    ['what is looked up for each of its rows', join('Left', ifNo(scan(1)), scan(800))],
    ['a recursion from it', node('Recursive Union', 900, [ifNo(scan(1)), scan(800)])]
  ])('does not have %s when it is on the way not taken', (_, built) => {
    expect(read(node('Append', 910, [built, ifYes(scan(10))]))).toEqual({ cost: 10, scans: [10] })
  })

  test('does not have a join with a CTE that is empty', () => {
    const sources = cte('sources', node('Recursive Union', 5, [ifNo(scan(4)), scan(1)]))
    const built = join('Inner', readCte('sources'), scan(800))
    const plan = node('Append', 915, [sources, built, ifYes(scan(10))])
    expect(read(plan)).toEqual({ cost: 10, scans: [10] })
  })

  test.each<[string, PlanNode]>([
    ['a total', node('Aggregate', 900, [ifNo(scan(100))], { Strategy: 'Plain' })],
    [
      'totals',
      node('Aggregate', 900, [ifNo(scan(100))], { Strategy: 'Hashed', 'Grouping Sets': [] })
    ],
    ['an outer join', join('Full', ifNo(scan(100)), scan(10))],
    ['a join that reads the other side first', join('Inner', scan(10), ifNo(scan(100)))]
  ])('has %s, which is run all the same', (_, built) => {
    const plan = node('Append', 910, [built, ifYes(scan(10))])
    expect(read(plan).cost).toBe(810)
  })

  test('is never below nothing, as under a LIMIT', () => {
    const append = node('Append', 1050, [ifYes(scan(1000)), ifNo(scan(50))])
    expect(read(node('Limit', 3, [append])).cost).toBe(0)
  })
})

test('a write is looked for in every branch, run or not', () => {
  const write = ifNo(node('ModifyTable', 900))
  const plan = node('Append', 910, [write, ifYes(scan(10))])
  expect(allNodes(plan).map(n => n['Node Type'])).toContain('ModifyTable')
  expect(outlookOf(plan).nodes).not.toContain(write)
})

describe('a file that chooses its way by what it finds', () => {
  let server: PostgresServer
  let database: ApplicationDatabase

  beforeAll(async () => {
    server = await startTestServer()
    database = await freshDatabase(server)
    await database.query(
      'create table public.wide as select n, n % 10 as kind from generate_series(1, 200000) n'
    )
    await database.query('create table public.narrow as select n from generate_series(1, 10) n')
    await database.query('grant select on public.wide, public.narrow to rollgate_reader')
    await database.query('analyze public.wide, public.narrow')
  })
  afterAll(() => server?.stop())

  const CHOICE = `
    with found as materialized (select count(*) > 5 as yes from pg_class),
    counted as materialized (select kind, count(*) as events from public.wide group by kind)
    select :'since'::timestamptz as bucket, sum(n)::float8 as hits from (
      select events as n from counted where not (select yes from found)
      union all
      select n from public.narrow where (select yes from found)
    ) as either`

  test('is not refused for the way that it does not take', async () => {
    const catalogue = await catalogueOf('count', CHOICE)
    const { metrics } = await adapterFor(database, { catalogue, limits: { maxPlannedCost: 500 } })
    const [expected] = await metrics.estimate(lookAt(['probe']))
    expect(expected?.plannedCost).toBeLessThan(500)
    expect(expected?.fullScans.map(({ table }) => table)).toEqual(['public.narrow'])
    expect((await metrics.look(lookAt(['probe']))).answers['probe']).toMatchObject({
      rows: [{ hits: 55 }]
    })
  })

  test('is refused when the way it takes is too dear', async () => {
    const sql = `select :'since'::timestamptz as bucket, count(*) as hits from public.wide`
    const catalogue = await catalogueOf('count', sql)
    const { metrics } = await adapterFor(database, { catalogue, limits: { maxPlannedCost: 500 } })
    const [expected] = await metrics.estimate(lookAt(['probe']))
    const told = Math.round(expected?.plannedCost ?? 0).toLocaleString('en')
    expect((await metrics.look(lookAt(['probe']))).answers['probe']).toMatchObject({
      code: 'too_expensive',
      message: `sql/probe.sql: the planner expects a cost of ${told}, more than the 500 of database.max_planned_cost.`
    })
  })
})
