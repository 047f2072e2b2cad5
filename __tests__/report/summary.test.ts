import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderSummary, type SummaryInput } from '../../src/report/summary.ts'
import type { EventBody, LookBody } from '../../src/rollout/events.ts'
import { EXPRESSION, hostile } from './hostile.ts'
import {
  applying,
  at,
  definition,
  inStagingFull,
  looked,
  planned,
  promoted,
  promotedOnThin,
  rollbackRequested,
  rolledBack,
  started,
  stateOf,
  told,
  withLooks
} from './story.ts'
import { rowOf, tablesIn } from './tables.ts'

type Story = readonly (readonly [string, EventBody])[]

function summaryOf(story: Story, now: string, more: Partial<SummaryInput> = {}): string {
  return renderSummary({ definition, state: stateOf(told(...story)), now: at(now), ...more })
}

/** What is above the table of criteria. */
function firstScreen(page: string): readonly string[] {
  return (page.split(/\n\n(?:\||<details>)/u)[0] ?? '').split('\n').filter(line => line !== '')
}

const warned = withLooks(
  inStagingFull(),
  ['8h', { outcomes: [53, 55], manual: [1, 55] }],
  ['50h', { outcomes: [104, 107], manual: [2, 107], errors: 2 }]
)

test('a figure that people will look for is shown as never judged, and escaped', () => {
  const [[, last] = []] = warned.slice(-1)
  const look = { ...(last as LookBody), at: at('50h') }
  const shown = [{ metric: 'runbook-figure', label: 'the runbook | it', hits: 58, total: 60 }]
  const page = summaryOf(warned, '50h', { look: { ...look, shown } })
  expect(page).toContain('- Shown, never judged: the runbook &#124; it: 58 of 60 (96.7%)')
  expect(summaryOf(warned, '50h', { look })).not.toContain('never judged')
})

