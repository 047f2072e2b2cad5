import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { backtest } from '../../src/operations/backtest.ts'
import { perform } from '../../src/operations/perform.ts'
import type { World } from '../../src/operations/world.ts'
import { createVirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import type { Definition } from '../../src/rollout/definition.ts'
import type { PastMoment } from '../../src/rollout/past.ts'
import type { LookRequest, MetricReader } from '../../src/rollout/ports.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'
import { createMemoryMetrics } from './memory-metrics.ts'
import {
  coordinator,
  HOUR_MS,
  loadTwoPhases,
  MINUTE_MS,
  openOutside,
  START_MS,
  telemetry
} from './outside.ts'

/** Two days of telemetry, and the breaker open twenty hours into them. */
const PAST = [...telemetry(), coordinator('circuit_open', START_MS + 20 * HOUR_MS + 20 * MINUTE_MS)]
const TWO_DAYS: PastMoment = { kind: 'instant', at: new Date(START_MS).toISOString() }
const lost = new EvidenceError('database_unreachable', 'The line is cut.', 'Mend it.')

interface Watched {
  readonly world: Pick<World, 'definition' | 'metrics' | 'clock' | 'log'>
  /** Looks that were asked for one at a time. */
  readonly asked: readonly LookRequest[]
  /** How many looks were asked for at once, question by question. */
  readonly together: readonly number[]
  readonly lines: readonly string[]
}

let definition: Definition

beforeEach(async () => {
  definition = await loadTwoPhases()
})

/** All that a backtest needs of the world; from that look on the database is gone. */
function watched({ goneFrom = Infinity, single = false } = {}): Watched {
  const clock = createVirtualClock(START_MS + 48 * HOUR_MS)
  const memory = createMemoryMetrics(PAST, clock.now)
  const asked: LookRequest[] = []
  const lines: string[] = []
  const together: number[] = []
  const metrics: MetricReader = {
    ...memory,
    look: request => {
      asked.push(request)
      return asked.length >= goneFrom ? Promise.reject(lost) : memory.look(request)
    },
    lookBack: request => {
      together.push(request.untils.length)
      return single ? Promise.resolve(undefined) : memory.lookBack(request)
    }
  }
  const log = { info: (line: string) => void lines.push(line), warning: () => undefined }
  return { world: { definition, metrics, clock, log }, asked, together, lines }
}

const hour = (ms: number) => (ms - START_MS) / HOUR_MS

describe('a backtest', () => {
  test('rolls an imaginary phase back in the hour after the breaker opened, and goes on', async () => {
    const { walks, stopped } = await backtest(watched().world, { phase: 'live', since: TWO_DAYS })
    const told = walks[0]?.phases.map(
      ({ beganMs, endedMs, outcome }) => `${hour(beganMs)}–${hour(endedMs)} ${outcome}`
    )
    expect(stopped).toBeUndefined()
    expect(told).toEqual([
      '0–12 promoted',
      '12–21 rolled-back',
      '21–33 promoted',
      '33–45 promoted',
      '45–47 unfinished'
    ])
  })

  test('asks for windows of the past, one after another, none of them beyond its own end', async () => {
    const { world, asked } = watched({ single: true })
    const { span } = await backtest(world, {
      phase: 'live',
      since: TWO_DAYS,
      until: { kind: 'ago', ms: 30 * HOUR_MS }
    })
    expect(hour(span.untilMs)).toBe(18)
    expect(asked).toHaveLength(20)
    for (const { since, until = '' } of asked) {
      expect(until >= since).toBe(true)
      expect(hour(Date.parse(until))).toBeLessThanOrEqual(18)
    }
    expect(asked.slice(0, 3).map(({ until = '' }) => hour(Date.parse(until)))).toEqual([0, 1, 2])
    expect(new Set(asked.map(({ since }) => hour(Date.parse(since))))).toEqual(new Set([0, 12]))
    expect(asked[0]?.metrics).toEqual(['circuit-open', 'telemetry'])
  })

  test('asks for many looks at once, more of them the longer a phase goes on', async () => {
    const { world, asked, together } = watched()
    await backtest(world, { phase: 'live', since: TWO_DAYS })
    expect(asked).toEqual([])
    expect(together).toEqual([4, 8, 1, 4, 8, 4, 8, 1, 4, 8, 1, 3])
  })

  test('asks look by look where the database cannot answer many at once, and finds the same', async () => {
    const request = { phase: 'live', since: TWO_DAYS }
    const { world, asked, together } = watched({ single: true })
    const one = await backtest(world, request)
    expect(one).toEqual(await backtest(watched().world, request))
    expect(asked).toHaveLength(one.walks[0]?.phases.reduce((sum, { looks }) => sum + looks, 0) ?? 0)
    expect(together).toHaveLength(5)
  })

  test('asks look by look where asking for many at once broke the line', async () => {
    const { world, asked } = watched()
    const metrics = { ...world.metrics, lookBack: () => Promise.reject(lost) }
    const { stopped } = await backtest({ ...world, metrics }, { phase: 'live', since: TWO_DAYS })
    expect(stopped).toBeUndefined()
    expect(asked.length).toBeGreaterThan(40)
  })

  test('does not hide a defect of its own', async () => {
    const { world } = watched()
    const defect = new TypeError('a defect')
    const metrics = { ...world.metrics, lookBack: () => Promise.reject(defect) }
    await expect(backtest({ ...world, metrics }, { since: TWO_DAYS })).rejects.toBe(defect)
  })

  test('says how far it is, ten times at most for each phase', async () => {
    const { world, lines } = watched()
    await backtest(world, { phase: 'live', since: TWO_DAYS })
    expect(lines.slice(0, 2)).toEqual([
      'live: 0 %, at 2026-03-02 09:00 UTC',
      'live: 10 %, at 2026-03-02 14:00 UTC'
    ])
    expect(lines).toHaveLength(10)
  })

  test('of no phase by name walks every criteria set once', async () => {
    const { walks } = await backtest(watched().world, { since: TWO_DAYS })
    expect(walks.map(({ course }) => course.phase.name)).toEqual(['live'])
  })

  test('gives up on a database that is gone, and keeps what it has seen', async () => {
    const { world, asked } = watched({ goneFrom: 6, single: true })
    const { walks, stopped } = await backtest(world, { phase: 'live', since: TWO_DAYS })
    expect(asked).toHaveLength(8)
    expect(stopped).toEqual({ code: 'database_unreachable', message: 'The line is cut.' })
    expect(walks[0]?.phases).toMatchObject([{ outcome: 'unfinished', looks: 8, unanswered: 3 }])
  })

  test('does without an answer now and then', async () => {
    const { world, asked } = watched({ single: true })
    const look = world.metrics.look
    const metrics = {
      ...world.metrics,
      look: async (request: LookRequest) => {
        const reading = await look(request)
        if (asked.length % 3 === 1) throw lost
        return reading
      }
    }
    const { walks, stopped } = await backtest({ ...world, metrics }, { since: TWO_DAYS })
    expect(stopped).toBeUndefined()
    expect(walks[0]?.phases.at(-1)?.outcome).toBe('unfinished')
  })

  test.each([
    ['a phase that does not exist', { phase: 'nope' }, 'unknown_phase'],
    ['a past that is still to come', { since: { kind: 'ago', ms: -HOUR_MS } }, 'window_invalid']
  ] as const)('of %s is refused', async (_, wrong, code) => {
    const request = { since: TWO_DAYS, ...wrong }
    await expect(backtest(watched().world, request)).rejects.toMatchObject({ code })
  })

  test('of what no database answers is refused', async () => {
    const reports = {
      kind: 'reports',
      name: 'calls',
      metric: 'reported/call',
      label: 'call'
    } as const
    definition = { ...definition, criteria: { quiet: [reports] } }
    const { world, asked } = watched()
    await expect(backtest(world, { since: TWO_DAYS })).rejects.toMatchObject({
      code: 'nothing_to_backtest'
    })
    expect(asked).toEqual([])
  })

  test('of a database that does not even say the time fails with its reason', async () => {
    const { world } = watched()
    const metrics = { ...world.metrics, databaseNow: () => Promise.reject(lost) }
    await expect(backtest({ ...world, metrics }, { since: TWO_DAYS })).rejects.toBe(lost)
  })
})

describe('the operation', () => {
  let outside: Awaited<ReturnType<typeof openOutside>>

  beforeEach(async () => {
    outside = await openOutside({ events: PAST })
    await outside.clock.advanceTo(START_MS + 48 * HOUR_MS)
  })
  afterEach(() => outside.close())

  const order = { operation: 'backtest', since: TWO_DAYS } as const

  test('is a success whatever the criteria would have said, and writes nothing', async () => {
    const performed = await perform(outside.process(), [], order)
    expect(performed).toMatchObject({
      exitCode: 0,
      outputs: { result: JSON.stringify(performed.result) },
      result: {
        operation: 'backtest',
        since: '2026-03-02T09:00:00.000Z',
        stopped: null,
        walks: [{ phase: 'live', tallies: { promoted: 3, 'rolled-back': 1, unfinished: 1 } }]
      }
    })
    expect(performed.summary).toContain('**Rolled back by:** circuit-open (red) 1 ×')
    expect(await outside.events()).toEqual([])
  })

  test('is a failure where no criterion was ever answered', async () => {
    const world = outside.process()
    const look: MetricReader['look'] = async request => ({
      ...(await world.metrics.look(request)),
      answers: {}
    })
    const metrics = { ...world.metrics, look, lookBack: async () => undefined }
    const performed = await perform({ ...world, metrics }, [], order)
    expect(performed.exitCode).toBe(1)
    expect(performed.summary).toContain('circuit-open: circuit-open: was not answered')
  })

  test('is a failure where the database was lost on the way', async () => {
    const { world } = watched({ goneFrom: 6, single: true })
    const performed = await perform({ ...outside.process(), metrics: world.metrics }, [], order)
    expect(performed).toMatchObject({
      exitCode: 1,
      result: { stopped: { code: 'database_unreachable' } }
    })
    expect(performed.summary).toContain('**Not walked to the end:**')
  })

  test('counts a span back from the database’s now, for a window that is verified too', async () => {
    const window = { operation: 'verify', phase: 'live' } as const
    const since = { kind: 'ago', ms: 2 * HOUR_MS } as const
    const verified = await perform(outside.process(), [], { ...window, since })
    expect(verified).toMatchObject({ exitCode: 0, result: { since: '2026-03-04T07:00:00.000Z' } })
    const future = { kind: 'instant', at: '2026-03-04T09:02:00.000Z' } as const
    await expect(
      perform(outside.process(), [], { ...window, since: future })
    ).rejects.toMatchObject({ code: 'window_invalid' })
  })
})
