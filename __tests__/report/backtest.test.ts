import { describe, expect, test } from '@jest/globals'
import { type BacktestInput, renderBacktest } from '../../src/report/backtest.ts'
import { toBacktestResult } from '../../src/report/backtest-result.ts'
import { pastShares } from '../../src/report/backtest-share.ts'
import { PAGE_LIMIT_BYTES } from '../../src/report/page.ts'
import { beginWalk, nextLook, takeLook, type Walk } from '../../src/rollout/backtest.ts'
import { type Definition, phaseNamed } from '../../src/rollout/definition.ts'
import {
  FROM,
  good,
  HOUR_MS,
  hours,
  type PastHour,
  QUIET,
  sightOf
} from '../rollout/imagined-past.ts'
import { parse, SMALL, smallWith } from '../rollout/small-definition.ts'
import { rowOf, tablesIn } from './tables.ts'

const OUTAGE = [...hours(60, good(5)), ...hours(2, { ...QUIET, bad: 5 }), ...hours(58, good(5))]
const EXTENDED = smallWith('checkpoints: [0m, 48h]', 'extend: 48h\n    checkpoints: [0m, 48h]')

function input(
  past: readonly PastHour[],
  text = SMALL,
  edit = (d: Definition) => d
): BacktestInput {
  const definition = edit(parse(text))
  const phase = phaseNamed(definition, 'second')
  if (phase === undefined) throw new Error('no phase')
  const span = { fromMs: FROM, untilMs: FROM + past.length * HOUR_MS }
  let walk: Walk = beginWalk({ definition, phase, ...span })
  for (let next = nextLook(walk); next !== undefined; next = nextLook(walk)) {
    walk = takeLook(walk, sightOf(past, next))
  }
  return { definition, span, walks: [walk], stopped: undefined }
}

const isFilled = (row: readonly string[]) => !row.includes('---')

/** Tables of a page: what the criteria said, the shares, the phases. */
const shareOf = (page: string) => tablesIn(page)[1]?.find(([first]) => first === 'rate')

const pageOf = (past: readonly PastHour[], text?: string) => renderBacktest(input(past, text))