describe('the first screen', () => {
  test('of a rollout that was never started says how to start it', () => {
    expect(firstScreen(summaryOf([], '0m'))).toEqual([
      '## assignment-pipeline-v3 is not-started',
      'No look was made yet.',
      '- **Why:** nothing was judged yet',
      '- **Next:** the rollout starts as assignment-pipeline-v3#1 with staging-shadow',
      '- **Who:** @acme/booking: start it (advance in the Actions tab, or rollgate apply)'
    ])
  })

  test('of a running rollout names the next look in UTC and in the time zone of the definition', () => {
    const story = withLooks(inStagingFull(), ['8h', { outcomes: [53, 53], manual: [0, 53] }])
    const look = told(...story).at(-1) as LookBody
    expect(firstScreen(summaryOf(story, '8h', { look }))).toEqual([
      '## assignment-pipeline-v3#1 is running in staging-full',
      '**⏳ insufficient → continue** at T+0, T+1h, T+6h of staging-full, by the rule soaking.',
      '- **Why:** manual-review: 0 bad of 53 (0%) is within < 1% but too little to tell; needs at least 20 more good units to pass',
      '- **Next:** the look T+12h of staging-full is due at 2026-06-01 22:00 UTC (23:00 Europe/London)',
      '- **Who:** nobody has to do anything'
    ])
  })

  test('of a phase that was promoted on an acceptance says whose, and why', () => {
    const [heading, verdict, why] = firstScreen(summaryOf(promotedOnThin(), '99h'))
    expect(heading).toBe('## assignment-pipeline-v3#1 is running in staging-full')
    expect(verdict).toContain('**⏳ insufficient, accepted → promote**')
    expect(verdict).toContain('by the rule accepted')
    expect(why).toContain(
      '**Why:** success-rate is insufficient (thin), which priya accepted, because: the traffic is what it is'
    )
    expect(why).toContain('every other criterion passes')
  })

  test('of a held rollout says why it is held and who can end it', () => {
    expect(firstScreen(summaryOf(warned, '50h'))).toEqual([
      '## assignment-pipeline-v3#1 is held in staging-full',
      '**⚠️ warn → hold** at T+12h, T+24h, T+36h, T+48h of staging-full, by the rule final-warn; the last look, 2026-06-03 10:00 UTC (11:00 Europe/London).',
      '- **Why:** manual-review: 2 bad of 107 (1.9%) does not meet < 1%; needs at least 94 more good units to pass; errors: 2 errors in 1 bucket of 5 min, not sustained',
      '- **Next:** nothing moves forward while it is held; every wake-up still looks at staging-full',
      '- **Who:** @acme/booking: resume it with a reason and look again, advance to staging-full again to begin its soak anew, roll it back, or take what was found upon yourself: rollgate resume --accept-warning --reason "…" (in the Actions tab: resume, accept: warnings)'
    ])
  })

  test('of a rollback under way gives the reason of the rollback', () => {
    const story: Story = [...warned, ['51h', rollbackRequested('staging-full', 'guests call us')]]
    const [heading, verdict, why] = firstScreen(summaryOf(story, '51h'))
    expect(heading).toBe('## assignment-pipeline-v3#1 is rolling-back in staging-full')
    expect(verdict).toContain('the last look')
    expect(why).toBe('- **Why:** guests call us')
  })

  test('of a rolled-back rollout shows the red look and whether the rollback is proven', () => {
    expect(firstScreen(summaryOf(rolledBack(), '9h'))).toEqual([
      '## assignment-pipeline-v3#1 is rolled-back in staging-full',
      '**🛑 red → rollback** at T+6h of staging-full, by the rule any-red; the last look, 2026-06-01 16:00 UTC (17:00 Europe/London).',
      '- **Why:** success-rate: in the whole phase: 28 good of 40; odds 142,048 : 1 against a healthy service',
      '- **Rollback:** verified: no new start since 16:05, and legacy events are back',
      '- **Next:** the rollout is over; a new attempt is assignment-pipeline-v3#2, from staging-shadow on',
      '- **Who:** @acme/booking: find the cause before a new attempt'
    ])
  })

  test('of a rollback that failed calls for a person', () => {
    const end: EventBody = {
      kind: 'rollback-finished',
      intent: 'e11',
      outcome: 'failed',
      message: 'the flags could not be read back'
    }
    const page = summaryOf([...rolledBack().slice(0, -1), ['9h', end]], '9h')
    expect(page).toContain('is rollback-failed in staging-full')
    expect(page).toContain('**Rollback:** failed: the flags could not be read back')
    expect(page).toContain('run rollback again, or finish it by hand')
  })

  test('of a promoted rollout does not list every pass again', () => {
    const lines = firstScreen(summaryOf(promoted(), '127h'))
    expect(lines[0]).toBe('## assignment-pipeline-v3#1 is promoted in production-full')
    expect(lines[2]).toBe('- **Why:** every criterion passes')
  })

  test('of a phase that failed says that its target stands as before', () => {
    const story: Story = [
      ...inStagingFull().slice(0, 6),
      ['1h', applying('staging-full')],
      [
        '2h',
        { kind: 'phase-failed', phase: 'staging-full', intent: 'e7', code: 'x', message: 'no' }
      ]
    ]
    expect(summaryOf(story, '2h')).toContain(
      '**Why:** applying the phase failed, and its target was put back: no'
    )
  })

  test('begins with what the operation says, when it says something', () => {
    const lines = firstScreen(summaryOf(warned, '50h', { headline: 'Nothing was <due>' }))
    expect(lines.slice(0, 2)).toEqual([
      '## Nothing was &lt;due>',
      'assignment-pipeline-v3#1 is held in staging-full.'
    ])
  })

  test('shows the look before while the next phase is only planned', () => {
    const story: Story = [...inStagingFull().slice(0, 6), ['1h', planned('staging-full')]]
    expect(summaryOf(story, '1h')).toContain('**✅ pass → promote** at T+30m of staging-shadow')
  })
})

