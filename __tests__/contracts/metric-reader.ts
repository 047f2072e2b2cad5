import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type { Answer, LookRequest, MetricReader, Reading } from '../../src/rollout/ports.ts'
import { EvidenceError } from '../../src/rollout/rollgate-error.ts'

/** What the suite needs around a reader: the application's table, its clock, and its line. */
export interface MetricReaderWorld {
  /** Answers the bundled metrics and `broken`, whose query fails. */
  readonly reader: MetricReader
  setClock(ms: number): Promise<void>
  insert(events: readonly StoredEvent[]): Promise<void>
  /** Cuts the line to the database, or mends it. */
  setReachable(reachable: boolean): Promise<void>
  close(): Promise<void>
}

const SINCE = '2026-03-01T10:00:00.000Z'
const START = Date.parse(SINCE)
const MINUTE = 60_000
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()

const event = (eventType: string, minutes: number, bookingId?: string): StoredEvent => ({
  createdAtMs: START + minutes * MINUTE,
  source: 'assignment.coordinator',
  eventType,
  ...(bookingId === undefined ? {} : { bookingId })
})

const BOOKINGS = [1, 2, 3].map(n => `00000000-0000-4000-8000-00000000000${n}`)
const EVENTS = [
  event('coordinator.start', 1, BOOKINGS[0]),
  event('coordinator.confirmed', 2, BOOKINGS[0]),
  event('coordinator.error', 125, BOOKINGS[1]),
  event('coordinator.confirmed', 130, BOOKINGS[1]),
  event('coordinator.error', 170, BOOKINGS[2])
]

