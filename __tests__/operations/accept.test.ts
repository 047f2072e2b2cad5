import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { apply } from '../../src/operations/apply.ts'
import { check } from '../../src/operations/check.ts'
import { hold } from '../../src/operations/hold.ts'
import { perform } from '../../src/operations/perform.ts'
import { resume } from '../../src/operations/resume.ts'
import type { Answer, MetricReader } from '../../src/rollout/ports.ts'
import { createMemoryMetrics } from './memory-metrics.ts'
import {
  advance,
  go,
  MINUTE_MS,
  nameOf,
  type Outside,
  openOutside,
  START_MS,
  telemetry
} from './outside.ts'

let outside: Outside
/** Bookings since the phase began, good ones and all. */
let bookings: readonly [good: number, all: number]
/** Whether there was a single error, an hour after the start. */
let anError: boolean

const WOKEN = { wokenBy: 'test' }
const WHY = 'it is a quiet weekend'

const more = (text: string): string =>
  text.replace(
    'control: telemetry }\n',
    `control: telemetry }
    success-rate: { metric: outcomes, pass: ">= 97%", red: "< 90%" }
    errors: { metric: errors, sustained: { bucket: 5m, run: 3, of: [4, 12] }, control: telemetry }
`
  )

beforeEach(async () => {
  bookings = [12, 12]
  anError = false
  outside = await openOutside({ edit: more })
  await advance(outside, { more: { metrics: metrics() } })
})

afterEach(() => outside.close())

function metrics(): MetricReader {
  const counted = createMemoryMetrics(telemetry(), outside.clock.now)
  return {
    ...counted,
    look: async request => {
      const reading = await counted.look(request)
      const [hits, total] = bookings
      const bucket = request.since
      const own: Readonly<Record<string, Answer>> = {
        outcomes: { kind: 'answered', rows: total === 0 ? [] : [{ bucket, hits, total }] },
        errors: { kind: 'answered', rows: anError ? [{ bucket, hits: 1 }] : [] }
      }
      return { ...reading, answers: { ...reading.answers, ...own } }
    }
  }
}

const world = (by = 'ann') => outside.process({ by, more: { metrics: metrics() } })
const at = (minutes: number) => outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
const names = async () => (await outside.events()).map(nameOf)
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    error => error.code ?? String(error)
  )

async function lookAt(minutes: number): Promise<string> {
  await at(minutes)
  const { look, state } = await check(world(), WOKEN)
  return `${state.status}: ${look?.decision} ${look?.rule}`
}

async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  const before = await names()
  expect(await codeOf(work())).toBe(code)
  expect(await names()).toEqual(before)
  expect((await outside.state()).status).toBe('held')
}

