import { expect, test } from '@jest/globals'
import { type ControlLook, judgeControl } from '../../src/verdict/control.ts'

const hour: ControlLook = { slots: [], slotMinutes: 60, windowMinutes: 60 }
const event = { slot: 0, events: 1 }

test('says in how many slots the control has events and how old its last one is', () => {
  const slots = Array.from({ length: 1200 }, (_, slot) => ({ slot, events: 1 }))
  const look = { ...hour, slots, windowMinutes: 75_000, lastEventAgeMinutes: 61.9 }
  expect(judgeControl(look).message).toBe(
    'the control has events in 1,200 of 1,250 slots, its last 61 min old'
  )
})

test('an event at the very end of the window is as fresh as can be', () => {
  expect(judgeControl({ ...hour, slots: [event], lastEventAgeMinutes: 0 })).toMatchObject({
    alive: true,
    message: 'the control has events in 1 of 1 slots, its last 0 min old'
  })
})

test('says that nobody knows how old the last event is', () => {
  expect(judgeControl({ ...hour, slots: [event] })).toMatchObject({
    alive: false,
    share: 1,
    message: 'the control has events in 1 of 1 slots, its last at no known time'
  })
})

test('says that a short window has an event, or none', () => {
  const short = { ...hour, windowMinutes: 30 }
  expect(judgeControl({ ...short, slots: [event] })).toEqual({
    alive: true,
    share: 1,
    expected: 0,
    withEvents: 1,
    message: 'the control has events in a window shorter than one slot'
  })
  expect(judgeControl(short)).toEqual({
    alive: false,
    share: 0,
    expected: 0,
    withEvents: 0,
    message: 'the control has no event in a window shorter than one slot'
  })
})

test.each<[string, Partial<ControlLook>]>([
  ['slots of no time', { slotMinutes: 0 }],
  ['half a slot', { slots: [{ slot: 0.5, events: 1 }] }],
  ['half an event', { slots: [{ slot: 0, events: 0.5 }] }],
  ['a window that ends before it starts', { windowMinutes: -60 }],
  ['a window without end', { windowMinutes: Number.POSITIVE_INFINITY }],
  ['an event in the future', { lastEventAgeMinutes: -1 }]
])('%s says nothing but that it makes no sense', (_, wrong) => {
  expect(judgeControl({ ...hour, slots: [event], lastEventAgeMinutes: 5, ...wrong })).toEqual({
    alive: false,
    share: 0,
    expected: 0,
    withEvents: 0,
    message: 'the counts of the control make no sense'
  })
})