describe('the page of a backtest', () => {
  const page = pageOf(OUTAGE)

  test('says first how many imaginary phases there are, how they ended, and by what', () => {
    expect(page).toMatch(/^## Backtest of small: 2026-03-01 00:00 UTC to 2026-03-06 00:00 UTC\n/u)
    expect(page).toContain(
      '**second, judged by full:** 4 imaginary phases, 124 looks: 2 promoted, 1 rolled back, 1 unfinished'
    )
    expect(page).toContain('**Rolled back by:** rate (red) 1 ×')
  })

  test('has one row for each: when, what and why, and when a criterion first warned and turned red', () => {
    const [, , phases = []] = tablesIn(page)
    expect(phases.map(row => row.slice(0, 4)).filter(isFilled)).toEqual([
      ['', 'began', 'ended', 'decision'],
      ['1', '2026-03-01 00:00 UTC', 'T+48h, 2026-03-03 00:00 UTC', 'promoted'],
      ['2', '2026-03-03 00:00 UTC', 'T+14h, 2026-03-03 14:00 UTC', 'rolled back'],
      ['3', '2026-03-03 14:00 UTC', 'T+48h, 2026-03-05 14:00 UTC', 'promoted'],
      ['4', '2026-03-05 14:00 UTC', 'T+10h, 2026-03-06 00:00 UTC', 'unfinished']
    ])
    expect(phases[3]?.slice(4)).toEqual([
      expect.stringMatching(/^rate: .*odds/u),
      'rate T+13h',
      'rate T+14h'
    ])
  })

  test('says of every criterion in how many phases it passed, warned and was red, and when first', () => {
    expect(rowOf(page, 'rate')).toEqual([
      'rate',
      'in 4 phases, after T+8h',
      'in 1 phase, first 2026-03-03 13:00 UTC',
      'in 1 phase, first 2026-03-03 14:00 UTC',
      '–'
    ])
    expect(rowOf(page, 'quiet')?.slice(1)).toEqual(['in 4 phases, after T+1h', '–', '–', '–'])
  })

  test('puts phases that ended alike, one after another, into one row', () => {
    const [, , phases = []] = tablesIn(pageOf([...hours(144, good(5)), ...hours(30, QUIET)]))
    expect(phases.filter(isFilled).slice(1)).toMatchObject([
      [
        '1–3',
        '2026-03-01 00:00 UTC',
        'T+48h each, 2026-03-07 00:00 UTC',
        'promoted',
        'every criterion passes',
        '–',
        '–'
      ],
      [
        '4',
        '2026-03-07 00:00 UTC',
        'T+30h, 2026-03-08 06:00 UTC',
        'unfinished',
        expect.stringMatching(/^rate: no units yet/u),
        '–',
        '–'
      ]
    ])
    const red = { ...good(5), events: 1 }
    const [, , ended = []] = tablesIn(pageOf([QUIET, red, red, red, QUIET]))
    expect(ended.filter(isFilled).slice(1)).toMatchObject([
      [
        '1–3',
        '2026-03-01 00:00 UTC',
        'T+1h to T+2h each, 2026-03-01 04:00 UTC',
        'rolled back',
        expect.stringMatching(/^the first: quiet: 1 event seen/u),
        '–',
        'quiet T+1h to T+2h'
      ],
      [
        '4',
        '2026-03-01 04:00 UTC',
        'T+1h, 2026-03-01 05:00 UTC',
        'unfinished',
        expect.any(String),
        '–',
        '–'
      ]
    ])
  })

  test('folds away every change of a verdict', () => {
    const [open = '', folded = ''] = page.split('<details>')
    expect(open).not.toContain('T+13h, 2026-03-03 13:00 UTC')
    expect(folded).toContain('| 2 | T+13h, 2026-03-03 13:00 UTC | rate | pass → ⚠️ warn |')
    expect(folded).toContain('warn → 🛑 red')
  })

  test('names the share of all that time, and how soon it could pass at this rate', () => {
    const row = shareOf(pageOf(hours(48, good(5))))
    expect(row).toEqual([
      'rate',
      'pass >= 97%; red < 90%',
      '240 of 240 (100%)',
      '120.0',
      '≈ 8h at this rate and volume (40 units)'
    ])
    const poor = hours(24, { ...good(19), bad: 1 })
    expect(shareOf(pageOf(poor))?.at(-1)).toBe('never at this rate')
  })

  test('tells when a pass would come in the extension only, or too late', () => {
    const sparse = (every: number) =>
      pageOf(
        hours(100, QUIET).map((hour, i) => (i % every ? hour : good(1))),
        EXTENDED
      )
    const [slow, slower] = [sparse(2), sparse(4)]
    expect(slow).toContain('(40 units): in the extension')
    expect(slow).toContain('1 went on after the soak for want of evidence')
    expect(slower).toContain('(40 units): too late, a phase lasts 4d at most')
    expect(slower).toContain('**Held by:** rate (insufficient) 1 ×')
  })
})

describe('a past without traffic', () => {
  test('is said to have nothing to say, with the way out', () => {
    const page = pageOf(hours(72, { ...QUIET, alive: false }))
    expect(page).toContain(
      '**No data in that time; the criteria have nothing to say.** A new path has'
    )
    expect(page).toContain('--definition, --metrics')
    expect(page).toContain('| rate | pass >= 97%; red < 90% | nothing counted | – | – |')
  })

  test('in which only silence can be judged says which criterion counted nothing', () => {
    const page = pageOf(hours(72, QUIET))
    expect(page).toContain('**No data in that time:** rate counted nothing and cannot pass.')
  })
})

describe('a past that the table does not reach back to', () => {
  const past = [...hours(96, { ...QUIET, alive: false }), ...hours(48, good(5))]

  test('is told, with the moment to begin at', () => {
    expect(pageOf(past)).toContain(
      '**No data before 2026-03-05 00:00 UTC:** 2 imaginary phases had nothing to go by. The table may not reach back further; begin there (--since 2026-03-05T00:00:00Z)'
    )
    expect(pageOf(past.slice(96))).not.toContain('**No data')
  })

  test('does not make the volume smaller than it is', () => {
    expect(shareOf(pageOf(past))?.slice(2, 4)).toEqual(['240 of 240 (100%)', '120.0'])
  })
})

describe('what stands beside it', () => {
  test('is what the database did not answer, each problem once', () => {
    const past = hours(50, good(5)).map((hour, i) => ({ ...hour, dark: i === 3 || i === 40 }))
    expect(pageOf(past)).toContain(
      '**Not answered in full:** 2 looks: rate: it is dark; quiet: it is dark; errors: it is dark'
    )
  })

  test('is what was left out, and why the walk ended early', () => {
    const reports = { kind: 'reports', name: 'calls', metric: 'reported/c', label: 'c' } as const
    const walked = input(hours(50, good(5)))
    const { definition } = walked
    const full = [...(definition.criteria['full'] ?? []), reports]
    const page = renderBacktest({
      ...walked,
      definition: { ...definition, criteria: { full } },
      stopped: { code: 'database_unreachable', message: 'The line is cut.' }
    })
    expect(page).toContain('**Left out:** calls: what was reported on GitHub')
    expect(page).toContain('did not answer any more: The line is cut.')
  })

  test('is never more than GitHub shows, however many phases there were', () => {
    const definition = SMALL.replace('soak: 48h', 'soak: 1h').replace('[0m, 48h]', '[0m, 1h]')
    const past = hours(300, good(50)).map((hour, i) => ({ ...hour, events: i % 2 }))
    const walked = input(past, definition)
    const page = renderBacktest(walked)
    expect(walked.walks[0]?.phases).toHaveLength(300)
    expect(page).toContain('… and 200 more; the result as JSON has all.')
    expect(new TextEncoder().encode(page).length).toBeLessThan(PAGE_LIMIT_BYTES)
  })
})

describe('the result of a backtest', () => {
  test('has everything, in instants that a machine reads', () => {
    const result = JSON.parse(JSON.stringify(toBacktestResult(input(OUTAGE))))
    expect(result).toMatchObject({
      version: 1,
      operation: 'backtest',
      definition: 'small',
      since: '2026-03-01T00:00:00.000Z',
      until: '2026-03-06T00:00:00.000Z',
      stopped: null,
      walks: [
        {
          phase: 'second',
          criteria: 'full',
          looks: 124,
          tallies: { promoted: 2, 'rolled-back': 1, unfinished: 1, held: 0, blind: 0, extended: 0 },
          silent: [],
          criteriaSaid: expect.arrayContaining([
            {
              criterion: 'rate',
              pass: {
                phases: 4,
                first: '2026-03-01T08:00:00.000Z',
                soonestMs: 8 * HOUR_MS,
                latestMs: 8 * HOUR_MS
              },
              warn: expect.objectContaining({ phases: 1, first: '2026-03-03T13:00:00.000Z' }),
              red: expect.objectContaining({ phases: 1, soonestMs: 14 * HOUR_MS })
            }
          ]),
          shares: [{ criterion: 'rate', hits: 590, all: 600, pass: { units: 56 } }]
        }
      ]
    })
    expect(result.walks[0].phases[1]).toMatchObject({
      began: '2026-03-03T00:00:00.000Z',
      ended: '2026-03-03T14:00:00.000Z',
      outcome: 'rolled-back',
      decision: 'rollback',
      rule: 'any-red',
      criteria: ['rate']
    })
    expect(result.walks[0].phases[1].turns).toContainEqual({
      at: '2026-03-03T13:00:00.000Z',
      criterion: 'rate',
      was: 'pass',
      verdict: 'warn',
      code: expect.any(String),
      message: expect.any(String)
    })
  })
})

test('a share is that of all imaginary phases together, on the side that the definition counts', () => {
  const [walk] = input(OUTAGE).walks
  const [share] = walk === undefined ? [] : pastShares(walk)
  expect(share).toMatchObject({ hits: 590, all: 600 })
  expect(share?.perDay).toBeCloseTo(120)
})
