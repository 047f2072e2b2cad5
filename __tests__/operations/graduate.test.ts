import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { check } from '../../src/operations/check.ts'
import { graduate } from '../../src/operations/graduate.ts'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import { readLedgerContent } from './ledger-content.ts'
import {
  advance,
  coordinator,
  graduating,
  HOUR_MS,
  nameOf,
  type Outside,
  openOutside,
  productionOnly,
  START_MS,
  telemetry
} from './outside.ts'

let outside: Outside

afterEach(() => outside.close())

const at = (hours: number) => outside.clock.advanceTo(START_MS + hours * HOUR_MS)
const names = async () => (await outside.events()).map(nameOf)

/** Promoted after twelve hours; what follows is up to the test. */
async function promoted(
  events: readonly StoredEvent[] = telemetry(),
  edit: (text: string) => string = graduating
): Promise<void> {
  outside = await openOutside({ events, edit })
  await advance(outside)
  await at(12.1)
  const { state } = await check(outside.process(), { wokenBy: 'cron' })
  expect(state.status).toBe('promoted')
}

async function refused(code: string): Promise<void> {
  const before = await names()
  await expect(graduate(outside.process(), 'test')).rejects.toMatchObject({ code })
  expect(await names()).toEqual(before)
  expect(outside.office.issues).toEqual([])
  expect(outside.office.changes).toEqual([])
}

/** A bot tries it, and no bot reads what GitHub writes to it. */
function expectTold(): void {
  const title = 'two-phases#1: does not graduate'
  expect(outside.people.announcements.at(-1)).toMatchObject({ kind: 'failed', title })
}

describe('a rollout whose time has come', () => {
  beforeEach(async () => {
    await promoted()
    await at(37)
  })

  test('graduates: final metrics, the clean-up and the new defaults in one entry', async () => {
    const { state, look } = await graduate(outside.process(), 'test')
    expect(state.status).toBe('graduated')
    expect(look).toMatchObject({ purpose: 'graduation', rule: 'graduation' })
    expect(Date.parse(look?.window?.since ?? '')).toBe(START_MS + 12.1 * HOUR_MS)
    expect((await names()).slice(-2)).toEqual([
      'look graduation live [] continue graduation',
      'graduated'
    ])
    expect(state.graduated).toMatchObject({
      issue: 'https://github.com/acme/shop/issues/1',
      proposal: 'https://github.com/acme/shop/pull/1'
    })
    const { files } = await readLedgerContent(outside.ledgerFolder)
    const log = files.get('two-phases/1/verification.md') ?? ''
    expect(log).toContain('issues/1')
    expect(log).toContain('| live | the time since the promotion | circuit-open | 0 events |')
    expect(files.has('two-phases/1/evidence/graduation/reading.json')).toBe(true)
  })

  test('files the clean-up in the words of the definition, with the final metrics', async () => {
    await graduate(outside.process(), 'test')
    const [issue] = outside.office.issues
    expect(issue?.title).toBe('Delete the old loop')
    expect(issue?.body).toContain('It is dead code.')
    expect(issue?.body).toContain('| circuit-open | 0 events |')
  })

  test('proposes the final values and nothing else of the file', async () => {
    await graduate(outside.process(), 'test')
    expect(outside.office.changes).toMatchObject([
      {
        branch: 'rollgate/two-phases-1',
        path: '.env.example',
        content: '# flags\nFEATURE=true\nOTHER=1\nLIMIT=4\n'
      }
    ])
  })

  test.each([
    ['is not there', () => outside.office.files.clear(), '.env.example was not found'],
    [
      'has them already',
      () => outside.office.files.set('.env.example', 'FEATURE=true\nLIMIT=4\n'),
      'has the final values already'
    ]
  ])('proposes nothing when the file %s, and says so', async (_, prepare, note) => {
    prepare()
    const { state } = await graduate(outside.process(), 'test')
    expect(outside.office.changes).toEqual([])
    expect(state.graduated?.message).toContain(note)
    expect(state.graduated?.proposal).toBeUndefined()
  })

  test('is told once, and a second time does nothing', async () => {
    await graduate(outside.process(), 'test')
    const before = await names()
    expect((await graduate(outside.process(), 'test')).look).toBeUndefined()
    expect(await names()).toEqual(before)
    expect(outside.office.issues).toHaveLength(1)
    expect(outside.people.announcements.map(({ kind }) => kind)).toEqual(['promoted', 'graduated'])
  })

  test('two at once graduate once', async () => {
    await Promise.all([graduate(outside.process(), 'a'), graduate(outside.process(), 'b')])
    expect((await names()).filter(name => name === 'graduated')).toHaveLength(1)
    expect(outside.office.issues).toHaveLength(1)
    expect(outside.office.changes).toHaveLength(1)
  })

  test('is not graduated by what cannot be filed; the next attempt makes up for it', async () => {
    outside.office.broken.add('change')
    await expect(graduate(outside.process(), 'test')).rejects.toMatchObject({
      code: 'github_forbidden'
    })
    expect((await outside.state()).status).toBe('promoted')
    outside.office.broken.clear()
    await graduate(outside.process(), 'test')
    expect(outside.office.issues).toHaveLength(1)
    expect(outside.office.changes).toHaveLength(1)
  })

  test('is set going by the wake-up that sees it', async () => {
    await check(outside.process(), { wokenBy: 'cron' })
    expect(outside.office.dispatches.at(-1)?.inputs).toMatchObject({
      operation: 'graduate',
      phase: 'live'
    })
    expect((await names()).at(-1)).toBe('dispatched graduate live')
  })

  test('waits while a flag has drifted', async () => {
    outside.simulator.setFlagByHand('production', 'LIMIT', '9')
    await refused('not_graduated')
    expectTold()
  })
})

