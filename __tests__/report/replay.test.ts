import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderReplay, replayDocument } from '../../src/report/replay.ts'
import type { LookEvent } from '../../src/rollout/events.ts'
import type { ReplayedLook, ReplayedRollout } from '../../src/rollout/replay.ts'
import { look, told } from '../rollout/ledger-story.ts'
import { hostile } from './hostile.ts'
import { rowOf, tablesIn } from './tables.ts'

const looks = told(...Array.from({ length: 150 }, () => look('staging-full', 'continue'))).map(
  event => event as LookEvent
)

const rollout = (made: readonly ReplayedLook[], more: Partial<ReplayedRollout> = {}) => ({
  definition: 'assignment-pipeline-v3',
  number: 1,
  looks: made,
  contradictions: [],
  obstacles: [],
  ...more
})

const agreeing = (one: LookEvent): ReplayedLook => ({
  look: one,
  obstacle: undefined,
  differences: []
})
const lost = (one: LookEvent): ReplayedLook => ({ ...agreeing(one), obstacle: 'it is too old' })
const differing = (one: LookEvent): ReplayedLook => ({
  ...agreeing(one),
  differences: [
    { field: 'judgements.errors.finding.verdict', recorded: '"pass"', recomputed: '"red"' },
    { field: 'judgements.errors.finding.errors', recorded: '1', recomputed: '2' },
    { field: 'judgements.errors.verdict', recorded: '"pass"', recomputed: '"red"' },
    { field: 'decision', recorded: '"continue"', recomputed: '"rollback"' },
    { field: 'cause', recorded: '"warn"', recomputed: undefined }
  ]
})

const report = (...rollouts: readonly ReplayedRollout[]) => ({ place: 'ledger.git', rollouts })

test('a ledger that agrees is one line and one row', () => {
  const page = renderReplay(report(rollout(looks.map(agreeing))))
  expect(page.split('\n')[0]).toBe('## Replay of ledger.git: every verdict and decision agrees')
  const [, , ...cells] = rowOf(page, 'assignment-pipeline-v3#1') ?? []
  expect(cells).toEqual(['150', '150', '0', '0', 'agrees'])
  expect(tablesIn(page)).toHaveLength(1)
})

test('a difference is told with both sides, decisions and verdicts first, each once', () => {
  const [first, second] = looks as [LookEvent, LookEvent]
  const page = renderReplay(report(rollout([agreeing(first), differing(second)])))
  expect(page).toContain('not everything agrees')
  const [, differences = []] = tablesIn(page)
  expect(differences.slice(2).map(row => row.slice(3))).toEqual([
    ['`decision`', '<code>"continue"</code>', '<code>"rollback"</code>'],
    ['`cause`', '<code>"warn"</code>', '–'],
    ['`judgements.errors.verdict`', '<code>"pass"</code>', '<code>"red"</code>'],
    ['`judgements.errors.finding.errors`', '`1`', '`2`']
  ])
  expect(differences.slice(2).every(([event]) => event === '2')).toBe(true)
})

test('looks that the same keeps from being made again are one row, and no difference', () => {
  const made = [...looks.slice(0, 140).map(lost), ...looks.slice(140).map(agreeing)]
  const page = renderReplay(report(rollout(made)))
  expect(page).toContain('nothing differs, but not everything can be made again')
  expect(rowOf(page, '140 looks')).toEqual(['140 looks', '1 to 140', 'it is too old'])
})

test('a long list is cut in the page and whole in the document', () => {
  const one = report(rollout(looks.map(differing)))
  const page = renderReplay(one)
  expect(page).toContain('500 more; the JSON document has them all.')
  expect(replayDocument(one)).toMatchObject({
    outcome: 'differs',
    rollouts: [{ looks: 150, disagreeing: { length: 150 } }]
  })
})

test('whatever was written into the ledger, no table of the page is broken by it', () => {
  fc.assert(
    fc.property(hostile, text => {
      const [first] = looks as [LookEvent]
      const difference = { field: text, recorded: JSON.stringify(text), recomputed: undefined }
      const phase = { ...first, phase: text }
      const made = [
        { look: phase, obstacle: undefined, differences: [difference] },
        { ...lost(phase), obstacle: text }
      ]
      const page = renderReplay({
        place: text,
        rollouts: [rollout(made, { contradictions: [text], obstacles: [text] })]
      })
      for (const rows of tablesIn(page)) {
        expect(new Set(rows.map(cells => cells.length)).size).toBe(1)
      }
      expect(page).not.toMatch(/<script>|\$\{\{|::set-output/u)
    })
  )
})
