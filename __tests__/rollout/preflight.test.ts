import { describe, expect, test } from '@jest/globals'
import type {
  DatabaseFacts,
  FlagReading,
  MetricHeader,
  ProjectFacts
} from '../../src/rollout/ports.ts'
import {
  judgeDatabase,
  judgeFlags,
  judgeMetrics,
  judgeProject,
  judgeTrial,
  type PreflightItem,
  unreachable,
  worst
} from '../../src/rollout/preflight.ts'
import { example, METRICS } from './worked-example.ts'

const PROJECT: ProjectFacts = {
  id: 'prj_1',
  name: 'booking',
  autoAssignsProduction: true,
  rollingRelease: false
}

const DATABASE: DatabaseFacts = {
  version: 'PostgreSQL 17.2',
  role: 'rollgate_reader',
  superuser: false,
  canWrite: false,
  encrypted: true,
  local: false,
  databaseNow: '2026-06-01T08:00:00.000Z',
  table: 'public.observability_events',
  tableExists: true,
  missingColumns: [],
  hiddenRows: 'none',
  estimatedRows: 40_000_000,
  indexed: true,
  recommendedIndex: true
}

const LENIENT = { requireReadOnly: false }

const FLAGS: FlagReading = {
  target: 'preview',
  flags: { A: { kind: 'set', value: 'true', sharedWith: [] }, B: { kind: 'absent' } },
  obstacles: []
}

/** `name: outcome` of everything that is not in order. */
function doubts(items: readonly PreflightItem[]): readonly string[] {
  return items
    .filter(({ outcome }) => outcome !== 'ok')
    .map(item => `${item.name}: ${item.outcome}`)
}

describe('a project', () => {
  test('in order has nothing to complain about', () => {
    expect(doubts(judgeProject(PROJECT))).toEqual([])
    expect(judgeProject(PROJECT)[0]?.message).toBe('token and project booking fit together')
  })

  test.each<[string, Partial<ProjectFacts>, readonly string[]]>([
    ['with rolling releases fails', { rollingRelease: true }, ['rolling release: fail']],
    ['that stages deployments warns', { autoAssignsProduction: false }, ['domain assignment: warn']]
  ])('%s', (_, facts, expected) => {
    expect(doubts(judgeProject({ ...PROJECT, ...facts }))).toEqual(expected)
  })
})

describe('the metrics of a target', () => {
  const answered = { kind: 'answered', rows: [] } as const

  test('are in order when each is answered, even by nothing', () => {
    expect(judgeTrial('preview', { outcomes: answered, errors: answered })).toEqual([
      { name: 'metrics on preview', outcome: 'ok', message: 'all 2 are answered' }
    ])
  })

  test('fail one by one, with what the database says and what to do', () => {
    const missing = { code: 'missing_table', message: 'no such table', remedy: 'name another' }
    const answers = { outcomes: { kind: 'unanswered', ...missing } as const, errors: answered }
    expect(judgeTrial('preview', answers)).toEqual([
      {
        name: 'metrics on preview',
        outcome: 'fail',
        message: 'outcomes is not answered: no such table',
        remedy: 'name another'
      }
    ])
  })
})

describe('a database', () => {
  test('whose role may write fails where the definition requires one that only reads', () => {
    const strict = { requireReadOnly: true }
    const items = judgeDatabase({ ...DATABASE, canWrite: true }, strict)
    expect(items.find(({ name }) => name === 'role')).toEqual({
      name: 'role',
      outcome: 'fail',
      message: 'rollgate_reader may write the table, and the definition says require_read_only',
      remedy: 'Create the reader role of sql/setup/reader-role.sql and use it instead.'
    })
    expect(doubts(judgeDatabase(DATABASE, strict))).toEqual([])
  })

  test('in order has nothing to complain about, and no check is left out', () => {
    const items = judgeDatabase(DATABASE, LENIENT)
    expect(doubts(items)).toEqual([])
    expect(items.map(({ name }) => name)).toEqual([
      'database',
      'transport',
      'role',
      'table',
      'row-level security',
      'index'
    ])
  })

  test.each<[string, Partial<DatabaseFacts>, readonly string[]]>([
    ['without TLS fails', { encrypted: false }, ['transport: fail']],
    ['without TLS on this very machine is fine', { encrypted: false, local: true }, []],
    ['as a superuser fails', { superuser: true, canWrite: true }, ['role: fail']],
    ['whose role may write warns', { canWrite: true }, ['role: warn']],
    [
      'without the table warns, and no more is said of the table',
      { tableExists: false, hiddenRows: 'all', recommendedIndex: false },
      ['table: warn']
    ],
    ['without a column warns', { missingColumns: ['context'] }, ['table: warn']],
    ['that hides every row fails', { hiddenRows: 'all' }, ['row-level security: fail']],
    ['that hides some rows warns', { hiddenRows: 'some' }, ['row-level security: warn']],
    ['with a lesser index warns', { recommendedIndex: false }, ['index: warn']],
    ['without an index warns', { recommendedIndex: false, indexed: false }, ['index: warn']],
    [
      'without an index but with few rows is fine',
      { recommendedIndex: false, indexed: false, estimatedRows: 999_999 },
      []
    ],
    [
      'with many things wrong tells all of them',
      {
        encrypted: false,
        canWrite: true,
        missingColumns: ['a', 'b'],
        hiddenRows: 'all',
        recommendedIndex: false
      },
      ['transport: fail', 'role: warn', 'table: warn', 'row-level security: fail', 'index: warn']
    ]
  ])('%s', (_, facts, expected) => {
    expect(doubts(judgeDatabase({ ...DATABASE, ...facts }, LENIENT))).toEqual(expected)
  })

  test('names the columns that are missing', () => {
    const items = judgeDatabase({ ...DATABASE, missingColumns: ['context', 'booking_id'] }, LENIENT)
    expect(items[3]?.message).toBe(
      'public.observability_events lacks, or the role may not read, context, booking_id'
    )
  })

  test('whose size was never estimated has no negative number of rows', () => {
    expect(judgeDatabase({ ...DATABASE, estimatedRows: -1 }, LENIENT)[4]?.message).toContain(
      'about 0 in all'
    )
  })
})

