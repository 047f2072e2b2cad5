import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderTimeline } from '../../src/report/timeline.ts'
import { hostile } from './hostile.ts'

const phase = {
  name: 'staging-full',
  target: 'preview',
  status: 'promoted',
  started: '2026-06-01T10:00:00Z',
  ended: '2026-06-03T10:00:00Z',
  flags: {}
} as const

test('a rollout of which nothing was begun has no diagram', () => {
  const { started: _, ended: __, ...pending } = phase
  expect(renderTimeline([{ ...pending, status: 'pending' }])).toBe('')
})

test.each([
  ['ends before it starts', { ended: '2026-06-01T09:00:00Z' }],
  ['has no known end', { ended: 'soon' }]
])('a bar that %s is a minute long, because one bad date takes the diagram down', (_, change) => {
  expect(renderTimeline([{ ...phase, ...change }])).toContain(
    '1 staging-full promoted :done, p1, 2026-06-01 10:00, 2026-06-01 10:01'
  )
})

test('a bar holds nothing but characters without a meaning, whatever the phase is called', () => {
  fc.assert(
    fc.property(hostile, name => {
      const bar = renderTimeline([{ ...phase, name }])
        .split('\n')
        .at(-2)
      expect(bar).toMatch(/^ {4}1 [A-Za-z0-9 .-]* promoted :done, p1, [0-9 :-]+, [0-9 :-]+$/u)
    })
  )
})
