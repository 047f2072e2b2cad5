import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type KeptLook, parseKeptLook, renderKeptLook } from '../../src/rollout/kept-look.ts'
import type { Answer, SeriesRow } from '../../src/rollout/ports.ts'

const ms = fc.integer({ min: 0, max: Date.parse('2099-12-31T00:00:00Z') })
const instant = ms.map(at => new Date(at).toISOString())
const count = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)
const present = { requiredKeys: [] as [] }

const row: fc.Arbitrary<SeriesRow> = fc
  .tuple(
    fc.record({ bucket: instant, hits: count }),
    fc.record(
      {
        total: count,
        latest: instant,
        from: fc.string(),
        to: fc.string(),
        waiting: count,
        oldest: instant
      },
      present
    )
  )
  .map(([own, more]) => ({ ...own, ...more }))

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ kind: fc.constant('answered' as const), rows: fc.array(row) }),
  fc.record({
    kind: fc.constant('answered' as const),
    rows: fc.array(row),
    whole: fc.record({ hits: count, total: count })
  }),
  fc.record({
    kind: fc.constant('unanswered' as const),
    code: fc.string(),
    message: fc.string(),
    remedy: fc.string()
  })
)

const sight: fc.Arbitrary<KeptLook['sight']> = fc.oneof(
  fc.record({
    kind: fc.constant('seen' as const),
    askedMs: ms,
    answeredMs: ms,
    reading: fc.record({
      databaseNow: instant,
      version: fc.string(),
      snapshot: fc.string(),
      since: instant,
      until: instant,
      answers: fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/u), answer),
      digests: fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/u), fc.string())
    })
  }),
  fc.record({
    kind: fc.constant('blind' as const),
    blindness: fc.record({ code: fc.string(), message: fc.string() })
  })
)

const keptLook: fc.Arbitrary<KeptLook> = fc.record({
  now: instant,
  frame: fc.record({
    horizonMs: fc.nat(),
    checkpointMs: fc.option(fc.nat(), { nil: undefined })
  }),
  sight
})

test('what is kept of a look is read back as it was, to the last bit', () => {
  fc.assert(
    fc.property(keptLook, kept => {
      const text = renderKeptLook(kept)
      // JSON has no minus nought, and no reading has one either.
      expect(JSON.parse(JSON.stringify(parseKeptLook(text)))).toEqual(
        JSON.parse(JSON.stringify(kept))
      )
    })
  )
})

const BLIND = renderKeptLook({
  now: '2026-06-01T08:00:00.000Z',
  frame: { horizonMs: 1, checkpointMs: undefined },
  sight: { kind: 'blind', blindness: { code: 'database_unreachable', message: 'No answer.' } }
})

test.each([
  ['nothing', ''],
  ['half of it', BLIND.slice(0, 40)],
  ['a list', '[]'],
  ['a key that a later version adds', BLIND.replace('{', '{ "moon": "full",')],
  ['an instant that is none', BLIND.replace('T08:00', 'T28:00')],
  ['a number beyond all numbers', BLIND.replace('"horizonMs": 1', '"horizonMs": 1e999')]
])('%s is no reading', (_, text) => {
  expect(parseKeptLook(BLIND)).toBeDefined()
  expect(parseKeptLook(text)).toBeUndefined()
})
