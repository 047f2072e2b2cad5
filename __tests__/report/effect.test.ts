import { describe, expect, test } from '@jest/globals'
import { provenText, wantedText } from '../../src/report/effect.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { renderVerificationLog } from '../../src/report/verification-log.ts'
import type { EffectPart, EventBody } from '../../src/rollout/events.ts'
import { definition, inStagingFull, stateOf, told } from './story.ts'

const ALWAYS: readonly EffectPart[] = [
  { part: 'deployment', proven: true, message: 'preview serves dpl_2, which is ready' },
  { part: 'flags', proven: true, message: 'the deployment was made with all 3 flags' }
]
const PROBE: EffectPart = { part: 'probe', proven: true, message: 'GET /up at a.b answered 200' }

describe('how a phase was proven', () => {
  test.each<[string, readonly EffectPart[], string | undefined]>([
    ['nobody kept it', [], undefined],
    ['what is always proven', ALWAYS, 'proven: deployment, flags'],
    ['a probe', [...ALWAYS, PROBE], 'proven: deployment, flags; GET /up at a.b answered 200'],
    [
      'flags that nobody may see',
      [...ALWAYS.slice(0, 1), { part: 'flags', proven: false, message: 'may not see' }],
      'proven: deployment; not flags: may not see'
    ]
  ])('%s', (_, parts, text) => {
    expect(provenText(parts)).toBe(text)
  })

  test('stands in the verification log and in the summary', () => {
    const story = inStagingFull().map(([at, body]): readonly [string, EventBody] =>
      body.kind === 'phase-applied' && body.phase === 'staging-full'
        ? [at, { ...body, effect: [...ALWAYS, PROBE] }]
        : [at, body]
    )
    const events = told(...story)
    const state = stateOf(events)
    const text = 'proven: deployment, flags; GET /up at a.b answered 200'
    expect(renderVerificationLog({ definition, state, events })).toContain(text)
    const now = events.at(-1)?.at ?? ''
    expect(renderSummary({ definition, state, now })).toContain(`**staging-full** ${text}`)
  })
})

test('what has to be seen is told before it is approved', () => {
  const probe = { path: '/up', status: 200, contains: 'shadow' }
  const exposure = {
    metric: 'exposure',
    parameters: { mode: 'shadow' },
    atLeast: 0.955,
    minUnits: 3
  }
  expect(wantedText({ probe, exposure, deadlineMs: 600_000 })).toBe(
    'GET /up answers 200 and holds "shadow"; exposure (mode shadow) is at least 95.5% of 3 or more units; within 10m'
  )
  expect(
    wantedText({
      probe: { ...probe, contains: undefined },
      exposure: undefined,
      deadlineMs: 60_000
    })
  ).toBe('GET /up answers 200; within 1m')
})
