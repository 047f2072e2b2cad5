import { expect, test } from '@jest/globals'
import { type ResultInput, toResult } from '../../src/report/json.ts'
import type { EventBody, LookBody } from '../../src/rollout/events.ts'
import {
  at,
  definition,
  inStagingFull,
  promoted,
  rolledBack,
  stateOf,
  told,
  withLooks
} from './story.ts'

type Story = readonly (readonly [string, EventBody])[]

function resultOf(story: Story, now: string, more: Partial<ResultInput> = {}) {
  return toResult({ definition, state: stateOf(told(...story)), now: at(now), ...more })
}

const EVERY_KEY = Object.keys(resultOf([], '0m'))

test('before anything is started every key is there, and null', () => {
  expect(resultOf([], '0m')).toEqual({
    version: 1,
    rollout: 'assignment-pipeline-v3',
    definition: 'assignment-pipeline-v3',
    number: 0,
    digest: '',
    status: 'not-started',
    phase: null,
    target: null,
    deploymentUrl: null,
    decision: null,
    verdict: null,
    rule: null,
    shown: [],
    reason: null,
    checkpoints: [],
    criteria: [],
    integrity: [],
    rollback: null,
    graduated: null,
    next: {
      what: 'the rollout starts as assignment-pipeline-v3#1 with staging-shadow',
      when: null,
      who: '@acme/booking: start it (advance in the Actions tab, or rollgate apply)',
      url: null
    }
  })
})

test('a look is there with its decision, its rule and the numbers behind every verdict', () => {
  const story = withLooks(inStagingFull(), ['8h', { outcomes: [28, 40], manual: [0, 40] }])
  const look = told(...story).at(-1) as LookBody
  const result = resultOf(story, '8h', { look })
  expect(result).toMatchObject({
    rollout: 'assignment-pipeline-v3#1',
    phase: 'staging-full',
    target: 'preview',
    deploymentUrl: 'https://staging-full.vercel.app',
    decision: 'rollback',
    verdict: 'red',
    rule: 'any-red',
    checkpoints: ['T+0', 'T+1h', 'T+6h']
  })
  expect(result.criteria[0]).toMatchObject({
    criterion: 'success-rate',
    metric: 'outcomes',
    verdict: 'red',
    code: 'red_evidence',
    finding: { kind: 'proportion', hits: 28, all: 40, toRed: 0 }
  })
  expect(result.criteria).toHaveLength(6)
})

test('a decision that no look carries is there too', () => {
  const decision = { decision: 'hold', rule: 'frozen', reason: 'a freeze' } as const
  expect(resultOf(inStagingFull(), '3h', { decision })).toMatchObject(decision)
})

test('without a look the reason is that of the hold or of the rollback', () => {
  const held: EventBody = { kind: 'held', cause: 'person', reason: 'lunch' }
  expect(resultOf([...inStagingFull(), ['3h', held]], '3h').reason).toBe('lunch')
  expect(resultOf(rolledBack(), '9h')).toMatchObject({
    status: 'rolled-back',
    rollback: 'verified',
    reason: expect.stringContaining('28 good of 40')
  })
})

test.each([
  ['running', inStagingFull()],
  ['rolled-back', rolledBack()],
  ['promoted', promoted()]
])('a %s rollout has the same keys as every other, and survives JSON', (_, story) => {
  const result = resultOf(story, '127h')
  expect(Object.keys(result)).toEqual(EVERY_KEY)
  expect(JSON.parse(JSON.stringify(result))).toEqual(result)
})
