import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderVerificationLog } from '../../src/report/verification-log.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import { hostile } from './hostile.ts'
import {
  applied,
  applying,
  definition,
  inStagingFull,
  looked,
  promoted,
  promotedOnThin,
  rolledBack,
  stateOf,
  told,
  withLooks
} from './story.ts'
import { tablesIn } from './tables.ts'

type Story = readonly (readonly [string, EventBody])[]

function logOf(story: Story): string {
  const events = told(...story)
  return renderVerificationLog({ definition, state: stateOf(events), events })
}

/** The rows below the heading, without the head of the table. */
function section(log: string, title: string): readonly (readonly string[])[] {
  const part = log.split('\n## ').find(one => one.startsWith(title)) ?? ''
  return tablesIn(part)[0]?.slice(2) ?? []
}

describe('the phase table', () => {
  test('has the phases of the runbook with their times', () => {
    const rows = section(logOf(promoted()), 'Phases')
    expect(rows.map(row => [row[0], row[2], row[5]])).toEqual([
      ['staging-shadow', 'promoted', '31m'],
      ['staging-full', 'promoted', '48h'],
      ['production-shadow', 'promoted', '24h'],
      ['production-full', 'promoted', '48h']
    ])
    expect(rows[1]?.slice(3, 5)).toEqual(['2026-06-01 10:00 UTC', '2026-06-03 10:00 UTC'])
  })

  test('notes a phase that was applied twice and code that changed under it', () => {
    const integrity = [{ code: 'code_changed', ok: true, message: 'code changed during the soak' }]
    const story: Story = [
      ...inStagingFull().slice(0, 6),
      ['40m', applying('staging-full')],
      ...applied('staging-full', '110m', '2h')
    ]
    const rows = section(logOf([...story, looked(story, '3h', {}, { integrity })]), 'Phases')
    expect(rows[1]?.at(-1)).toBe('applied 2 times; code changed during the soak')
  })
})

describe('what a person accepted', () => {
  const story = promotedOnThin()

  test('stands with phase, criterion, verdict, person and reason', () => {
    expect(section(logOf(story), 'Accepted findings')).toEqual([
      [
        '2026-06-05 11:00 UTC',
        'staging-full',
        'success-rate',
        'insufficient (thin)',
        'priya',
        'the traffic is what it is'
      ],
      [
        '2026-06-05 11:00 UTC',
        'staging-full',
        'manual-review',
        'insufficient (thin)',
        'priya',
        'the traffic is what it is'
      ]
    ])
  })

  test('is noted beside the phase that was promoted on it, with everything it was', () => {
    const [, row] = section(logOf(story), 'Phases')
    expect(row?.[2]).toBe('promoted')
    expect(row?.at(-1)).toContain(
      'promoted on acceptance: success-rate is insufficient (thin), which priya accepted, because: the traffic is what it is'
    )
    expect(row?.at(-1)).toContain('every other criterion passes')
  })
})

test('the check table tells due, ran, late, by whom and with what outcome, and links the evidence', () => {
  const story = withLooks(inStagingFull(), ['3h', {}], ['483m', { outcomes: [53, 53] }])
  expect(section(logOf([...story, looked(story, '9h', {})]), 'Checks').slice(2)).toEqual([
    [
      'staging-full',
      'T+0, T+1h',
      '2026-06-01 10:00 UTC',
      '2026-06-01 11:00 UTC',
      '1h',
      'schedule',
      'priya, run 4711',
      '⏳ insufficient → continue',
      '[evidence/staging-full/T+1h](evidence/staging-full/T+1h)'
    ],
    [
      'staging-full',
      'T+6h',
      '2026-06-01 16:00 UTC',
      '2026-06-01 16:03 UTC',
      '3m',
      'schedule',
      'priya, run 4711',
      '⏳ insufficient → continue',
      '[evidence/staging-full/T+6h](evidence/staging-full/T+6h)'
    ],
    [
      'staging-full',
      'a sentinel at T+7h',
      '–',
      '2026-06-01 17:00 UTC',
      '–',
      'schedule',
      'priya, run 4711',
      '⏳ insufficient → continue',
      '[evidence/staging-full/sentinel](evidence/staging-full/sentinel)'
    ]
  ])
})

test('the rollback log has every step', () => {
  const rows = section(logOf(rolledBack()), 'Rollback log')
  expect(rows.map(([time, step]) => [time, step])).toEqual([
    ['2026-06-01 16:00 UTC', 'requested'],
    ['2026-06-01 16:02 UTC', 'reinstated'],
    ['2026-06-01 16:03 UTC', 'flags-off'],
    ['2026-06-01 16:05 UTC', 'redeployed'],
    ['2026-06-01 16:35 UTC', 'verified']
  ])
})

