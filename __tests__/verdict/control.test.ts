import { expect, test } from '@jest/globals'
import { type ControlLook, judgeControl } from '../../src/verdict/control.ts'

const DAY = { slotMinutes: 60, windowMinutes: 24 * 60 }

test.each<[string, boolean, ControlLook]>([
  ['an event in every slot', true, { ...DAY, slots: filled(24), lastEventAgeMinutes: 5 }],
  ['23 of 24 slots', true, { ...DAY, slots: filled(23), lastEventAgeMinutes: 61 }],
  ['22 of 24 slots', false, { ...DAY, slots: filled(22), lastEventAgeMinutes: 5 }],
  [
    '19 of 20 slots',
    true,
    { ...DAY, windowMinutes: 1200, slots: filled(19), lastEventAgeMinutes: 119 }
  ],
  ['a last event two slots old', false, { ...DAY, slots: filled(24), lastEventAgeMinutes: 120 }],
  ['no last event', false, { ...DAY, slots: filled(24) }],
  [
    'an empty unfinished slot',
    true,
    { ...DAY, windowMinutes: 90, slots: filled(1), lastEventAgeMinutes: 40 }
  ],
  [
    'only the unfinished slot filled',
    false,
    { ...DAY, windowMinutes: 90, slots: [{ slot: 1, events: 9 }], lastEventAgeMinutes: 1 }
  ],
  ['slots without events', false, { ...DAY, slots: filled(24, 0), lastEventAgeMinutes: 5 }],
  ['a short window with an event', true, { ...DAY, windowMinutes: 30, slots: filled(1) }],
  ['a short window without events', false, { ...DAY, windowMinutes: 30, slots: filled(1, 0) }],
  ['a window of no time', false, { ...DAY, windowMinutes: 0, slots: [] }]
])('%s: alive is %p', (_, alive, look) => {
  expect(judgeControl(look).alive).toBe(alive)
})

test('the share counts each complete slot once', () => {
  const slots = [...filled(23), ...filled(23), { slot: 24, events: 7 }]
  const finding = judgeControl({ ...DAY, slots, lastEventAgeMinutes: 5 })
  expect(finding).toEqual({
    alive: true,
    share: 23 / 24,
    expected: 24,
    withEvents: 23,
    message: 'the control has events in 23 of 24 slots, its last 5 min old'
  })
})

test.each<[string, Partial<ControlLook>]>([
  ['NaN events', { slots: filled(24, Number.NaN) }],
  ['negative events', { slots: filled(24, -1) }],
  ['a slot before the window', { slots: [...filled(24), { slot: -1, events: 1 }] }],
  ['slots of no time', { slotMinutes: 0 }],
  ['slots of NaN', { slotMinutes: Number.NaN }],
  ['a window of NaN', { windowMinutes: Number.NaN }],
  ['an age of NaN', { lastEventAgeMinutes: Number.NaN }],
  ['an event in the future', { lastEventAgeMinutes: -1 }]
])('%s is never alive', (_, wrong) => {
  const look = { ...DAY, slots: filled(24), lastEventAgeMinutes: 5, ...wrong }
  expect(judgeControl(look).alive).toBe(false)
})

function filled(length: number, events = 1): ControlLook['slots'] {
  return Array.from({ length }, (_, slot) => ({ slot, events }))
}
