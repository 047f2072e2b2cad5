import { expect, test } from '@jest/globals'
import { nextMarkup, nextText, whatNext } from '../../src/report/next.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import {
  acceptingThin,
  applied,
  applying,
  at,
  definition,
  heldForThin,
  inStagingFull,
  looked,
  planned,
  promoted,
  promotedOnThin,
  rollbackRequested,
  rolledBack,
  started,
  stateOf,
  told,
  watched,
  withLooks
} from './story.ts'

type Story = readonly (readonly [string, EventBody])[]

function after(story: Story, now: string) {
  return whatNext({ definition, state: stateOf(told(...story)), now: at(now) })
}

const OWNER = '@acme/booking'
const BY_HAND = 'advance in the Actions tab, or rollgate apply'
const shadowDone = inStagingFull().slice(0, 6)
const fullDone = withLooks(inStagingFull(), ['50h', { outcomes: [120, 120], manual: [0, 120] }])
const held = (cause: 'person' | 'frozen' | 'integrity'): EventBody => ({
  kind: 'held',
  cause,
  reason: 'because'
})

test('before anything is started somebody has to start it', () => {
  expect(after([], '0m')).toEqual({
    what: 'the rollout starts as assignment-pipeline-v3#1 with staging-shadow',
    who: `${OWNER}: start it (${BY_HAND})`
  })
})

const url = 'https://github.com/acme/shop/actions/runs/4712'
const going = (phase: string): EventBody => ({
  kind: 'dispatched',
  operation: 'advance',
  phase,
  url
})

test('a phase without a gate is started by a person, unless it was set going by itself', () => {
  expect(after(shadowDone, '1h')).toEqual({
    what: 'staging-full is applied',
    who: `${OWNER}: start it (${BY_HAND})`
  })
  const story: Story = [...shadowDone, ['1h', going('staging-full')]]
  expect(after(story, '1h')).toEqual({ what: 'staging-full is applied', url })
})

test('a gate is asked about in the run that was set going', () => {
  const story: Story = [...fullDone, ['50h', going('production-shadow')]]
  const next = after(story, '51h')
  expect(next).toEqual({
    what: 'production-shadow waits for its gate',
    who: 'a reviewer of the environment approve-production-shadow: approve production-shadow, or reject it',
    url
  })
  expect(nextMarkup(next, 'UTC').markdown).toBe(
    `production-shadow waits for its gate ([run 4712](${url}))`
  )
})

test('a gate that is a second person names who may start the phase, and how', () => {
  const gate = { mode: 'dispatch', allow: ['ann', 'bob'], checklist: [], validForMs: 1 } as const
  const phases = definition.phases.map(phase =>
    phase.name === 'production-shadow' ? { ...phase, gate } : phase
  )
  const state = stateOf(told(...fullDone, ['51h', planned('production-shadow')]))
  const next = whatNext({ definition: { ...definition, phases }, state, now: at('51h') })
  expect(next.who).toBe(
    'a second person (ann, bob): start production-shadow with assignment-pipeline-v3 in the field confirm'
  )
})

test('a freeze is told with its end', () => {
  const freeze = [{ from: '2026-06-01 00:00', to: '2026-06-02 08:00', why: 'stocktaking' }]
  const state = stateOf(told(...shadowDone))
  const next = whatNext({ definition: { ...definition, freeze }, state, now: at('1h') })
  expect(next.who).toMatch(/when the freeze is over.*2026-06-02 08:00.*stocktaking/u)
})

test('a gated phase waits for a reviewer once it is planned, and for somebody to start it before', () => {
  const who =
    'a reviewer of the environment approve-production-shadow: approve production-shadow, or reject it'
  const what = 'production-shadow waits for its gate'
  expect(after([...fullDone, ['51h', planned('production-shadow')]], '51h')).toEqual({ what, who })
  expect(after(fullDone, '51h')).toEqual({
    what,
    who: `${OWNER}: start it (${BY_HAND}); then ${who}`
  })
})

test('a planned phase whose run has ended is started again by a person', () => {
  const again = `${OWNER}: when no run is at it any more, start it again (${BY_HAND})`
  expect(after([...shadowDone, ['1h', planned('staging-full')]], '1h')).toEqual({
    what: 'staging-full is applied',
    who: again
  })
  const story: Story = [...fullDone, ['51h', planned('production-shadow')]]
  expect(after(story, '51h').who).not.toContain('start it again')
  expect(after(story, '300h')).toEqual({
    what: 'the briefing of production-shadow is too old to be approved',
    who: `${OWNER}: start it again (${BY_HAND})`
  })
})

test('a phase whose applying was cut off is taken up again', () => {
  const next = after([...shadowDone, ['1h', applying('staging-full')]], '1h')
  expect(next.what).toBe('staging-full is being applied')
  expect(next.who).toContain('taken up where it stopped')
})