describe('flags', () => {
  test('in order are counted', () => {
    expect(judgeFlags(FLAGS)).toEqual([
      {
        name: 'flags on preview',
        outcome: 'ok',
        message: 'all 2 can be read, written and put back'
      }
    ])
  })

  test('that share a record with another target warn', () => {
    const shared: FlagReading = {
      ...FLAGS,
      flags: { A: { kind: 'set', value: 'true', sharedWith: ['production', 'development'] } }
    }
    expect(judgeFlags(shared)).toMatchObject([
      { outcome: 'warn', message: 'A is one record for preview and production, development' }
    ])
  })

  test('with something in their way fail, with the way out', () => {
    const obstacles = [
      { code: 'sensitive', flag: 'A', message: 'A is sensitive', remedy: 'Recreate A.' },
      { code: 'branch_override', flag: 'B', message: 'B has a branch', remedy: 'Delete it.' }
    ] as const
    expect(judgeFlags({ ...FLAGS, obstacles })).toEqual([
      {
        name: 'flags on preview',
        outcome: 'fail',
        message: 'A is sensitive',
        remedy: 'Recreate A.'
      },
      { name: 'flags on preview', outcome: 'fail', message: 'B has a branch', remedy: 'Delete it.' }
    ])
  })
})

describe('metrics', () => {
  const headers = Object.entries(METRICS).map(
    ([name, kind]): MetricHeader => ({ name, kind, asks: '?', unit: 'event', file: 'x.sql' })
  )

  test('that all exist are counted, with the time they judge', () => {
    expect(judgeMetrics(example, headers)).toEqual({
      name: 'metrics',
      outcome: 'ok',
      message: '8 metrics judge 5d 30m of soak'
    })
  })

  test('that are missing are named, controls included', () => {
    const some = headers.filter(({ name }) => name !== 'telemetry' && name !== 'errors')
    expect(judgeMetrics(example, some)).toMatchObject({
      outcome: 'fail',
      message: 'there is no SQL file for telemetry, errors'
    })
  })
})

describe('in all', () => {
  const ok = { name: 'a', outcome: 'ok', message: '' } as const
  const warn = { name: 'b', outcome: 'warn', message: '' } as const
  const fail = unreachable('database', 'connection refused', 'start it')

  test.each<[readonly PreflightItem[], PreflightItem['outcome']]>([
    [[ok, ok], 'ok'],
    [[ok, warn], 'warn'],
    [[warn, fail, ok], 'fail']
  ])('the worst outcome counts', (items, outcome) => {
    expect(worst(items)).toBe(outcome)
  })

  test('what could not be asked fails', () => {
    expect(fail).toEqual({
      name: 'database',
      outcome: 'fail',
      message: 'connection refused',
      remedy: 'start it'
    })
  })

  test('whatever is not in order says what to do about it, and only that', () => {
    const worstCase: DatabaseFacts = {
      ...DATABASE,
      encrypted: false,
      canWrite: true,
      hiddenRows: 'all',
      recommendedIndex: false
    }
    const items = [
      ...judgeDatabase(DATABASE, LENIENT),
      ...judgeDatabase(worstCase, LENIENT),
      ...judgeDatabase({ ...worstCase, superuser: true, missingColumns: ['a'] }, LENIENT),
      ...judgeDatabase({ ...worstCase, hiddenRows: 'some' }, LENIENT),
      ...judgeDatabase({ ...worstCase, tableExists: false }, LENIENT),
      ...judgeProject({ ...PROJECT, rollingRelease: true, autoAssignsProduction: false }),
      ...judgeFlags(FLAGS),
      judgeMetrics(example, []),
      fail
    ]
    for (const { outcome, remedy } of items) expect(remedy !== undefined).toBe(outcome !== 'ok')
  })
})