describe('the issues log', () => {
  test('has a hold once, however often looks repeat it, with when it ended', () => {
    const holding = withLooks(
      inStagingFull(),
      ['50h', { outcomes: [104, 107], manual: [2, 107] }],
      ['51h', { outcomes: [104, 107], manual: [2, 107] }]
    )
    const story: Story = [...holding, ['52h', { kind: 'resumed', reason: 'checked by hand' }]]
    expect(section(logOf(story), 'Issues log')).toEqual([
      [
        '2026-06-03 10:00 UTC',
        '2026-06-03 12:00 UTC',
        'staging-full',
        'held (warn)',
        'manual-review: 2 bad of 107 (1.9%) does not meet < 1%; needs at least 94 more good units to pass',
        'priya'
      ]
    ])
  })

  test('has holds by people, failed phases and an aborted rollout', () => {
    const story: Story = [
      ...inStagingFull().slice(0, 6),
      ['40m', { kind: 'held', cause: 'person', reason: 'lunch' }],
      ['60m', { kind: 'resumed', reason: 'back' }],
      ['61m', applying('staging-full')],
      [
        '62m',
        {
          kind: 'phase-failed',
          phase: 'staging-full',
          intent: 'e9',
          code: 'build_failed',
          message: 'it did not build'
        }
      ],
      ['63m', { kind: 'aborted', reason: 'not today' }]
    ]
    expect(section(logOf(story), 'Issues log').map(row => row.slice(1, 5))).toEqual([
      ['2026-06-01 09:00 UTC', '–', 'held (person)', 'lunch'],
      ['–', 'staging-full', 'failed', 'it did not build'],
      ['–', '–', 'aborted', 'not today']
    ])
  })

  test('has broken integrity even where a red verdict decided, once', () => {
    const integrity = [{ code: 'flag_drift', ok: false, message: 'A is "1"' }]
    const seen = { outcomes: [10, 40], manual: [0, 40] } as const
    const story = withLooks(
      inStagingFull(),
      ['8h', seen, { integrity }],
      ['9h', seen, { integrity }]
    )
    expect(section(logOf(story), 'Issues log').map(row => row.slice(3, 5))).toEqual([
      ['integrity', 'A is "1"']
    ])
  })
})

test('sign-offs name who approved what, and how that was proven', () => {
  expect(section(logOf(promoted()), 'Sign-offs')).toEqual([
    [
      '2026-06-03 11:00 UTC',
      'production-shadow',
      'amara',
      'numbers look good',
      'reviewer of the gate in run 4711'
    ],
    [
      '2026-06-04 13:00 UTC',
      'production-full',
      'amara',
      'numbers look good',
      'reviewer of the gate in run 4711'
    ]
  ])
})

test('final metrics are those of the last look of every phase', () => {
  const rows = section(logOf(rolledBack()), 'Final metrics')
  expect(rows.map(row => [row[0], row[2], row[3], row[6]])).toEqual([
    ['staging-shadow', 'coordinator-events', '0 events', '✅ pass'],
    ['staging-full', 'success-rate', '28 of 40 (70%)', '🛑 red'],
    ['staging-full', 'manual-review', '0 of 40 (0%)', '⏳ insufficient'],
    ['staging-full', 'errors', '0 errors', '✅ pass'],
    ['staging-full', 'circuit-open', '0 events', '✅ pass'],
    ['staging-full', 'state-machine', '0 transitions', '✅ pass'],
    ['staging-full', 'customers', '0 issues', '✅ pass']
  ])
})

test('without an event it is an empty form', () => {
  const log = logOf([])
  expect(log).toContain('# Verification log: assignment-pipeline-v3\n')
  expect(log).toContain('- Not started')
  expect(log.match(/None\./gu)).toHaveLength(7)
})

test('says in both zones when it was started and what it was written from', () => {
  expect(logOf(rolledBack())).toContain(
    '- Started: 2026-06-01 08:00 UTC (09:00 Europe/London) by priya\n- Ended: 2026-06-01 16:35 UTC (17:35 Europe/London)'
  )
  expect(logOf(rolledBack())).toContain(
    '- Written from 16 events, the last of 2026-06-01 16:35 UTC'
  )
})

test('no comment and no reason breaks a table', () => {
  fc.assert(
    fc.property(hostile, text => {
      const story: Story = [
        ...inStagingFull(),
        ['3h', { kind: 'held', cause: 'person', reason: text }],
        ['4h', applying('production-shadow', text)]
      ]
      for (const [head, ...rows] of tablesIn(logOf(story))) {
        expect(rows.every(row => row.length === head?.length)).toBe(true)
      }
    }),
    { numRuns: 50 }
  )
})

test('what was set going by itself stands there with its run, and the graduation with what it filed', () => {
  const url = 'https://github.com/acme/shop/actions/runs/4712'
  const issue = 'https://github.com/acme/shop/issues/12'
  const log = logOf([
    ...promoted(),
    ['294h', { kind: 'dispatched', operation: 'graduate', phase: 'production-full', url }],
    ['295h', { kind: 'graduated', message: '.env.example is not there', issue }]
  ])
  expect(section(log, 'Runs')).toEqual([
    ['2026-06-13 14:00 UTC', 'graduate', 'production-full', `[${url}](${url})`]
  ])
  expect(log).toContain(
    `- **Graduated:** [the clean-up is filed](${issue}); .env.example is not there`
  )
})