test('a rollout does not graduate before its time', async () => {
  await promoted()
  await at(20)
  await refused('graduation_early')
})

test('a rollout does not graduate while it soaks', async () => {
  outside = await openOutside({ edit: graduating })
  await advance(outside)
  await refused('not_graduated')
})

test('a rollout does not graduate on silence', async () => {
  await promoted(
    telemetry().filter(({ createdAtMs = 0 }) => createdAtMs < START_MS + 12.2 * HOUR_MS)
  )
  await at(37)
  await refused('not_graduated')
})

test('a rollout does not graduate on a red criterion', async () => {
  await promoted([...telemetry(), coordinator('circuit_open', START_MS + 20 * HOUR_MS)])
  await at(37)
  await refused('not_graduated')
})

test('a definition without a graduation has none', async () => {
  await promoted(telemetry(), productionOnly)
  await at(37)
  await refused('not_graduated')
})

test('its flags keep their values and are given up, so that another rollout may have them', async () => {
  await promoted()
  await at(37)
  const held = () =>
    outside.simulator
      .envRecords()
      .filter(({ target }) => target.includes('production'))
      .map(({ key, value, comment }) => ({ key, value, comment }))
  expect(held()).toEqual([
    { key: 'FEATURE', value: 'true', comment: 'rollgate two-phases#1 live' },
    { key: 'LIMIT', value: '4', comment: 'rollgate two-phases#1 live' }
  ])
  await graduate(outside.process(), 'test')
  expect(held()).toEqual([
    { key: 'FEATURE', value: 'true', comment: 'rollgate two-phases#1: graduated' },
    { key: 'LIMIT', value: '4', comment: 'rollgate two-phases#1: graduated' }
  ])
})

test('it graduates all the same when its flags cannot be given up, which is told', async () => {
  await promoted()
  await at(37)
  const effect = { kind: 'answer', status: 403 } as const
  outside.simulator.faults.inject({ method: 'PATCH', path: /env/u, times: 9, effect })
  expect((await graduate(outside.process(), 'test')).state.status).toBe('graduated')
  expect(outside.lines.join('\n')).toContain('still name two-phases#1 as theirs')
})
