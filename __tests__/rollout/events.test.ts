import { describe, expect, test } from '@jest/globals'
import { type EventKind, type LedgerEvent, ledgerEvent } from '../../src/rollout/events.ts'
import {
  aborted,
  applied,
  applying,
  type BodyOf,
  dispatched,
  dispatching,
  failed,
  graduated,
  held,
  look,
  minute,
  planned,
  resumed,
  rollbackFinished,
  rollbackRequested,
  rollbackStep,
  started,
  told
} from './ledger-story.ts'

const PHASE = 'staging-full'
const DEPLOYMENT = { id: 'dpl_1', url: 'https://one.example' }

/** Every kind, with everything that it may carry. */
const FULLEST: { readonly [K in EventKind]: BodyOf<K> } = {
  'rollout-started': started(),
  'phase-planned': { ...planned(PHASE), approvalsBefore: 1 },
  'phase-applying': {
    ...applying(PHASE),
    flags: { FEATURE: 'true' },
    before: { flags: { FEATURE: 'false', OTHER: null }, deployment: DEPLOYMENT },
    approval: { by: 'amara', comment: '', how: 'reviewer of the gate' }
  },
  'phase-applied': applied(PHASE),
  'phase-failed': failed(PHASE),
  look: {
    ...look(PHASE, 'hold', {
      cause: 'error',
      checkpoints: ['T+1h'],
      integrity: [{ code: 'flags', ok: true, message: 'as set' }]
    }),
    dueAt: minute(60),
    window: {
      since: minute(0),
      until: minute(60),
      databaseNow: minute(61),
      version: '17.2',
      snapshot: '1:1:'
    },
    digests: { 'sql/metrics/coordinator.sql': 'ab' },
    shown: [{ metric: 'runbook-figure', label: 'as the runbook counts', hits: 9, total: 10 }],
    evidence: 'evidence/staging-full/T+1h'
  },
  held: held(),
  resumed: resumed(),
  'rollback-requested': { ...rollbackRequested(PHASE), baseline: DEPLOYMENT },
  'rollback-step': { ...rollbackStep('redeployed', minute(1)), deployment: DEPLOYMENT },
  'rollback-finished': rollbackFinished('verified'),
  dispatching: dispatching('advance', PHASE),
  dispatched: dispatched('advance', PHASE),
  graduated: { ...graduated(), issue: 'https://i/1', proposal: 'https://p/2' },
  aborted: aborted()
}

const ALL = Object.entries(FULLEST).map(([kind, body]) => [kind, only(told(body))] as const)

describe.each(ALL)('a %s event', (_, event) => {
  test('is read back from the ledger as it was written', () => {
    expect(ledgerEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })

  test('with a key that this version does not know is refused', () => {
    expect(ledgerEvent.safeParse({ ...event, later: true }).success).toBe(false)
  })

  test.each(['seq', 'id', 'at', 'by', 'run', 'kind'])('without its %s is refused', key => {
    const { [key as 'seq']: _gone, ...rest } = event
    expect(ledgerEvent.safeParse(rest).success).toBe(false)
  })
})

test.each([
  ['a kind that nobody knows', { ...base(), kind: 'paused' }],
  ['a place before the first', { ...base(), seq: 0 }],
  ['no author', { ...base(), by: '' }],
  ['an instant without a zone', { ...base(), at: '2026-06-01T08:00:00' }],
  ['an instant that is none', { ...base(), at: 'yesterday' }],
  ['an unknown cause', { ...only(told(held())), cause: 'weather' }],
  ['an unknown decision', { ...only(told(look(PHASE, 'continue'))), decision: 'retry' }],
  ['a look that came too early', { ...only(told(look(PHASE, 'continue'))), lateMs: -1 }],
  ['a flag that is no text', { ...only(told(applying(PHASE))), flags: { FEATURE: true } }],
  [
    'an unknown key deep inside',
    { ...only(told(applying(PHASE))), before: { flags: {}, who: 'me' } }
  ],
  [
    'a verdict that is none',
    { ...only(told(look(PHASE, 'continue'))), judgements: [{ verdict: 'skipped' }] }
  ],
  ['nothing', null]
])('%s is refused', (_, event) => {
  expect(ledgerEvent.safeParse(event).success).toBe(false)
})

test('a finding is kept whole, whatever verdict/ puts into it', () => {
  const finding = { kind: 'proportion', logE: -0.5, segment: { component: 'L1', start: 0 } }
  const told1 = only(told(look(PHASE, 'continue')))
  const judgements = (told1.kind === 'look' ? told1.judgements : []).map(j => ({ ...j, finding }))
  expect(ledgerEvent.parse({ ...told1, judgements })).toMatchObject({ judgements: [{ finding }] })
})

function base(): LedgerEvent {
  return only(told(started()))
}

function only(events: readonly LedgerEvent[]): LedgerEvent {
  const [event] = events
  if (event === undefined) throw new Error('one event was to be told')
  return event
}