/** What everybody may expect of a MetricReader. */
export function metricReaderContract(name: string, open: () => Promise<MetricReaderWorld>): void {
  describe(`${name} as a MetricReader`, () => {
    let world: MetricReaderWorld

    beforeAll(async () => {
      world = await open()
      await world.setClock(START + 180 * MINUTE)
      await world.insert(EVENTS)
    })
    afterAll(() => world?.close())

    const look = (request: Partial<LookRequest> = {}): Promise<Reading> =>
      world.reader.look({
        metrics: ['outcomes', 'errors'],
        parameters: { source: 'assignment.coordinator', environment: '' },
        since: SINCE,
        graceMs: 0,
        ...request
      })
    const outcomes = async (request: Partial<LookRequest>): Promise<Answer | undefined> =>
      (await look({ metrics: ['outcomes'], ...request })).answers['outcomes']

    test('answers exactly the metrics it is asked for, bucket by bucket', async () => {
      const { answers } = await look()
      expect(answers).toEqual({
        outcomes: {
          kind: 'answered',
          rows: [
            { bucket: at(0), hits: 1, total: 1 },
            { bucket: at(120), hits: 1, total: 2 }
          ]
        },
        errors: {
          kind: 'answered',
          rows: [
            { bucket: at(125), hits: 1 },
            { bucket: at(170), hits: 1 }
          ]
        }
      })
    })

    test('answers with no rows where nothing happened', async () => {
      const parameters = { source: 'nobody', environment: '' }
      expect(await outcomes({ parameters })).toEqual({ kind: 'answered', rows: [] })
    })

    test('says which clock, server, snapshot, window and SQL the answers come from', async () => {
      const reading = await look({ graceMs: 90_000 })
      expect(reading).toMatchObject({
        databaseNow: at(180),
        since: SINCE,
        until: at(178.5),
        version: expect.stringMatching(/\d/u),
        snapshot: expect.stringMatching(/\d/u)
      })
      expect(Object.values(reading.digests)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/u)])
    })

    test('writes every instant as ISO 8601 in UTC with milliseconds', async () => {
      const { databaseNow, since, until, answers } = await look({
        metrics: ['telemetry', 'outcomes']
      })
      const rows = Object.values(answers).flatMap(a => (a.kind === 'answered' ? a.rows : []))
      for (const instant of [databaseNow, since, until, ...rows.map(row => row.bucket)]) {
        expect(instant).toMatch(ISO)
      }
    })

    test('keeps rows out that are younger than the grace', async () => {
      const rows = [
        { bucket: at(0), hits: 1, total: 1 },
        { bucket: at(120), hits: 1, total: 1 }
      ]
      expect(await outcomes({ graceMs: 20 * MINUTE })).toEqual({ kind: 'answered', rows })
    })

    test('has an empty window before the grace is over, and never one that ends before it begins', async () => {
      const reading = await look({ graceMs: 300 * MINUTE })
      expect(reading).toMatchObject({ since: SINCE, until: SINCE })
      expect(reading.answers['outcomes']).toEqual({ kind: 'answered', rows: [] })
    })

    test('gives the same answers for the same state', async () => {
      expect((await look()).answers).toEqual((await look()).answers)
    })

    test('binds parameters as values, whatever they hold', async () => {
      const source = "x' or true; drop table public.observability_events; --"
      const parameters = { source, environment: '' }
      expect(await outcomes({ parameters })).toEqual({ kind: 'answered', rows: [] })
      expect(await outcomes({})).toMatchObject({ kind: 'answered', rows: [{}, {}] })
    })

    test('leaves the other metrics alone when one fails', async () => {
      const { answers } = await look({ metrics: ['broken', 'outcomes', 'broken'] })
      expect(answers).toMatchObject({
        broken: {
          kind: 'unanswered',
          code: expect.stringMatching(/^[a-z_]+$/u),
          message: expect.stringContaining('broken'),
          remedy: expect.stringMatching(/\w/u)
        },
        outcomes: { kind: 'answered', rows: [{}, {}] }
      })
    })

    test('leaves a metric unanswered that nobody has written', async () => {
      const { answers } = await look({ metrics: ['outcome', 'errors'] })
      expect(answers).toMatchObject({
        outcome: { kind: 'unanswered', code: 'unknown_metric' },
        errors: { kind: 'answered' }
      })
    })

    test('leaves a metric unanswered whose parameter has no value', async () => {
      expect(await outcomes({ parameters: { environment: '' } })).toMatchObject({
        kind: 'unanswered',
        code: 'unknown_parameter'
      })
    })

    describe('looking back', () => {
      const window = { metrics: ['outcomes', 'errors'], since: SINCE, graceMs: 0 }
      const parameters = { source: 'assignment.coordinator', environment: '' }
      const back = (untils: readonly string[], metrics = window.metrics) =>
        world.reader.lookBack({ ...window, metrics, parameters, untils })

      test('answers as one look after another does, whatever the ends and their order', async () => {
        // An ending of the second booking comes at 125 and another one at 130, so that the end decides.
        const untils = [0, 60, 130, 127, 180, 170, 999].map(at)
        const readings = await back(untils)
        const looks = await Promise.all(untils.map(until => look({ until })))
        const told = ({ since, until, answers, digests }: Reading) => ({
          since,
          until,
          answers,
          digests
        })
        expect(readings?.map(told)).toEqual(looks.map(told))
      })

      test('has no answer when one metric has none: each look is asked by itself then', async () => {
        expect(await back([at(60)], ['outcomes', 'broken'])).toBeUndefined()
        expect(await back([at(60)], ['outcomes', 'nobody-wrote-it'])).toBeUndefined()
        expect(await back([at(60)], ['outcomes'])).toHaveLength(1)
      })

      test('answers nothing where nothing is asked', async () => {
        expect(await back([])).toEqual([])
      })
    })

    test('tells the time of the database, not of this machine', async () => {
      expect(await world.reader.databaseNow()).toBe(at(180))
    })

    test('throws an EvidenceError while the database cannot be asked, and reads on afterwards', async () => {
      await world.setReachable(false)
      await expect(look()).rejects.toBeInstanceOf(EvidenceError)
      await expect(world.reader.databaseNow()).rejects.toMatchObject({
        code: 'database_unreachable'
      })
      await world.setReachable(true)
      expect((await look()).answers).toMatchObject({ outcomes: { kind: 'answered' } })
    })
  })
}