describe('the table of criteria', () => {
  test('counts on the side of the definition, with the bounds, the sequence and the trend', () => {
    const page = summaryOf(warned, '50h')
    expect(rowOf(page, 'success-rate')).toEqual([
      'success-rate',
      '104 of 107 (97.2%)',
      'pass >= 97%; red < 90%',
      '87.7% – 99.9%',
      '✅ pass',
      'better than 53 of 55 (96.4%); was warn'
    ])
    expect(rowOf(page, 'manual-review')).toEqual([
      'manual-review',
      '2 of 107 (1.9%)',
      'pass < 1%; red > 5%',
      '0.0% – 10.7%',
      '⚠️ warn',
      'worse than 1 of 55 (1.8%)'
    ])
    expect(rowOf(page, 'errors')?.slice(1)).toEqual([
      '2 errors in 1 bucket',
      'none; red in 3 buckets of 5m in a row, or in 4 of 12',
      '–',
      '⚠️ warn',
      '2 more; was pass'
    ])
    expect(rowOf(page, 'circuit-open')?.slice(1)).toEqual([
      '0 events',
      'none, while telemetry arrives',
      '–',
      '✅ pass',
      'unchanged'
    ])
  })

  test('says first look where there is nothing to compare with', () => {
    const story = withLooks(inStagingFull(), ['3h', { outcomes: [9, 9] }])
    expect(rowOf(summaryOf(story, '3h'), 'success-rate')?.at(-1)).toBe('first look')
  })

  test('compares a look that was not recorded with the last one that was', () => {
    const recorded = withLooks(inStagingFull(), ['3h', { outcomes: [9, 9] }])
    const [, body] = looked(recorded, '3h', { outcomes: [10, 10] })
    const look = { ...body, at: at('4h') } as LookBody
    const page = summaryOf(recorded, '4h', { look })
    expect(rowOf(page, 'success-rate')?.at(-1)).toBe('level with 9 of 9 (100%)')
    expect(page).toContain('evidence: not kept; this look said nothing new')
  })

  test('shows nothing instead of zeros for what was not answered', () => {
    const blind = looked(inStagingFull(), '3h', {}, { blind: 'connection refused' })
    const page = summaryOf([...inStagingFull(), blind], '3h')
    expect(rowOf(page, 'success-rate')?.slice(1, 5)).toEqual([
      '–',
      'pass >= 97%; red < 90%',
      '–',
      '❌ error'
    ])
    expect(page).toContain('window: none: the database could not be asked')
    expect(firstScreen(page)).toContain(
      '- **Who:** @acme/booking: put right what the reason names, or roll it back'
    )
  })

  test('shows a finding of another version as far as it can be read', () => {
    const story = withLooks(inStagingFull(), ['3h', { outcomes: [9, 9] }])
    const look = told(...story).at(-1) as LookBody
    const judgements = look.judgements.map(judgement => ({
      ...judgement,
      finding: { ...judgement.finding, logE: null, sequence: 'wide', events: -1 }
    }))
    const page = summaryOf(story, '3h', { look: { ...look, judgements } })
    expect(rowOf(page, 'success-rate')?.slice(1, 4)).toEqual([
      '9 of 9 (100%)',
      'pass >= 97%; red < 90%',
      '–'
    ])
    expect(rowOf(page, 'circuit-open')?.[1]).toBe('–')
  })

  test('names no bounds for a criterion that the definition no longer has', () => {
    const state = stateOf(told(...warned))
    const page = renderSummary({
      definition: { ...definition, criteria: {} },
      state,
      now: at('50h')
    })
    expect(rowOf(page, 'success-rate')?.slice(1, 3)).toEqual(['104 of 107 (97.2%)', '–'])
  })
})

describe('the folds', () => {
  test('tell how far every verdict is from another one', () => {
    const page = summaryOf(warned, '50h')
    const rows = tablesIn(page)[1]
    expect(rows?.[2]).toEqual([
      'success-rate',
      '`adequate`',
      'whole phase: 104 good of 107',
      '9 more bad units',
      '–',
      '0.2 : 1',
      '65 : 1'
    ])
    expect(rows?.[3]?.slice(3, 5)).toEqual(['4 more bad units', '94 more good units'])
    expect(rows?.[4]?.slice(2, 5)).toEqual(['as the reason says', 'sustained errors', '–'])
  })

  test('tell what of the world is broken', () => {
    const integrity = [{ code: 'flag_drift', ok: false, message: 'A is "1", the phase wants "0"' }]
    const story: Story = [...inStagingFull(), looked(inStagingFull(), '3h', {}, { integrity })]
    const page = summaryOf(story, '3h')
    expect(page).toContain('<summary>Integrity: 1 broken</summary>')
    expect(rowOf(page, '`flag_drift`')).toEqual([
      '`flag_drift`',
      'broken',
      'A is "1", the phase wants "0"'
    ])
  })

  test('show every phase with its flags, in the table and in the diagram', () => {
    const page = summaryOf(rolledBack(), '9h')
    expect(page).toContain(
      '    2 staging-full rolled-back :crit, p2, 2026-06-01 10:00, 2026-06-01 16:00'
    )
    expect(rowOf(page, '2 staging-full')?.slice(1, 6)).toEqual([
      'preview',
      'rolled-back',
      '2026-06-01 10:00 UTC',
      '2026-06-01 16:00 UTC',
      '6h'
    ])
    expect(rowOf(page, '3 production-shadow')?.slice(2, 4)).toEqual(['pending', '–'])
    expect(page).not.toContain('production-scale-4')
  })

  test('tell what the rollback did, step by step', () => {
    const page = summaryOf(rolledBack(), '9h')
    expect(rowOf(page, '2026-06-01 16:05 UTC')).toEqual([
      '2026-06-01 16:05 UTC',
      'redeployed',
      'preview serves dpl_clean'
    ])
    expect(rowOf(page, '2026-06-01 16:20 UTC')?.[2]).toBe('✅ pass: every criterion passes so far')
  })

  test('tell from what the look was made', () => {
    const page = summaryOf(warned, '50h')
    expect(page).toContain('- ran: 2026-06-03 10:00 UTC, 36h late')
    expect(page).toContain('- snapshot: `771:771:`')
    expect(page).toContain('- evidence: `assignment-pipeline-v3/1/evidence/staging-full/T+48h`')
    expect(page).toContain(`| \`sql/metrics/coordinator.sql\` | \`${'ab'.repeat(32)}\` |`)
  })
})

