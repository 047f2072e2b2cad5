import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  beginWalk,
  type Course,
  nextLook,
  type PastLook,
  phasesToWalk,
  takeLook,
  type Walk,
  walkable
} from '../../src/rollout/backtest.ts'
import { decide } from '../../src/rollout/decide.ts'
import { type Definition, phaseNamed } from '../../src/rollout/definition.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import { judge, judgeBlind } from '../../src/rollout/judge.ts'
import { dueLook } from '../../src/rollout/schedule.ts'
import { currentPhase, lastSeenMs } from '../../src/rollout/state.ts'
import { FROM, good, HOUR_MS, hours, type PastHour, QUIET, sightOf } from './imagined-past.ts'
import { applied, stateAfter } from './ledger-story.ts'
import { parse, SMALL, smallWith } from './small-definition.ts'
import { example } from './worked-example.ts'

const DAY = hours(24, good(5))
const EXTENDED = smallWith(
  '    checkpoints: [0m, 48h]\n',
  '    extend: 24h\n    checkpoints: [0m, 30m, 6h, 48h]\n'
)

function courseOver(past: readonly PastHour[], text = EXTENDED, name = 'second'): Course {
  const definition = parse(text)
  const phase = phaseNamed(definition, name)
  if (phase === undefined) throw new Error(`no phase ${name}`)
  return { definition, phase, fromMs: FROM, untilMs: FROM + past.length * HOUR_MS }
}

interface Step {
  readonly next: PastLook
  readonly after: Walk
}

/** Every look of a walk over that past. */
function stepsOver(past: readonly PastHour[], course = courseOver(past)): readonly Step[] {
  const steps: Step[] = []
  let walk = beginWalk(course)
  for (let next = nextLook(walk); next !== undefined; next = nextLook(walk)) {
    walk = takeLook(walk, sightOf(past, next))
    steps.push({ next, after: walk })
  }
  return steps
}

function walkOver(past: readonly PastHour[], course = courseOver(past)): Walk {
  return stepsOver(past, course).at(-1)?.after ?? beginWalk(course)
}

const told = ({ phases, course }: Walk) =>
  phases.map(
    ({ beganMs, endedMs, outcome }) =>
      `${(beganMs - course.fromMs) / HOUR_MS}–${(endedMs - course.fromMs) / HOUR_MS} ${outcome}`
  )

describe('the past', () => {
  test('of a healthy service promotes one phase after another', () => {
    expect(told(walkOver(hours(100, good(5))))).toEqual([
      '0–48 promoted',
      '48–96 promoted',
      '96–100 unfinished'
    ])
  })

  test('with an outage rolls back in the hour in which a check would have', () => {
    const past = [...hours(30, good(5)), ...hours(4, { ...QUIET, bad: 5 }), ...hours(30, good(5))]
    const walk = walkOver(past)
    const [outage, after] = walk.phases
    expect(told(walk)[0]).toBe('0–32 rolled-back')
    expect(outage?.decided).toMatchObject({
      rule: 'any-red',
      reason: expect.stringContaining('rate:')
    })
    const turns = outage?.turns.filter(({ criterion }) => criterion === 'rate') ?? []
    expect(turns.map(({ atMs, verdict }) => `T+${(atMs - FROM) / HOUR_MS} ${verdict}`)).toEqual([
      'T+8 pass',
      'T+31 warn',
      'T+32 red'
    ])
    expect(after?.beganMs).toBe(FROM + 32 * HOUR_MS)
  })

  test('that is thin is given its extension, and then held for want of evidence', () => {
    const walk = walkOver(hours(80, { ...QUIET, good: 0 }))
    expect(told(walk)).toEqual(['0–72 held', '72–80 unfinished'])
    expect(walk.phases[0]).toMatchObject({
      extended: true,
      decided: { rule: 'final-insufficient', cause: 'insufficient' }
    })
  })

  test('with a warning at the end of a soak is held there', () => {
    const past = [...hours(47, good(20)), { ...QUIET, good: 18, bad: 2, errors: 1 }]
    expect(walkOver(past).phases).toMatchObject([
      { outcome: 'held', extended: false, decided: { rule: 'final-warn' } }
    ])
  })

  test('that cannot be looked at is blind at its end, and does not end before', () => {
    const [phase] = walkOver(hours(80, { ...good(5), dark: true })).phases
    expect(phase).toMatchObject({ outcome: 'blind', looks: 74, unanswered: 74, told: [] })
    expect(phase?.endedMs).toBe(FROM + 72 * HOUR_MS)
  })

  test('in which one look was not answered is promoted by the next', () => {
    const past = hours(60, good(5)).map((hour, index) => ({ ...hour, dark: index === 48 }))
    expect(told(walkOver(past))[0]).toBe('0–49 promoted')
  })

  test('is not begun when not even one look fits into it', () => {
    expect(
      nextLook(beginWalk({ ...courseOver(DAY), untilMs: FROM + HOUR_MS / 2 - 1 }))
    ).toBeUndefined()
  })

  test('of a short phase is looked at when the soak is over, and the next begins at a whole hour', () => {
    const past = hours(4, good(60))
    const course = courseOver(
      past,
      SMALL.replace('soak: 1h', 'soak: 30m').replace(', 1h]', ']'),
      'first'
    )
    expect(told(walkOver(past, course))).toEqual([
      '0–0.5 promoted',
      '1–1.5 promoted',
      '2–2.5 promoted',
      '3–3.5 promoted'
    ])
  })
})

