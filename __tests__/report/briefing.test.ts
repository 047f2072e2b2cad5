import { expect, test } from '@jest/globals'
import { renderBriefing } from '../../src/report/briefing.ts'
import { phaseNamed } from '../../src/rollout/definition.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import {
  applied,
  at,
  definition,
  inStagingFull,
  promotedOnThin,
  stateOf,
  told,
  withLooks
} from './story.ts'
import { rowOf, tablesIn } from './tables.ts'

type Story = readonly (readonly [string, EventBody])[]

function briefingOf(name: string, story: Story, before: Readonly<Record<string, string | null>>) {
  const phase = phaseNamed(definition, name)
  if (phase === undefined) throw new Error(`no phase ${name}`)
  const state = stateOf(told(...story))
  const digest = 'a1'.repeat(32)
  return renderBriefing({ definition, state, phase, before, digest, now: at('77h') })
}

const staged = withLooks(inStagingFull(), ['50h', { outcomes: [120, 120], manual: [0, 120] }])
const shadowed = withLooks([...staged, ...applied('production-shadow', '51h', '52h')], ['76h', {}])
const V3 = 'FEATURE_ASSIGNMENT_PIPELINE_V3'
const page = briefingOf('production-full', shadowed, {
  [V3]: 'false',
  [`${V3}_SHADOW`]: null,
  [`${V3}_MAX_PARALLEL`]: '3'
})

test('the first screen says what changes, what is proven and what is asked', () => {
  expect(page.split('\n').slice(0, 5)).toEqual([
    '## Briefing: production-full of assignment-pipeline-v3#1',
    '',
    '- **What changes:** 2 of 3 flags on the target **production**, by a fresh deployment',
    '- **Proven so far:** production-shadow was promoted after 24h',
    '- **Asked of you:** to approve or reject the environment `approve-production-full`, with Review deployments on the page of this run'
  ])
})

test('what was accepted in any phase before stands on the first screen', () => {
  const thin = promotedOnThin()
  const said =
    '- **Not proven, but accepted:** staging-full: success-rate is insufficient (thin), which priya accepted, because: the traffic is what it is; staging-full: manual-review is insufficient (thin), which priya accepted'
  expect(briefingOf('production-shadow', thin, {})).toContain(said)
  const further = [...thin, ...applied('production-shadow', '100h', '101h')]
  const later = withLooks(further, ['126h', {}])
  expect(briefingOf('production-full', later, {})).toContain(said)
  expect(page).not.toContain('accepted')
})

test('every flag is shown as it is, as it will be and as a rollback would leave it', () => {
  expect(tablesIn(page)[0]?.slice(2)).toEqual([
    [`\`${V3}\``, '`false`', '**`true`**', '`false`'],
    [`\`${V3}_SHADOW\``, 'absent', '**`false`**', '`false`'],
    [`\`${V3}_MAX_PARALLEL\``, '`3`', '`3`, as it is', '`3`']
  ])
})

test('a flag that was not read is said to be so', () => {
  expect(rowOf(briefingOf('production-full', shadowed, {}), `\`${V3}\``)?.[1]).toBe('not read')
})

test('the checklist of the gate can be ticked off', () => {
  expect(page).toContain(
    '- [ ] The engineering team is available\n- [ ] The rollback plan is ready'
  )
})

test('the numbers of the phase before are there', () => {
  expect(page).toContain('### What production-shadow showed at')
  expect(rowOf(page, 'coordinator-events')?.slice(1)).toEqual([
    '0 events',
    'none, while telemetry arrives',
    '–',
    '✅ pass'
  ])
})

test('how the phase will be judged and what a rollback would do are told before, not after', () => {
  expect(page).toContain(
    'It soaks for 48h and is looked at T+0, T+30m, T+1h, T+2h, T+4h, T+6h, T+12h, T+24h, T+48h, and for up to 48h more if evidence is thin.'
  )
  expect(rowOf(page, 'success-rate')?.slice(1)).toEqual(['outcomes', 'pass >= 97%; red < 90%'])
  expect(page).toContain(
    'The deployment that served production before this rollout is live again within seconds'
  )
  expect(page).toContain('deployed afresh, which takes 20m at most')
})

test('the digest that the approval binds to stands at the end', () => {
  expect(page.trimEnd().split('\n').at(-1)).toBe(
    `The approval binds to \`${'a1'.repeat(32)}\`: definition, phase and flag changes as they were at 2026-06-04 13:00 UTC (14:00 Europe/London). It can be given until 2026-06-11 13:00 UTC (14:00 Europe/London).`
  )
})

test('the first phase has nothing proven before it, no gate, and no old deployment to point back at', () => {
  const first = briefingOf('staging-shadow', [], {})
  expect(first).toContain('**Proven so far:** nothing; this is the first phase')
  expect(first).toContain('**Asked of you:** nothing; this phase has no gate')
  expect(first).not.toContain('live again within seconds')
  expect(first).not.toContain('Before you approve')
})

test('a phase before that was not promoted proves nothing', () => {
  expect(briefingOf('production-full', staged, {})).toContain(
    '**Proven so far:** nothing; production-shadow is pending, not promoted'
  )
})

test('values of flags that would break a table are shown and do not', () => {
  const hostile = briefingOf('production-full', shadowed, {
    [V3]: '| `x` |\n',
    [`${V3}_SHADOW`]: ''
  })
  expect(rowOf(hostile, `\`${V3}\``)).toHaveLength(4)
  expect(rowOf(hostile, `\`${V3}_SHADOW\``)?.[1]).toBe('<code>""</code>')
})

test('where a name is typed, and where a second person confirms, that is what is asked', () => {
  const phase = phaseNamed(definition, 'production-full')
  if (phase === undefined) throw new Error('no phase')
  const input = {
    definition,
    state: stateOf(told(...shadowed)),
    before: {},
    digest: 'a1',
    now: at('77h')
  }
  expect(renderBriefing({ ...input, phase, approvals: 'typed' })).toContain(
    '**Asked of you:** to type `assignment-pipeline-v3` as the confirmation of apply'
  )
  const gate = { mode: 'dispatch', allow: ['ann', 'bob'], checklist: [], validForMs: 1 } as const
  expect(renderBriefing({ ...input, phase: { ...phase, gate } })).toContain(
    '**Asked of you:** that a second person (ann, bob), not the one who planned it, starts production-full'
  )
})
