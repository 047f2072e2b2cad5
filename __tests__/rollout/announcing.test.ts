import { expect, test } from '@jest/globals'
import { filedAs } from '../../src/rollout/announcing.ts'
import type { HoldCause } from '../../src/rollout/events.ts'
import type { Announcement } from '../../src/rollout/ports.ts'

const about = (kind: Announcement['kind'], cause?: HoldCause): Announcement => ({
  kind,
  rollout: 'small#1',
  title: 'a title',
  body: 'a body',
  ...(cause === undefined ? {} : { cause })
})

test.each(['rolled-back', 'rollback-failed'] as const)('%s is filed, as one matter', kind => {
  expect(filedAs(about(kind))).toEqual({
    key: 'rollback small#1',
    title: 'a title',
    body: 'a body'
  })
})

test.each(['warn', 'insufficient', 'blind'] as const)('a hold for %s is filed', cause => {
  expect(filedAs(about('held', cause))?.key).toBe(`hold small#1 ${cause}`)
})

test('a hold whose end nobody knows is filed', () => {
  expect(filedAs(about('held'))?.key).toBe('hold small#1 cut-off')
})

test.each(['person', 'frozen', 'error', 'integrity'] as const)(
  'a hold for %s is not filed',
  cause => {
    expect(filedAs(about('held', cause))).toBeUndefined()
  }
)

test('what did not come about is filed, once for a rollout', () => {
  expect(filedAs(about('failed'))?.key).toBe('failure small#1')
})

test.each(['promoted', 'warning', 'graduated'] as const)('%s is not filed', kind => {
  expect(filedAs(about(kind))).toBeUndefined()
})
