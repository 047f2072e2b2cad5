import { expect, test } from '@jest/globals'
import { instantText, utcText } from '../../src/report/instant.ts'

test.each([
  ['2026-06-01T10:02:59.999Z', 'Europe/London', '2026-06-01 10:02 UTC (11:02 Europe/London)'],
  ['2026-11-23T10:02:00Z', 'Europe/London', '2026-11-23 10:02 UTC (10:02 Europe/London)'],
  [
    '2026-06-01T20:00:00Z',
    'Asia/Kathmandu',
    '2026-06-01 20:00 UTC (2026-06-02 01:45 Asia/Kathmandu)'
  ],
  [
    '2026-06-01T00:30:00Z',
    'America/New_York',
    '2026-06-01 00:30 UTC (2026-05-31 20:30 America/New_York)'
  ],
  [
    '2026-06-01T23:00:00Z',
    'Europe/London',
    '2026-06-01 23:00 UTC (2026-06-02 00:00 Europe/London)'
  ],
  ['2026-06-01T10:02:00Z', 'UTC', '2026-06-01 10:02 UTC'],
  ['2026-06-01T10:02:00Z', 'Mars/Olympus', '2026-06-01 10:02 UTC'],
  ['2026-06-01T10:02:00Z', '', '2026-06-01 10:02 UTC'],
  ['soon', 'Europe/London', 'at an unknown time']
])('%s in %p is %s', (instant, zone, text) => {
  expect(instantText(instant, zone)).toBe(text)
})

test('in a table a time is in UTC alone', () => {
  expect(utcText('2026-06-01T10:02:00.000Z')).toBe('2026-06-01 10:02 UTC')
})