describe('whatever people and databases write', () => {
  const sane = (page: string) => {
    for (const [head, ...rows] of tablesIn(page)) {
      expect(rows.every(row => row.length === head?.length)).toBe(true)
    }
    expect(page).not.toMatch(/<(?!\/?(?:details|summary|code|br)>|[ =\d])/u)
    expect(page).not.toMatch(/^::|\$\{\{|\u202e/mu)
    expect(page.match(/<details>/gu)?.length).toBe(page.match(/<\/details>/gu)?.length)
  }

  function hostileSummary(text: string): string {
    const story: Story = withLooks(inStagingFull(), ['3h', { outcomes: [9, 9] }])
    const look = told(...story).at(-1) as LookBody
    const judgements = look.judgements.map(one => ({
      ...one,
      criterion: text,
      message: text,
      code: text
    }))
    const integrity = [{ code: text, ok: false, message: text }]
    const digests = { [text]: text }
    const held: EventBody = { kind: 'held', cause: 'person', reason: text }
    return summaryOf([...story, ['4h', held]], '4h', {
      look: { ...look, judgements, integrity, digests, reason: text, rule: text, wokenBy: text },
      headline: text,
      evidenceFolder: text
    })
  }

  test.each([
    ['pipes and backticks', '| a | `b` | ```'],
    ['HTML', '</details></summary><script>alert(1)</script><!--'],
    ['new lines', 'a\n\n# b\r\n| c |\n```mermaid'],
    ['workflow commands', '\n::set-output name=decision::promote\n::add-mask::x'],
    ['expressions', EXPRESSION],
    ['text from right to left', '\u202eedoc live\u2066 مرحبا'],
    ['ten thousand characters', '|<>`'.repeat(2500)]
  ])('%s break neither a table nor the page', (_, text) => {
    sane(hostileSummary(text))
  })

  test('no text at all breaks a table or the page', () => {
    fc.assert(
      fc.property(hostile, text => sane(hostileSummary(text))),
      { numRuns: 50 }
    )
  })

  test('a page of any length stays under 900 KiB and says where it was cut', () => {
    const story = withLooks(inStagingFull(), ['3h', { outcomes: [9, 9] }])
    const look = told(...story).at(-1) as LookBody
    const files = Array.from({ length: 12_000 }, (_, i) => [
      `sql/metrics/${i}.sql`,
      'ab'.repeat(32)
    ])
    const page = summaryOf(story, '3h', { look: { ...look, digests: Object.fromEntries(files) } })
    expect(Buffer.byteLength(page)).toBeLessThan(900 * 1024)
    expect(page.slice(-100)).toMatch(/_Cut here: .*_\n$/u)
    sane(page)
  })
})

test('the same input is the same page', () => {
  expect(summaryOf(warned, '50h')).toBe(summaryOf(warned, '50h'))
})

test('a phase that is named like a word of Mermaid is still a phase of the diagram', () => {
  const [first] = definition.phases
  if (first === undefined) throw new Error('no phase')
  const odd = { ...definition, phases: [{ ...first, name: 'title' }] }
  const state = stateOf(
    told(['0m', started], ['1m', { ...applying('staging-shadow'), phase: 'title' } as EventBody])
  )
  const page = renderSummary({ definition: odd, state, now: at('2m') })
  expect(page).toContain('    1 title applying :active, p1, 2026-06-01 08:01, 2026-06-01 08:02')
})
