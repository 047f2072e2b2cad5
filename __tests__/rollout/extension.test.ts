import { expect, test } from '@jest/globals'
import { metricsOf } from '../../src/rollout/definition.ts'
import type { EventBody, LookBody } from '../../src/rollout/events.ts'
import type { Reading } from '../../src/rollout/ports.ts'
import { judgingFrame } from '../../src/rollout/schedule.ts'
import { soakLook } from '../../src/rollout/soak-look.ts'
import { currentPhase, type State } from '../../src/rollout/state.ts'
import { live, resumed, started, stateAfter } from './ledger-story.ts'
import { after, answered, humming, readingOf, share } from './reading.ts'
import { example, phase } from './worked-example.ts'

/** staging-full of the worked example, `soak: 48h` and `extend: 48h`, judged and decided by the real rules. */
const PHASE = phase('staging-full')
const SOAK = [0, 1, 6, 12, 24, 36, 48]

interface Traffic {
  /** One unit ends in every so many hours. */
  readonly every: number
  /** The hours whose unit goes to a person. */
  readonly manual?: readonly number[]
}

/** A rollout that was looked at after these hours, or in which a person did something. */
function told(traffic: Traffic, ...steps: readonly (number | EventBody)[]) {
  const events: EventBody[] = [started(), ...live(PHASE.name, after(0))]
  for (const step of steps) {
    const isLook = typeof step === 'number'
    events.push(isLook ? lookAt(stateAfter(...events), traffic, step) : step)
  }
  const looks = events.filter(({ kind }) => kind === 'look') as LookBody[]
  return { looks, state: stateAfter(...events) }
}

function lookAt(state: State, traffic: Traffic, hours: number): LookBody {
  const current = currentPhase(state)
  if (current === undefined) throw new Error('the story has a phase')
  const nowMs = Date.parse(after(60 * hours))
  const reading = readingAfter(traffic, hours)
  const integrity = [{ code: 'flags', ok: true, message: 'flags are as set' }]
  return soakLook({
    definition: example,
    phase: PHASE,
    state,
    current,
    frozen: undefined,
    sight: { kind: 'seen', reading, askedMs: nowMs, answeredMs: nowMs },
    nowMs,
    integrity,
    at: after(60 * hours),
    wokenBy: 'cron'
  }).look
}

function readingAfter({ every, manual = [] }: Traffic, hours: number): Reading {
  const metrics = metricsOf(example.criteria[PHASE.criteria] ?? [])
  const ended = Array.from({ length: Math.floor(hours / every) }, (_, unit) => unit * every)
  return readingOf(60 * hours, {
    ...Object.fromEntries(metrics.map(metric => [metric, answered()])),
    outcomes: answered(...ended.map(hour => share(60 * hour, manual.includes(hour) ? 0 : 1, 1))),
    'manual-review': answered(
      ...ended.map(hour => share(60 * hour, manual.includes(hour) ? 1 : 0, 1))
    ),
    telemetry: humming(60 * hours)
  })
}

function outcome({ decision, rule }: LookBody): string {
  return `${decision} ${rule}`
}

test('too little evidence at the end of the soak extends it, until the first look that has enough', () => {
  const { looks, state } = told({ every: 1 }, ...SOAK, 60, 72, 73)
  expect(looks.slice(0, 6).map(outcome)).toEqual(Array(6).fill('continue soaking'))
  expect(looks.slice(6).map(outcome)).toEqual([
    'continue final-insufficient',
    'continue final-insufficient',
    'continue final-insufficient',
    'promote all-pass'
  ])
  expect(looks[8]?.reason).toBe(
    'the soak is extended: manual-review: 0 bad of 72 (0%) is within < 1% but too little to tell; needs at least 1 more good unit to pass'
  )
  expect(currentPhase(state)?.status).toBe('promoted')
})

test('an extension that is not needed is not used', () => {
  const { looks } = told({ every: 0.5 }, ...SOAK)
  expect(looks.at(-1)).toMatchObject({ decision: 'promote', final: true })
})

test('an extension ends: what is too little then is held, and says how much is missing', () => {
  const { looks, state } = told({ every: 2 }, ...SOAK, 95, 96)
  expect(looks.slice(-3).map(outcome)).toEqual([
    'continue final-insufficient',
    'continue final-insufficient',
    'hold final-insufficient'
  ])
  expect(state.hold).toMatchObject({
    cause: 'insufficient',
    reason: expect.stringMatching(/needs at least 25 more good units to pass$/u)
  })
})

test('such a hold waits for a person, also when the evidence comes in late', () => {
  const { looks, state } = told({ every: 2 }, ...SOAK, 96, 150, resumed(), 151)
  expect(looks.slice(-2).map(outcome)).toEqual(['hold held', 'promote all-pass'])
  expect(currentPhase(state)?.status).toBe('promoted')
})

test('a warning is not waited out by an extension', () => {
  const { looks } = told({ every: 1, manual: [3] }, ...SOAK)
  expect(looks.at(-1)).toMatchObject({ decision: 'hold', rule: 'final-warn', cause: 'warn' })
})

test('red rolls back in the extension as at any other time', () => {
  const { looks } = told({ every: 1, manual: [49, 50, 51, 52, 53, 54] }, ...SOAK, 55)
  expect(looks.slice(-2).map(outcome)).toEqual(['continue final-insufficient', 'rollback any-red'])
})

test('the evidence is weighed over soak and extension from the first look on, and over more when it stands longer', () => {
  const frameOf = (extendMs: number, hours: number) => {
    const nowMs = Date.parse(after(60 * hours))
    return judgingFrame({ ...PHASE, extendMs }, { checkpoints: [], since: after(0) }, nowMs)
  }
  expect(frameOf(0, 0).horizonMs).toBe(48 * 3_600_000)
  expect(frameOf(PHASE.extendMs, 0).horizonMs).toBe(96 * 3_600_000)
  expect(frameOf(PHASE.extendMs, 96).horizonMs).toBe(96 * 3_600_000)
  expect(frameOf(PHASE.extendMs, 200).horizonMs).toBe(200 * 3_600_000)
})

test('a break a week after the promotion is found within hours, whatever went well before', () => {
  const broken = Array.from({ length: 8 }, (_, unit) => 264 + unit / 2)
  const { looks } = told({ every: 0.5, manual: broken }, ...SOAK, 264, 268)
  expect(looks.slice(-3).map(outcome)).toEqual([
    'promote all-pass',
    'continue soaking',
    'rollback any-red'
  ])
  expect(looks.at(-1)?.reason).toContain('since hour 264: 0 good of 8')
})
