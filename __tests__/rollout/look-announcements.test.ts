import { expect, test } from '@jest/globals'
import type { Decision } from '../../src/rollout/events.ts'
import { lookAnnouncements } from '../../src/rollout/look-announcements.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { judgement } from './ledger-story.ts'

function made(decision: Decision, verdict: Verdict = 'pass') {
  const judgements = [judgement(verdict)]
  return { phase: 'full', decision, rule: 'told', reason: 'because', judgements, final: false }
}

type Made = ReturnType<typeof made>

test.each<[string, Made, Made | undefined, readonly string[]]>([
  ['a hold that begins', made('hold'), made('continue'), ['held: r#1 is held in full']],
  ['a hold at the first look', made('hold'), undefined, ['held: r#1 is held in full']],
  ['a hold that goes on', made('hold'), made('hold'), []],
  [
    'a rollback',
    made('rollback', 'red'),
    made('hold'),
    ['rolled-back: r#1 is being rolled back from full']
  ],
  ['a promotion', made('promote'), made('continue'), ['promoted: r#1: full is promoted']],
  [
    'a warning that begins',
    made('continue', 'warn'),
    made('continue'),
    ['warning: r#1: a warning in full']
  ],
  ['a warning that goes on', made('continue', 'warn'), made('continue', 'warn'), []],
  ['a warning in a hold', made('hold', 'warn'), made('hold'), []],
  ['nothing new', made('continue'), made('continue'), []]
])('of %s people are told what they need to know', (_, look, previous, told) => {
  const announcements = lookAnnouncements('r#1', look, previous, 'held')
  expect(announcements.map(({ kind, title }) => `${kind}: ${title}`)).toEqual(told)
  for (const announcement of announcements) {
    expect(announcement).toMatchObject({ rollout: 'r#1', body: 'because' })
  }
})

test('a hold is told with its cause', () => {
  const look = { ...made('hold', 'warn'), cause: 'warn' as const }
  expect(lookAnnouncements('r#1', look, undefined, 'running')).toMatchObject([
    { kind: 'held', cause: 'warn' }
  ])
})

test('a hold whose cause becomes another one is told again', () => {
  const frozen = { ...made('hold'), cause: 'frozen' as const }
  const warned = { ...made('hold', 'warn'), cause: 'warn' as const }
  const again = [{ kind: 'held', cause: 'warn' }]
  expect(lookAnnouncements('r#1', warned, frozen, 'held')).toMatchObject(again)
  expect(lookAnnouncements('r#1', warned, warned, 'held')).toEqual([])
})

test('a hold at the end of a soak is told again when there is more to accept', () => {
  const insufficient = { ...judgement('insufficient'), criterion: 'manual-review' }
  const warned = { ...made('hold', 'warn'), cause: 'warn' as const, final: true }
  const more = { ...warned, judgements: [...warned.judgements, insufficient] }
  expect(lookAnnouncements('r#1', more, warned, 'held')).toMatchObject([{ kind: 'held' }])
  expect(lookAnnouncements('r#1', more, more, 'held')).toEqual([])
  expect(lookAnnouncements('r#1', warned, more, 'held')).toEqual([])
  expect(lookAnnouncements('r#1', { ...more, final: false }, warned, 'held')).toEqual([])
})

test('a hold that begins again after somebody ended it is told again', () => {
  const warned = { ...made('hold', 'warn'), cause: 'warn' as const }
  expect(lookAnnouncements('r#1', warned, warned, 'running')).toMatchObject([{ kind: 'held' }])
})

test('a hold that a person can take upon themselves is told with the command for it', () => {
  const bodyOf = (look: Parameters<typeof lookAnnouncements>[1]) =>
    lookAnnouncements('r#1', look, undefined, 'running')[0]?.body
  const warned = { ...made('hold', 'warn'), cause: 'warn' as const, final: true }
  expect(bodyOf(warned)).toBe(
    'because\n\nTo take it upon yourself and let it pass: rollgate resume --accept-warning --reason "…" (in the Actions tab: resume, accept: warnings)'
  )
  expect(bodyOf({ ...warned, cause: 'frozen' })).toBe('because')
  expect(bodyOf({ ...warned, final: false })).toBe('because')
  const silent = judgement('insufficient', 'circuit-open', 'control_dead')
  expect(bodyOf({ ...warned, judgements: [...warned.judgements, silent] })).toBe('because')
})

test('a promotion on what a person accepted is told as one', () => {
  const look = { ...made('promote', 'warn'), rule: 'accepted', final: true }
  expect(lookAnnouncements('r#1', look, undefined, 'running')).toEqual([
    {
      kind: 'promoted',
      rollout: 'r#1',
      title: 'r#1: full is promoted on what a person accepted',
      body: 'because'
    }
  ])
})
