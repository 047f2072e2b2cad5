import { beforeAll, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { graduate } from '../../src/operations/graduate.ts'
import { hold } from '../../src/operations/hold.ts'
import type { ReplayRequest } from '../../src/operations/replay.ts'
import { resume } from '../../src/operations/resume.ts'
import { parseEventLog, renderEventLog } from '../../src/rollout/event-log.ts'
import type { LedgerEvent, LookEvent } from '../../src/rollout/events.ts'
import { type ReplayedRollout, replayOutcome } from '../../src/rollout/replay.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'
import { startGithubWorld } from '../github/world.ts'
import { readLedgerContent } from './ledger-content.ts'
import {
  advance,
  coordinator,
  graduating,
  HOUR_MS,
  loadTwoPhases,
  MINUTE_MS,
  type Outside,
  openOutside,
  START_MS,
  telemetry
} from './outside.ts'
import { replayed as replayArchive } from './proven.ts'

type Files = Map<string, string>

const FOLDER = 'two-phases/1'
const LOG = `${FOLDER}/events.jsonl`

/** What a replay of these files says. */
function replayed(files: ReadonlyMap<string, string>, request: ReplayRequest = {}) {
  const archive = {
    list: () => Promise.resolve([...files.keys()]),
    read: (path: string) => Promise.resolve(files.get(path))
  }
  return replayArchive(archive, request)
}

async function only(files: ReadonlyMap<string, string>): Promise<ReplayedRollout> {
  const [rollout, ...more] = await replayed(files)
  expect(more).toEqual([])
  if (rollout === undefined) throw new Error('Nothing was replayed.')
  return rollout
}

/** The looks that do not agree, by their place, and in which fields. */
const differing = ({ looks }: ReplayedRollout) =>
  Object.fromEntries(
    looks
      .filter(({ differences }) => differences.length > 0)
      .map(({ look, differences }) => [look.seq, differences])
  )

const lost = ({ looks }: ReplayedRollout) =>
  Object.fromEntries(
    looks.flatMap(({ look, obstacle }) => (obstacle ? [[look.seq, obstacle]] : []))
  )

function eventsOf(files: ReadonlyMap<string, string>): LedgerEvent[] {
  return structuredClone([...parseEventLog(files.get(LOG) ?? '', LOG)])
}

const looksOf = (files: ReadonlyMap<string, string>): LookEvent[] =>
  eventsOf(files).filter(event => event.kind === 'look')

/** The same ledger after somebody has been at its events. */
function withEvents(
  files: Files,
  change: (events: LedgerEvent[]) => readonly LedgerEvent[]
): Files {
  return new Map(files).set(LOG, renderEventLog(change(eventsOf(files))))
}

const readingOf = ({ evidence }: LookEvent): string => `${FOLDER}/${evidence}/reading.json`

async function kept(story: (outside: Outside) => Promise<void>, options = {}): Promise<Files> {
  const outside = await openOutside(options)
  try {
    await story(outside)
    return new Map((await readLedgerContent(outside.ledgerFolder)).files)
  } finally {
    await outside.close()
  }
}

async function expectProven(files: Files, looks: number): Promise<void> {
  const rollout = await only(files)
  expect([differing(rollout), lost(rollout)]).toEqual([{}, {}])
  expect(replayOutcome([rollout])).toBe('agrees')
  expect(rollout.looks.map(({ look }) => look.seq)).toEqual(looksOf(files).map(({ seq }) => seq))
  expect(rollout.looks).toHaveLength(looks)
}

const woken = { wokenBy: 'cron' }
const at = (outside: Outside, hours: number) => outside.clock.advanceTo(START_MS + hours * HOUR_MS)

async function lookAfter(outside: Outside, ...hours: readonly number[]): Promise<void> {
  for (const hour of hours) {
    await at(outside, hour)
    await check(outside.process(), woken)
  }
}

/** Stage, live, promotion and graduation. */
async function wholeStory(outside: Outside): Promise<void> {
  await advance(outside)
  await lookAfter(outside, 1, 2, 12.1)
  await at(outside, 37)
  await graduate(outside.process(), 'test')
}

/** Ninety minutes in, a circuit opens; half an hour later it is proven that the old state is back. */
async function redStory(outside: Outside): Promise<void> {
  await advance(outside)
  await lookAfter(outside, 0.6, 1.1)
  await advance(outside)
  await lookAfter(outside, 1.7, 1.9, 2.4, 2.6)
}

const CIRCUIT = [...telemetry(), coordinator('circuit_open', START_MS + 90 * MINUTE_MS)]

let whole: Files
let red: Files

beforeAll(async () => {
  whole = await kept(wholeStory, { edit: graduating })
  red = await kept(redStory, { events: CIRCUIT })
})

describe('every look comes to the same again', () => {
  test('of a rollout that is promoted and graduates', () => expectProven(whole, 5))

  test('of one that is rolled back and watched until the old state is proven to be back', async () => {
    const looks = looksOf(red)
    expect(looks.map(({ purpose }) => purpose)).toContain('watch')
    expect(eventsOf(red).at(-1)).toMatchObject({ kind: 'rollback-finished', outcome: 'verified' })
    await expectProven(red, looks.length)
  })

  test('of one that is blind, held, resumed and frozen in turn', async () => {
    const files = await kept(async outside => {
      await advance(outside)
      const blind = {
        look: () => Promise.reject(new EvidenceError('database_unreachable', 'No answer.', 'Wait.'))
      }
      await at(outside, 0.6)
      const { metrics } = outside.process()
      await check(outside.process({ more: { metrics: { ...metrics, ...blind } } }), woken)
      await lookAfter(outside, 0.7)
      await hold(outside.process(), 'wait for the import')
      await lookAfter(outside, 0.8)
      await resume(outside.process(), 'it is over')
      await at(outside, 1.1)
      await check(outside.process(), { ...woken, frozen: 'a sale' })
      await lookAfter(outside, 1.2)
    })
    const decisions = looksOf(files).map(({ decision, cause }) =>
      `${decision} ${cause ?? ''}`.trim()
    )
    expect(decisions).toEqual([
      'continue',
      'hold error',
      'continue',
      'hold person',
      'hold frozen',
      'promote'
    ])
    await expectProven(files, decisions.length)
  })

  test('each by the definition that it was judged by, when that changes on the way', async () => {
    const changed = await loadTwoPhases(text => text.replace('max: 6h', 'max: 5h'))
    const files = await kept(async outside => {
      await advance(outside)
      await at(outside, 0.5)
      await check(outside.process({ more: { definition: changed } }), woken)
      await lookAfter(outside, 1.1)
    })
    const paths = [...files.keys()].filter(path => path.includes('/definitions/'))
    expect(paths).toContain(`${FOLDER}/definitions/${changed.digest}.yml`)
    expect(paths).toHaveLength(2)
    await expectProven(files, 3)
  })

  test('of every rollout of a ledger, in the order of their numbers', async () => {
    const files = await kept(
      async outside => {
        await redStory(outside)
        await at(outside, 3)
        await advance(outside)
      },
      { events: CIRCUIT }
    )
    const rollouts = await replayed(files)
    expect(rollouts.map(({ number }) => number)).toEqual([1, 2])
    expect(replayOutcome(rollouts)).toBe('agrees')
    expect(await replayed(files, { number: 2 })).toEqual([rollouts[1]])
  })
})

describe('what does not follow from what was kept is told', () => {
  let redLook: LookEvent

  beforeAll(() => {
    const found = looksOf(red).find(({ decision }) => decision === 'rollback')
    if (found === undefined) throw new Error('Nothing was red.')
    redLook = found
  })

  test('one number changed in one reading: that look and no other, with both values', async () => {
    const path = readingOf(redLook)
    const reading = JSON.parse(red.get(path) ?? '')
    reading.reading.answers['circuit-open'].rows[0].hits = 0
    const rollout = await only(new Map(red).set(path, `${JSON.stringify(reading, null, 1)}\n`))
    expect(replayOutcome([rollout])).toBe('differs')
    const found = differing(rollout)
    expect(Object.keys(found)).toEqual([String(redLook.seq)])
    expect(found[redLook.seq]).toEqual(
      expect.arrayContaining([
        {
          field: 'judgements.circuit-open.verdict',
          recorded: '"red"',
          recomputed: expect.stringMatching(/^"(?:pass|insufficient)"$/u)
        },
        { field: 'decision', recorded: '"rollback"', recomputed: '"continue"' },
        expect.objectContaining({ field: 'reading', recorded: `"${redLook.reading}"` })
      ])
    )
  })

  test('a reading that says the same in other bytes was changed all the same', async () => {
    const path = readingOf(redLook)
    const rollout = await only(
      new Map(red).set(path, JSON.stringify(JSON.parse(red.get(path) ?? '')))
    )
    expect(differing(rollout)).toEqual({
      [redLook.seq]: [expect.objectContaining({ field: 'reading' })]
    })
  })

  test.each([
    [
      'verdict',
      (look: LookEvent) => ({
        judgements: look.judgements.map(one => ({ ...one, verdict: 'pass' as const }))
      }),
      'judgements.circuit-open.verdict'
    ],
    ['decision', () => ({ decision: 'continue' as const }), 'decision'],
    ['rule', () => ({ rule: 'soaking' }), 'rule'],
    ['reason', () => ({ reason: 'all is well' }), 'reason'],
    [
      'window',
      (look: LookEvent) => ({
        window: { ...(look.window as NonNullable<typeof look.window>), until: look.at }
      }),
      'window.until'
    ],
    ['lateness', () => ({ lateMs: 7 }), 'lateMs']
  ])('a %s that was written over in the log', async (_, change, field) => {
    const files = withEvents(red, events =>
      events.map(event =>
        event.kind === 'look' && event.seq === redLook.seq ? { ...event, ...change(event) } : event
      )
    )
    const found = differing(await only(files))
    expect(Object.keys(found)).toEqual([String(redLook.seq)])
    expect(found[redLook.seq]?.map(one => one.field)).toEqual([field])
  })

  test('a rollback that was to follow a red look, and another reason given for it', async () => {
    const files = withEvents(red, events =>
      events.map(event =>
        event.kind === 'rollback-requested' ? { ...event, reason: 'somebody wished it' } : event
      )
    )
    expect(differing(await only(files))).toEqual({
      [redLook.seq]: [
        {
          field: `event ${redLook.seq + 1}.reason`,
          recorded: '"somebody wished it"',
          recomputed: JSON.stringify(redLook.reason)
        }
      ]
    })
  })

  test('a watch that is said to have proven what it had not', async () => {
    const files = withEvents(red, events =>
      events.map(event =>
        event.kind === 'rollback-finished' ? { ...event, outcome: 'unproven' as const } : event
      )
    )
    const rollout = await only(files)
    expect(Object.values(differing(rollout))).toEqual([
      [expect.objectContaining({ recorded: '"unproven"', recomputed: '"verified"' })]
    ])
  })

  test('a look that was taken out of the log leaves a reading behind', async () => {
    const [, second] = looksOf(red)
    const files = withEvents(red, events =>
      events
        .filter(({ seq }) => seq !== second?.seq)
        .map((event, index) => ({ ...event, seq: index + 1 }))
    )
    const rollout = await only(files)
    expect(rollout.contradictions).toEqual([
      `${second?.evidence}/reading.json belongs to no look of the log`
    ])
    expect(replayOutcome([rollout])).toBe('differs')
  })

  test('a watch whose last look was taken out, and with it what was proven', async () => {
    const last = looksOf(red).at(-1) as LookEvent
    const files = withEvents(red, events =>
      events.filter(({ seq }) => seq !== last.seq).map((event, i) => ({ ...event, seq: i + 1 }))
    )
    files.delete(readingOf(last))
    expect(differing(await only(files))).toEqual({
      [last.seq - 1]: [
        {
          field: `event ${last.seq}`,
          recorded: '{"kind":"rollback-finished"}',
          recomputed: undefined
        }
      ]
    })
  })

  test('a graduation without the look that it could come from', async () => {
    const last = looksOf(whole).at(-1) as LookEvent
    const files = withEvents(whole, events =>
      events.filter(({ seq }) => seq !== last.seq).map((event, i) => ({ ...event, seq: i + 1 }))
    )
    files.delete(readingOf(last))
    expect((await only(files)).contradictions).toEqual([
      `event ${last.seq}, graduated, follows no look that it could come from`
    ])
  })

  test('a log that ends before what a look led to', async () => {
    const files = withEvents(red, events =>
      events.filter(({ kind }) => kind !== 'rollback-finished')
    )
    const rollout = await only(files)
    expect(Object.values(differing(rollout))).toEqual([
      [
        expect.objectContaining({
          field: expect.stringMatching(/^event \d+$/u),
          recorded: undefined
        })
      ]
    ])
  })

  test('a definition that is not the text that its name says', async () => {
    const path = [...red.keys()].find(one => one.includes('/definitions/')) ?? ''
    const files = new Map(red).set(path, (red.get(path) ?? '').replace('max: 6h', 'max: 9h'))
    const rollout = await only(files)
    expect(rollout.contradictions).toEqual([expect.stringMatching(/\.yml was changed/u)])
    expect(Object.keys(lost(rollout))).toHaveLength(looksOf(red).length)
    expect(replayOutcome([rollout])).toBe('differs')
  })

  test.each([
    ['no JSON', 'half of it {'],
    [
      'rows that no database answers',
      '{"now":"2026-03-02T09:00:00.000Z","frame":{"horizonMs":1},"rows":[]}'
    ],
    ['nothing at all', '']
  ])('a reading that holds %s, and cannot be made again', async (_, text) => {
    const [first] = looksOf(whole)
    const rollout = await only(new Map(whole).set(readingOf(first as LookEvent), text))
    expect(Object.keys(differing(rollout))).toEqual([String(first?.seq)])
    expect(lost(rollout)).toEqual({
      [first?.seq ?? 0]: expect.stringContaining('is no reading to this version of Rollgate')
    })
  })

  test('a reading with counts that no judge takes', async () => {
    const [first] = looksOf(whole) as [LookEvent]
    const path = readingOf(first)
    const kept = JSON.parse(whole.get(path) ?? '')
    kept.reading.answers['circuit-open'].rows = [{ bucket: kept.reading.since, hits: -1.5 }]
    const rollout = await only(new Map(whole).set(path, JSON.stringify(kept)))
    expect(differing(rollout)[first.seq]?.map(({ field }) => field)).toContain('reading')
  })

  test('a log that is another rollout’s', async () => {
    const files = withEvents(red, events =>
      events.map(event => (event.kind === 'rollout-started' ? { ...event, number: 7 } : event))
    )
    const { contradictions } = await only(files)
    expect(contradictions).toEqual(['its first event does not begin two-phases#1'])
  })
})

describe('what cannot be made again is neither equal nor different', () => {
  test('looks that an older version recorded', async () => {
    const files = withEvents(whole, events =>
      events.map(event => {
        if (event.kind !== 'look' || event.seq > 6) return event
        const { definition: _definition, reading: _reading, ...older } = event
        return older
      })
    )
    const rollout = await only(files)
    const older = looksOf(whole).filter(({ seq }) => seq <= 6)
    expect(older.length).toBeGreaterThan(0)
    expect(Object.keys(lost(rollout))).toEqual(older.map(({ seq }) => String(seq)))
    for (const why of Object.values(lost(rollout))) expect(why).toContain('older version')
    expect(differing(rollout)).toEqual({})
    expect(replayOutcome([rollout])).toBe('incomplete')
  })

  test.each([
    [
      'a reading',
      (path: string) => path.endsWith('T+1h/reading.json'),
      1,
      'T+1h/reading.json is missing'
    ],
    [
      'the definition',
      (path: string) => path.includes('/definitions/'),
      5,
      '.yml, the definition that it was judged by, is missing'
    ]
  ])('%s is gone', async (_, gone, looks, why) => {
    const files = new Map([...whole].filter(([path]) => !gone(path)))
    const rollout = await only(files)
    expect(Object.values(lost(rollout))).toHaveLength(looks)
    for (const told of Object.values(lost(rollout))) expect(told).toContain(why)
    expect(replayOutcome([rollout])).toBe('incomplete')
  })

  test.each([
    [
      'a last line that is cut off',
      (text: string) => text.slice(0, -20),
      'the last line is cut off'
    ],
    [
      'a record of a later version',
      (text: string) => `${text}{"seq":99,"kind":"telepathy"}\n`,
      'not a ledger event'
    ],
    ['a line that is no JSON', (text: string) => `${text}oops\n`, 'not JSON']
  ])('what follows %s; the looks before it are made again', async (_, change, why) => {
    const rollout = await only(new Map(red).set(LOG, change(red.get(LOG) ?? '')))
    expect(rollout.obstacles).toEqual([expect.stringContaining(why)])
    expect(rollout.contradictions).toEqual([])
    expect(differing(rollout)).toEqual({})
    expect(rollout.looks).toHaveLength(looksOf(red).length)
    expect(replayOutcome([rollout])).toBe('incomplete')
  })

  test('a rollout whose log is gone', async () => {
    const files = new Map(whole)
    files.delete(LOG)
    const rollout = await only(files)
    expect(rollout.obstacles).toEqual([`${LOG} is missing`])
    expect(replayOutcome([rollout])).toBe('incomplete')
  })
})

test('a rollout that was only begun has nothing to make again, and agrees', async () => {
  const outside = await openOutside()
  await expect(apply(outside.process(), { phase: 'nothing', wokenBy: 'test' })).rejects.toThrow()
  await advance(outside)
  const { files } = await readLedgerContent(outside.ledgerFolder)
  await outside.close()
  const upToFirstLook = withEvents(new Map(files), events =>
    events.slice(
      0,
      events.findIndex(({ kind }) => kind === 'look')
    )
  )
  const bare = new Map([...upToFirstLook].filter(([path]) => !path.includes('/evidence/')))
  const rollout = await only(bare)
  expect(rollout.looks).toEqual([])
  expect(replayOutcome([rollout])).toBe('agrees')
})

test('a ledger on a branch on GitHub comes to the same as in a folder, asked for with contents: read', async () => {
  const world = await startGithubWorld()
  await world.simulator.git.commit('rollgate-ledger', Object.fromEntries(red), 'By hand')
  const { archive } = world.again({}, { permissions: { contents: 'read' } })
  expect(await replayArchive(archive)).toEqual(await replayed(red))
  await world.close()
})

describe('there is nothing to replay', () => {
  test('in a ledger without a rollout', () =>
    expect(replayed(new Map([['README.md', '']]))).rejects.toMatchObject({
      code: 'replay_nothing',
      message: 'The ledger holds no rollout.'
    }))

  test('under a name that is mistyped, and the right one is told', () =>
    expect(replayed(whole, { definition: 'two-phase' })).rejects.toMatchObject({
      code: 'replay_nothing',
      message: 'The ledger has no such rollout; it has two-phases#1.',
      remedy: expect.stringMatching(/^Did you mean --definition two-phases\? /u)
    }))

  test('under a number that is not there', () =>
    expect(replayed(whole, { definition: 'two-phases', number: 4 })).rejects.toMatchObject({
      code: 'replay_nothing',
      remedy: 'Name one of these, or leave --definition and --number out.'
    }))
})