describe('a soak and an extension that end with thin evidence', () => {
  beforeEach(async () => {
    expect(await lookAt(65)).toBe('running: continue final-insufficient')
    expect(await lookAt(125)).toBe('held: hold final-insufficient')
  })

  test('are held again by the next look after a resume that accepts nothing', async () => {
    await resume(world(), WHY)
    expect(await lookAt(126)).toBe('held: hold final-insufficient')
  })

  test('are promoted by the next look once a person has accepted them', async () => {
    const state = await resume(world('priya'), WHY, ['thin'])
    expect(state.status).toBe('running')
    expect((await outside.events()).at(-1)).toMatchObject({
      kind: 'resumed',
      by: 'priya',
      reason: WHY,
      accepted: [{ criterion: 'success-rate', verdict: 'insufficient', code: 'thin' }]
    })
    expect(await lookAt(126)).toBe('running: promote accepted')
    const look = (await outside.events()).findLast(event => event.kind === 'look')
    expect(look?.reason).toContain(
      `success-rate is insufficient (thin), which priya accepted, because: ${WHY}`
    )
    expect(outside.people.announcements.at(-1)).toMatchObject({
      kind: 'promoted',
      title: 'two-phases#1: stage is promoted on what a person accepted',
      body: expect.stringContaining(WHY)
    })
  })

  test('are told to people with the command that accepts them', () => {
    expect(outside.people.announcements.at(-1)).toMatchObject({
      kind: 'held',
      body: expect.stringContaining('rollgate resume --accept-thin --reason "…"')
    })
  })

  test('hold again when the criterion says anything else by then', async () => {
    await resume(world(), WHY, ['thin'])
    bookings = [11, 12]
    expect(await lookAt(126)).toBe('held: hold final-warn')
    bookings = [0, 0]
    await resume(world(), 'the metric is mended')
    expect(await lookAt(127)).toBe('held: hold final-insufficient')
    await refused('nothing_to_accept', () => resume(world(), WHY, ['thin']))
  })

  test('are promoted as ever when the evidence has come in by then', async () => {
    await resume(world(), WHY, ['thin'])
    bookings = [60, 60]
    expect(await lookAt(126)).toBe('running: promote all-pass')
  })

  test('are rolled back by a red look, accepted or not', async () => {
    await resume(world(), WHY, ['thin'])
    bookings = [20, 60]
    expect(await lookAt(126)).toBe('rolling-back: rollback any-red')
  })

  test('cannot be accepted as warnings, nor by a program', async () => {
    await refused('nothing_to_accept', () => resume(world(), WHY, ['warnings']))
    await refused('not_a_person', () => resume(world('github-actions[bot]'), WHY, ['thin']))
  })

  test('are held again by a person, who outranks what was accepted', async () => {
    await resume(world(), WHY, ['thin'])
    await hold(world(), 'wait for Monday')
    expect(await lookAt(126)).toBe('held: hold held')
    await resume(world(), 'it is Monday')
    expect(await lookAt(127)).toBe('running: promote accepted')
  })

  test('are accepted by the operation as the workflows and the command start it', async () => {
    const { exitCode, summary } = await perform(world(), [], {
      operation: 'resume',
      reason: WHY,
      accept: ['thin']
    })
    expect(exitCode).toBe(0)
    expect(summary).toContain('promotes it on what was accepted unless anything else has come up')
  })
})

describe('a person who need not wait for the end of the extension', () => {
  test('holds, accepts, and the next look promotes', async () => {
    expect(await lookAt(65)).toBe('running: continue final-insufficient')
    await hold(world(), 'the evidence will not come')
    await resume(world(), WHY, ['thin'])
    expect(await lookAt(70)).toBe('running: promote accepted')
  })

  test('cannot accept anything before the soak is over', async () => {
    expect(await lookAt(35)).toBe('running: continue soaking')
    await hold(world(), 'a doubt')
    await refused('nothing_to_accept', () => resume(world(), WHY, ['thin']))
    await resume(world(), 'no doubt any more')
    expect(await lookAt(65)).toBe('running: continue final-insufficient')
  })
})

test('a single error in a phase that is fine otherwise is no dead end', async () => {
  bookings = [60, 60]
  anError = true
  expect(await lookAt(65)).toBe('held: hold final-warn')
  await resume(world(), 'let it look again')
  expect(await lookAt(66)).toBe('held: hold final-warn')
  await resume(world(), 'the error is known', ['warnings'])
  expect(await lookAt(67)).toBe('running: promote accepted')
})

test('thin evidence beside a warning wants both to be accepted', async () => {
  anError = true
  expect(await lookAt(125)).toBe('held: hold final-warn')
  await resume(world(), 'the error is known', ['warnings'])
  expect(await lookAt(126)).toBe('held: hold final-insufficient')
  await resume(world(), WHY, ['thin'])
  expect(await lookAt(127)).toBe('running: promote accepted')
})

test('what was accepted is forgotten by a soak that begins anew', async () => {
  expect(await lookAt(125)).toBe('held: hold final-insufficient')
  await resume(world(), WHY, ['thin'])
  await hold(world(), 'rather begin anew')
  await apply(world(), { ...go, phase: 'stage' })
  expect((await outside.state()).phases.at(-1)).not.toHaveProperty('accepted')
  expect(await lookAt(260)).toBe('held: hold final-insufficient')
})