test('a phase that failed is tried again after somebody has put right what failed', () => {
  const story: Story = [
    ...shadowDone,
    ['1h', applying('staging-full')],
    [
      '2h',
      { kind: 'phase-failed', phase: 'staging-full', intent: 'e7', code: 'build', message: 'no' }
    ]
  ]
  expect(after(story, '2h')).toEqual({
    what: 'staging-full is tried again',
    who: `${OWNER}: put right what failed, then start it again (${BY_HAND})`
  })
})

test('a phase that soaks is looked at when its next checkpoint is due', () => {
  const story = withLooks(inStagingFull(), ['3h', {}])
  expect(after(story, '4h')).toEqual({
    what: 'the look T+6h of staging-full is due',
    when: at('8h')
  })
})

test('checkpoints that nobody has looked at are said to wait, with when they were due', () => {
  expect(after(withLooks(inStagingFull(), ['2h', {}]), '9h')).toEqual({
    what: 'T+1h, T+6h of staging-full waits for a wake-up and was due',
    when: at('3h')
  })
})

test('thin evidence extends the soak, and the end of the extension is the date to know', () => {
  const story = withLooks(inStagingFull(), ['50h', { outcomes: [12, 12], manual: [0, 12] }])
  expect(after(story, '51h')).toEqual({
    what: 'every wake-up looks at staging-full until there is evidence enough; its extended soak ends',
    when: at('98h')
  })
  expect(after(story, '99h')).toEqual({ what: 'the next wake-up looks at staging-full' })
})

test('a hold of what was cut off ends by a person: there is nothing to look at', () => {
  const cutOff: EventBody = { kind: 'held', cause: 'error', reason: 'cut off' }
  const story: Story = [...shadowDone, ['1h', applying('staging-full')], ['2h', cutOff]]
  expect(after(story, '2h')).toEqual({
    what: 'nothing moves forward while it is held',
    who: `${OWNER}: resume it with a reason and start staging-full again, or roll it back`
  })
})

test('a hold by a person ends by a person, and looks go on meanwhile', () => {
  const story: Story = [...withLooks(inStagingFull(), ['3h', {}]), ['4h', held('person')]]
  expect(after(story, '4h')).toEqual({
    what: 'nothing moves forward while it is held; the look T+6h of staging-full is due',
    when: at('8h'),
    who: `${OWNER}: resume it with a reason, advance to staging-full again to begin its soak anew, or roll it back`
  })
})

test('a hold by what a person may take upon themselves names the very command', () => {
  const next = after(heldForThin(), '98h')
  expect(next.what).toContain('nothing moves forward while it is held')
  expect(next.who).toBe(
    `${OWNER}: resume it with a reason and look again, advance to staging-full again to begin its soak anew, roll it back, or take what was found upon yourself: rollgate resume --accept-thin --reason "…" (in the Actions tab: resume, accept: thin)`
  )
})

test('a hold by thin evidence and a warning names both', () => {
  const story = withLooks(inStagingFull(), ['98h', { outcomes: [12, 12], errors: 1 }])
  expect(after(story, '98h').who).not.toContain('--accept')
  const both = withLooks(inStagingFull(), [
    '98h',
    { outcomes: [12, 12], manual: [0, 12], errors: 1 }
  ])
  expect(after(both, '98h').who).toContain('rollgate resume --accept-thin --accept-warning')
})

test('a hold by a person before the end of the soak has nothing to accept', () => {
  const thin = { outcomes: [12, 12], manual: [0, 12] } as const
  const story: Story = [...withLooks(inStagingFull(), ['3h', thin]), ['4h', held('person')]]
  expect(after(story, '4h').who).not.toContain('--accept')
})

test('what was accepted is looked at once more, and then promoted', () => {
  const story: Story = [...heldForThin(), ['99h', acceptingThin()]]
  expect(after(story, '99h')).toEqual({
    what: 'the next wake-up looks at staging-full, and promotes it on what was accepted unless anything else has come up'
  })
  expect(after(promotedOnThin(), '99h').what).toBe('production-shadow waits for its gate')
})

test('a hold from a freeze ends with the freeze, and nobody has to act', () => {
  const story: Story = [...withLooks(inStagingFull(), ['3h', {}]), ['4h', held('frozen')]]
  expect(after(story, '4h')).toEqual({
    what: 'the hold ends with the freeze; the look T+6h of staging-full is due',
    when: at('8h')
  })
})

test('a hold from a broken world ends with the next clean look', () => {
  const story: Story = [...withLooks(inStagingFull(), ['3h', {}]), ['4h', held('integrity')]]
  const next = after(story, '4h')
  expect(next.what).toMatch(/^the next clean look ends the hold/u)
  expect(next.who).toBe(`${OWNER}: put right what the reason names, or roll it back`)
})

