import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderDashboard } from '../../src/report/dashboard.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import { hostile } from './hostile.ts'
import {
  at,
  definition,
  inStagingFull,
  promoted,
  promotedOnThin,
  rolledBack,
  started,
  stateOf,
  told,
  withLooks
} from './story.ts'
import { tablesIn } from './tables.ts'

type Story = readonly (readonly [string, EventBody])[]

function dashboardOf(
  previous: string | undefined,
  story: Story,
  now: string,
  name = definition.name
) {
  const state = stateOf(told(...story))
  return renderDashboard({ previous, definition: { ...definition, name }, state, now: at(now) })
}

function rows(page: string): readonly (readonly string[])[] {
  return tablesIn(page).flat().slice(2)
}

const looking = withLooks(inStagingFull(), ['8h', { outcomes: [53, 53], manual: [0, 53] }])
const LINK = '[assignment-pipeline-v3#1](assignment-pipeline-v3/1/verification.md)'

test('the first entry makes the whole file', () => {
  const page = dashboardOf(undefined, looking, '9h')
  expect(page).toMatch(/^# Rollgate\n\n.*\n\n<!-- rollgate:dashboard -->\n\| rollout \|/u)
  expect(rows(page)).toEqual([
    [
      LINK,
      'staging-full',
      'running',
      '2026-06-01 16:00 UTC, 1h old at 2026-06-01 17:00 UTC',
      '⏳ insufficient → continue',
      'the look T+12h of staging-full is due at 2026-06-01 22:00 UTC (23:00 Europe/London)'
    ]
  ])
})

test('a promotion on what a person accepted does not look like a proven one', () => {
  const [row] = rows(dashboardOf(undefined, promotedOnThin(), '99h'))
  expect(row?.[4]).toBe('⏳ insufficient, accepted → promote')
})

test('a rollout without a look shows that it has none', () => {
  expect(rows(dashboardOf(undefined, [['0m', started]], '1m'))[0]?.slice(1)).toEqual([
    '–',
    'running',
    '–',
    '–',
    'staging-shadow is applied. @acme/booking: start it (advance in the Actions tab, or rollgate apply)'
  ])
})

test('a look that is older than the definition allows is said to be too old', () => {
  expect(rows(dashboardOf(undefined, looking, '15h'))[0]?.[3]).toMatch(
    /7h old at .*: too long ago$/u
  )
  expect(rows(dashboardOf(undefined, promoted(), '300h'))[0]?.[3]).not.toContain('too long')
})

test('after a rollback the last look is that of the watch', () => {
  const [row] = rows(dashboardOf(undefined, rolledBack(), '9h'))
  expect(row?.slice(1, 3)).toEqual(['staging-full', 'rolled-back'])
  expect(row?.[4]).toBe('✅ pass')
})

describe('a file that is there', () => {
  const first = dashboardOf(undefined, looking, '9h')
  const both = dashboardOf(first, promoted(), '127h', 'menu-search')

  test('keeps the rows of other definitions, in the order of their names', () => {
    expect(rows(both)).toHaveLength(2)
    expect(rows(both)[0]).toEqual(rows(first)[0])
    expect(rows(both)[1]?.[0]).toBe('[menu-search#1](menu-search/1/verification.md)')
  })

  test('has the row of its own definition replaced', () => {
    const again = dashboardOf(both, rolledBack(), '9h')
    expect(rows(again).map(row => row[2])).toEqual(['rolled-back', 'promoted'])
  })

  test('keeps what people wrote around the table', () => {
    const noted = `${first.replace('# Rollgate', '# Ours\n\nCall Amara.')}\nSee also the wiki.\n`
    const again = dashboardOf(noted, looking, '9h')
    expect(again).toBe(noted)
  })

  test('is written again the same when nothing has changed', () => {
    expect(dashboardOf(both, looking, '9h')).toBe(both)
  })

  test.each([
    ['is empty', ''],
    ['is something else', '# Hello\n\n| a |\n| --- |\n'],
    ['has lost its closing mark', first.replace('<!-- /rollgate:dashboard -->', '')],
    [
      'has its marks the wrong way round',
      '<!-- /rollgate:dashboard -->\n<!-- rollgate:dashboard -->'
    ],
    ['has its marks twice', first + first]
  ])('starts anew when it %s', (_, previous) => {
    expect(dashboardOf(previous, looking, '9h')).toBe(first)
  })

  test('loses rows that nobody can read, and no others', () => {
    const torn = both.replace(/\n(\| \[menu-search)/u, '\n| torn |\n$1')
    expect(dashboardOf(torn, looking, '9h')).toBe(both)
  })
})

test('no reason and no former file breaks the table', () => {
  fc.assert(
    fc.property(hostile, hostile, (reason, previous) => {
      const story: Story = [...looking, ['9h', { kind: 'held', cause: 'person', reason }]]
      const page = dashboardOf(previous, story, '9h')
      expect(rows(page)).toHaveLength(1)
      expect(rows(dashboardOf(page, story, '9h', 'menu-search'))).toHaveLength(2)
    })
  )
})