const pastHour: fc.Arbitrary<PastHour> = fc.record({
  good: fc.integer({ min: 0, max: 12 }),
  bad: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 3 })),
  events: fc.oneof({ weight: 60, arbitrary: fc.constant(0) }, fc.constant(1)),
  errors: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, fc.constant(2)),
  alive: fc.oneof({ weight: 30, arbitrary: fc.constant(true) }, fc.constant(false)),
  dark: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true))
})
const anyPast = fc.array(pastHour, { minLength: 1, maxLength: 120 })

describe('every walk', () => {
  test('looks forward in time, from the beginning of a phase, and never beyond its end', () => {
    fc.assert(
      fc.property(anyPast, past => {
        const course = courseOver(past)
        let lastMs = course.fromMs
        for (const { next } of stepsOver(past, course)) {
          // A phase may begin in the moment in which the one before it ended.
          expect(next.atMs > lastMs || next.atMs === next.sinceMs).toBe(true)
          expect(next.atMs).toBeGreaterThanOrEqual(Math.max(lastMs, next.sinceMs))
          expect(next.atMs).toBeLessThanOrEqual(course.untilMs)
          lastMs = next.atMs
        }
      })
    )
  })

  test('tiles the past with phases: no hour is left out, and none is in two of them', () => {
    fc.assert(
      fc.property(anyPast, past => {
        const course = courseOver(past)
        const { phases } = walkOver(past, course)
        let beginsMs = course.fromMs
        for (const { beganMs, endedMs } of phases) {
          expect(beganMs).toBe(beginsMs)
          expect(endedMs - beganMs).toBeLessThanOrEqual(72 * HOUR_MS)
          beginsMs = Math.ceil(endedMs / HOUR_MS) * HOUR_MS
        }
        expect(course.untilMs - beginsMs).toBeLessThan(HOUR_MS)
        expect(phases.slice(0, -1).some(({ outcome }) => outcome === 'unfinished')).toBe(false)
      })
    )
  })

  test('decides every look as a check would have that reads its state from a ledger', () => {
    fc.assert(
      fc.property(anyPast, past => {
        const course = courseOver(past)
        let events: readonly EventBody[] = []
        let sinceMs = Number.NaN
        for (const { next, after } of stepsOver(past, course)) {
          if (next.sinceMs !== sinceMs) {
            sinceMs = next.sinceMs
            events = [applied('second', new Date(sinceMs).toISOString())]
          }
          const checked = checkAt(course, past, next, events)
          const { decided, judgements } = after.phases.at(-1) ?? {}
          expect(decided).toEqual(checked.decided)
          expect(judgements).toEqual(checked.look.judgements)
          events = [...events, checked.look]
        }
      }),
      { numRuns: 40 }
    )
  })
})

/** The look of a check at that moment, from the events of the phase so far; what it writes, and why. */
function checkAt(
  { definition, phase }: Course,
  past: readonly PastHour[],
  next: PastLook,
  events: readonly EventBody[]
) {
  const current = currentPhase(stateAfter(...events))
  if (current === undefined) throw new Error('no phase')
  const due = dueLook(phase, current, next.atMs)
  const criteria = definition.criteria[phase.criteria] ?? []
  const sight = sightOf(past, next)
  const looked = phase.checkpointsMs.filter((_, index) =>
    current.checkpoints.includes(NAMES[index] ?? '')
  )
  const frame = { horizonMs: 72 * HOUR_MS, checkpointMs: looked.at(-1) }
  const judgements = [
    ...(sight.kind === 'seen'
      ? judge(criteria, sight.reading, frame)
      : judgeBlind(criteria, sight.blindness))
  ]
  const decided = decide({
    judgements,
    integrity: [{ code: 'past', ok: true, message: '' }],
    due,
    hold: undefined,
    accepted: [],
    frozen: undefined,
    blind: definition.blind,
    unseenMs: next.atMs - lastSeenMs(current)
  })
  const at = new Date(next.atMs).toISOString()
  const look: Extract<EventBody, { kind: 'look' }> = {
    kind: 'look',
    phase: phase.name,
    purpose: 'soak',
    checkpoints: due.checkpoints.map(({ name }) => name),
    final: due.final,
    wokenBy: 'cron',
    lateMs: 0,
    digests: {},
    window: { since: at, until: at, databaseNow: at, version: '', snapshot: '' },
    judgements,
    integrity: [],
    decision: decided.decision,
    rule: decided.rule,
    reason: decided.reason
  }
  return { decided, look }
}

const NAMES = ['T+0', 'T+30m', 'T+6h', 'T+48h']

describe('what is walked when nobody names a phase', () => {
  const names = (definition: Definition) => phasesToWalk(definition).map(({ name }) => name)

  test('is every criteria set once, by the phase that soaks longest and is nearest to all users', () => {
    expect(names(example)).toEqual(['production-shadow', 'production-full'])
    expect(names(parse(SMALL))).toEqual(['second'])
  })

  test('leaves out what is not enabled', () => {
    const definition = parse(SMALL)
    const phases = definition.phases.map(phase => ({ ...phase, enabled: phase.name === 'first' }))
    expect(names({ ...definition, phases })).toEqual(['first'])
  })

  test('asks about nothing that was reported elsewhere', () => {
    const definition = parse(SMALL)
    const [rate] = definition.criteria['full'] ?? []
    if (rate === undefined) throw new Error('no criterion')
    const reports = {
      kind: 'reports',
      name: 'customers',
      metric: 'reported/bug',
      label: 'bug'
    } as const
    const walked = walkable({ ...definition, criteria: { full: [rate, reports] } })
    expect(walked.criteria).toEqual({ full: [rate] })
  })
})