test('a hold between two phases names no look', () => {
  expect(after([...shadowDone, ['40m', held('person')]], '1h').what).toBe(
    'nothing moves forward while it is held'
  )
})

test('a rollback tells what it is at', () => {
  const story: Story = [...inStagingFull(), ['4h', rollbackRequested('staging-full', 'alarm')]]
  expect(after(story, '4h').what).toBe('the rollback puts the flags back and deploys without them')
  const watching: Story = rolledBack().slice(0, -1)
  expect(after(watching, '9h')).toMatchObject({
    what: 'the watch after the rollback ends',
    when: at('515m')
  })
})

test.each([
  ['verified', 'find the cause before a new attempt'],
  ['unproven', 'make sure that the old behaviour is back; nothing proved it']
] as const)(
  'after a rollback that is %s a new attempt starts from the first phase',
  (outcome, who) => {
    const end: EventBody = { kind: 'rollback-finished', intent: 'e11', outcome, message: '' }
    expect(after([...rolledBack().slice(0, -1), ['9h', end]], '10h')).toEqual({
      what: 'the rollout is over; a new attempt is assignment-pipeline-v3#2, from staging-shadow on',
      who: `${OWNER}: ${who}`
    })
  }
)

test('after a rollback that failed nothing moves before it is verified', () => {
  const end: EventBody = {
    kind: 'rollback-finished',
    intent: 'e11',
    outcome: 'failed',
    message: ''
  }
  const story: Story = [...rolledBack().slice(0, -2), watched('485m', '500m', 3), ['9h', end]]
  expect(after(story, '10h')).toEqual({
    what: 'nothing moves before the rollback is verified',
    who: `${OWNER}: run rollback again, or finish it by hand`
  })
})

test('a promoted rollout graduates after its time', () => {
  const next = after(promoted(), '127h')
  expect(next).toEqual({
    what: 'every phase is promoted; the time until graduation ends',
    when: at('294h'),
    who: `${OWNER}: graduate it then, where no monitor does; that files: Delete the legacy planner loop`
  })
  expect(nextText(next, 'Asia/Kathmandu')).toBe(
    'every phase is promoted; the time until graduation ends at 2026-06-13 14:00 UTC (19:45 Asia/Kathmandu)'
  )
})

test('a graduation that was started and has not come to its end wants somebody to look', () => {
  const sent: EventBody = {
    kind: 'dispatched',
    operation: 'graduate',
    phase: 'production-full',
    url
  }
  expect(after([...promoted(), ['295h', sent]], '296h')).toEqual({
    what: 'every phase is promoted; its graduation was started',
    who: `${OWNER}: when its run has ended, it says what stands in the way; graduate it again when that is put right`,
    url
  })
})

test('without a graduation a promoted rollout has nothing left to do', () => {
  const state = stateOf(told(...promoted()))
  const plain = { ...definition, graduation: undefined }
  expect(whatNext({ definition: plain, state, now: at('127h') })).toEqual({
    what: 'every phase is promoted and nothing is left to do'
  })
})

test('a graduated rollout is over, and so is an aborted one', () => {
  const graduated: Story = [...promoted(), ['295h', { kind: 'graduated', message: 'done' }]]
  expect(after(graduated, '295h')).toEqual({ what: 'the rollout is over' })
  const issue = 'https://github.com/acme/shop/issues/12'
  const filed: Story = [...promoted(), ['295h', { kind: 'graduated', message: 'done', issue }]]
  expect(after(filed, '295h')).toEqual({
    what: 'the rollout is over',
    who: `${OWNER}: do the clean-up that was filed`,
    url: issue
  })
  const aborted: Story = [
    ['0m', started],
    ['1m', { kind: 'aborted', reason: 'wrong file' }]
  ]
  expect(after(aborted, '2m').what).toMatch(/^the rollout is over; a new attempt is/u)
})

test('a phase that the definition no longer has stops everything, with the way out', () => {
  const state = stateOf(told(...inStagingFull()))
  const [first] = definition.phases
  const next = whatNext({
    definition: { ...definition, phases: first === undefined ? [] : [first] },
    state,
    now: at('3h')
  })
  expect(next.what).toContain('the ledger is in phase staging-full')
  expect(next.who).toContain('Put the phase back')
})

test('a sentinel changes nothing about what is due', () => {
  const looks = withLooks(inStagingFull(), ['3h', {}])
  expect(after([...looks, looked(looks, '4h', {})], '4h')).toEqual(after(looks, '4h'))
  expect(
    after([...inStagingFull().slice(0, 6), ...applied('staging-full', '1h', '2h')], '1h').when
  ).toBe(at('2h'))
})
