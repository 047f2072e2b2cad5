import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseEventLog, readEventLog, renderEventLog } from '../../src/rollout/event-log.ts'
import { look, planned, started, told } from './ledger-story.ts'

const EVENTS = told(started(), planned('staging-full'), look('staging-full', 'continue'))
const TEXT = renderEventLog(EVENTS)

test('a whole log is read whole, and so is an empty one', () => {
  expect(readEventLog(TEXT, 'log')).toEqual({ events: EVENTS, fault: undefined })
  expect(readEventLog('', 'log')).toEqual({ events: [], fault: undefined })
})

test('wherever a log is cut off, every whole line before is read, and nothing is made up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: TEXT.length }), length => {
      const text = TEXT.slice(0, length)
      const whole = text.split('\n').length - 1
      const { events, fault } = readEventLog(text, 'log')
      expect(events).toEqual(EVENTS.slice(0, whole))
      expect(fault === undefined).toBe(text === '' || text.endsWith('\n'))
    })
  )
})

test.each([
  ['no JSON', 'oops', 'log:2: not JSON.'],
  ['another place', JSON.stringify(EVENTS[2]), 'log:2: seq is 3 where 2 is due.'],
  ['a kind of a later version', '{"kind":"telepathy"}', 'log:2: not a ledger event at kind:']
])('a line with %s ends what is read, and is named', (_, line, message) => {
  const [first, , third] = TEXT.split('\n')
  const text = `${first}\n${line}\n${third}\n`
  const { events, fault } = readEventLog(text, 'log')
  expect(events).toEqual(EVENTS.slice(0, 1))
  expect(fault).toMatchObject({ code: 'ledger_corrupt' })
  expect(fault?.message).toContain(message)
  expect(() => parseEventLog(text, 'log')).toThrow(message)
})
