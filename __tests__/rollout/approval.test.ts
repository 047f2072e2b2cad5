import { describe, expect, test } from '@jest/globals'
import {
  type ApprovalCase,
  approvalsIn,
  briefingStands,
  proveApproval
} from '../../src/rollout/approval.ts'
import type { DispatchGate, EnvironmentGate, Gate, Phase } from '../../src/rollout/definition.ts'
import type { EventBody } from '../../src/rollout/events.ts'
import type { GateFacts, Review } from '../../src/rollout/ports.ts'
import { fold, type State } from '../../src/rollout/state.ts'
import { applied, applying, failed, held, minute, planned, started, told } from './ledger-story.ts'
import { refusal } from './refusal.ts'
import { example, LAST_PHASE, phase } from './worked-example.ts'

const NAME = 'production-full'
const WEEK = 7 * 86_400_000

const REVIEWED: EnvironmentGate = {
  mode: 'environment',
  environment: 'approve-production-full',
  checklist: [],
  validForMs: WEEK
}
const STARTED_AGAIN: DispatchGate = {
  mode: 'dispatch',
  allow: ['priya', 'amara', 'Jonas'],
  checklist: [],
  validForMs: WEEK
}

function gated(gate: Gate | undefined): Phase {
  return { ...phase(NAME), gate }
}

/** Started by priya, planned by her in run 8-1 a minute later; `more` goes on from there. */
function ledger(change: object = {}, ...more: readonly EventBody[]): State {
  const plan = { ...planned(NAME), run: '8-1', ...change } as EventBody
  return fold(told(started(), plan, ...more), LAST_PHASE)
}

function facts(change: Partial<GateFacts> = {}): GateFacts {
  return {
    environment: 'approve-production-full',
    reviewers: [
      { kind: 'user', name: 'amara' },
      { kind: 'user', name: 'priya' }
    ],
    waitMs: 0,
    preventsSelfReview: true,
    branches: 'selected',
    adminsCanBypass: false,
    ...change
  }
}

function approvedBy(by: string, comment = 'looks good'): Review {
  return { by, state: 'approved', comment }
}

function rejectedBy(by: string, comment = ''): Review {
  return { by, state: 'rejected', comment }
}

const REVIEW: ApprovalCase = {
  definition: example,
  phase: gated(REVIEWED),
  state: ledger(),
  actor: { by: 'priya', run: '8-1' },
  digest: 'p1',
  approvedDigest: 'p1',
  nowMs: Date.parse(minute(60)),
  confirm: undefined,
  kind: 'environments',
  facts: facts(),
  reviews: [approvedBy('amara')]
}

const CONFIRMED: ApprovalCase = {
  ...REVIEW,
  phase: gated(STARTED_AGAIN),
  actor: { by: 'amara', run: '9-1' },
  confirm: 'assignment-pipeline-v3',
  facts: undefined,
  reviews: []
}

function refused(given: ApprovalCase, change: Partial<ApprovalCase>) {
  return refusal(() => proveApproval({ ...given, ...change }))
}

test('a phase without a gate needs no approval', () => {
  expect(proveApproval({ ...REVIEW, phase: gated(undefined), reviews: [] })).toBeUndefined()
})

describe('a reviewer of the environment', () => {
  test('lets the phase pass, with their comment', () => {
    expect(proveApproval(REVIEW)).toEqual({
      by: 'amara',
      comment: 'looks good',
      how: 'review of the environment approve-production-full in run 8-1'
    })
  })

  test('is the same person in whatever letters', () => {
    expect(proveApproval({ ...REVIEW, reviews: [approvedBy('AMARA')] })?.by).toBe('AMARA')
    expect(refused(REVIEW, { reviews: [approvedBy('PRIYA')] }).code).toBe('approved_by_initiator')
  })

  test('may be somebody of a team, as GitHub checked', () => {
    const team = { kind: 'team', name: 'acme/booking' } as const
    const given = { ...REVIEW, reviews: [approvedBy('jonas')] }
    expect(proveApproval({ ...given, facts: facts({ reviewers: [team] }) })?.how).toBe(
      'review of the environment approve-production-full in run 8-1; GitHub checked that it was somebody of team acme/booking'
    )
    for (const adminsCanBypass of [true, undefined]) {
      expect(
        proveApproval({ ...given, facts: facts({ reviewers: [team], adminsCanBypass }) })?.how
      ).toContain('team acme/booking, unless an administrator passed it by')
    }
  })

  test('may be the initiator where the gate allows it, and the ledger says that it was nobody else', () => {
    const own = { facts: facts({ preventsSelfReview: false }), reviews: [approvedBy('priya')] }
    expect(proveApproval({ ...REVIEW, ...own })).toMatchObject({
      by: 'priya',
      how: 'review of the environment approve-production-full in run 8-1; by the person who started it, and by nobody else: the gate allows that'
    })
  })

  test('may be whoever there is when a workflow planned the phase by itself', () => {
    const state = ledger({ by: 'github-actions[bot]' })
    expect(proveApproval({ ...REVIEW, state })?.by).toBe('amara')
  })

  test('has the last word: an approval after a rejection counts', () => {
    const reviews = [rejectedBy('priya'), approvedBy('amara')]
    expect(proveApproval({ ...REVIEW, reviews })?.by).toBe('amara')
  })

  test('is found behind the approvals of earlier attempts', () => {
    const reviewers = ['amara', 'jonas'].map(name => ({ kind: 'user' as const, name }))
    const reviews = [approvedBy('jonas'), rejectedBy('jonas'), approvedBy('amara')]
    const given = { ...REVIEW, state: ledger({ approvalsBefore: 1 }), facts: facts({ reviewers }) }
    expect(proveApproval({ ...given, reviews })?.by).toBe('amara')
  })
})

describe('on GitHub a gate is not passed', () => {
  test.each<[string, Partial<ApprovalCase>, string, string]>([
    [
      'when its environment is missing',
      { facts: undefined },
      'gate_missing',
      'The environment approve-production-full does not exist, so nobody would be asked.'
    ],
    [
      'when its environment asks nobody',
      { facts: facts({ reviewers: [] }) },
      'gate_unprotected',
      'The environment approve-production-full has no required reviewers, so nobody would be asked.'
    ],
    [
      'without a briefing',
      { state: fold(told(started()), LAST_PHASE) },
      'briefing_missing',
      'production-full has a gate, and nobody was shown a briefing of it.'
    ],
    [
      'when only a part of the run is run again',
      { actor: { by: 'priya', run: '8-2' } },
      'briefing_of_another_run',
      'The newest briefing of production-full was shown by run 8-1, not by this one (8-2): a run was repeated in part, or a newer briefing has taken its place.'
    ],
    [
      'when a newer briefing has taken the place of the approved one',
      { state: ledger({}, { ...planned(NAME), run: '9-1' } as EventBody) },
      'briefing_of_another_run',
      'The newest briefing of production-full was shown by run 9-1, not by this one (8-1): a run was repeated in part, or a newer briefing has taken its place.'
    ],
    [
      'when the default branch has another definition by now',
      { committedDigest: 'another' },
      'briefing_outdated',
      'The definition assignment-pipeline-v3 was changed after the briefing of production-full.'
    ],
    [
      'when the changes are others than those planned',
      { digest: 'p2' },
      'briefing_outdated',
      'What production-full would change is no longer what its briefing showed (p1 then, p2 now).'
    ],
    [
      'when the changes are others than those handed over',
      { approvedDigest: 'p0' },
      'briefing_outdated',
      'What production-full would change is no longer what its briefing showed (p0 then, p1 now).'
    ],
    [
      'when the briefing is too old',
      { nowMs: Date.parse(minute(1)) + WEEK + 1 },
      'briefing_expired',
      'The briefing of production-full is 7d old; it was good for 7d.'
    ],
    [
      'when nobody approved',
      { reviews: [] },
      'not_approved',
      'Nobody has approved production-full at approve-production-full in this run.'
    ],
    [
      'when only an earlier attempt was approved',
      { state: ledger({ approvalsBefore: 1 }) },
      'not_approved',
      'Nobody has approved production-full at approve-production-full in this attempt; an approval of an earlier one is used up.'
    ],
    [
      'when it was rejected',
      { reviews: [approvedBy('amara'), rejectedBy('jonas', 'not today')] },
      'gate_rejected',
      'production-full was rejected by jonas at approve-production-full: not today.'
    ],
    [
      'by the one who started the rollout',
      { state: ledger({ by: 'jonas' }), reviews: [approvedBy('priya')] },
      'approved_by_initiator',
      'production-full was approved by priya, who started the rollout or planned the phase; approve-production-full wants somebody else.'
    ],
    [
      'by the one who planned the phase',
      { state: ledger({ by: 'amara' }) },
      'approved_by_initiator',
      'production-full was approved by amara, who started the rollout or planned the phase; approve-production-full wants somebody else.'
    ],
    [
      'by an administrator who is no reviewer',
      { reviews: [approvedBy('root')] },
      'approver_unknown',
      'production-full was let pass by root, who is none of the reviewers of approve-production-full (amara, priya), as an administrator can.'
    ],
    [
      'by a program',
      {
        facts: facts({ reviewers: [{ kind: 'team', name: 'acme/bots' }] }),
        reviews: [approvedBy('github-actions[bot]')]
      },
      'approver_unknown',
      'production-full was approved by github-actions[bot], which is nobody, at approve-production-full.'
    ]
  ])('%s', (_, change, code, message) => {
    const told = refused(REVIEW, change)
    expect(told).toMatchObject({ code, message })
    expect(told.remedy).not.toBe('')
  })

  test('when an earlier approval that may be the newest was given by somebody who may not', () => {
    const state = ledger({ approvalsBefore: 1 })
    for (const reviews of [
      [approvedBy('priya'), approvedBy('amara')],
      [approvedBy('amara'), approvedBy('priya')]
    ]) {
      expect(refused(REVIEW, { state, reviews }).code).toBe('approved_by_initiator')
    }
  })

  test('a second time by the approval that began it the first time', () => {
    const begun = [applying(NAME), applied(NAME), held()]
    expect(refused(REVIEW, { state: ledger({}, ...begun) }).code).toBe('briefing_missing')
    const tried = [applying(NAME), failed(NAME)]
    expect(refused(REVIEW, { state: ledger({}, ...tried) }).code).toBe('briefing_missing')
    const again = [...begun, { ...planned(NAME), run: '8-1' } as EventBody]
    expect(proveApproval({ ...REVIEW, state: ledger({}, ...again) })?.by).toBe('amara')
  })

  test('and who is turned down is told who else may', () => {
    const own = { reviews: [approvedBy('priya')] }
    expect(refused(REVIEW, own).remedy).toBe(
      'Start production-full again and let amara approve it.'
    )
    const alone = facts({ reviewers: [{ kind: 'user', name: 'Priya' }] })
    expect(refused(REVIEW, { ...own, facts: alone }).remedy).toContain(
      'let a reviewer who is still to be added approve it'
    )
  })
})

describe('a second person who starts the phase', () => {
  const how =
    "started in run 9-1 by somebody on the gate's list who had neither started the rollout nor planned the phase: weaker than a review"

  test('lets it pass by typing its name', () => {
    expect(proveApproval(CONFIRMED)).toEqual({
      by: 'amara',
      comment: 'confirmed by typing assignment-pipeline-v3',
      how
    })
  })

  test('is on the list in whatever letters', () => {
    expect(proveApproval({ ...CONFIRMED, actor: { by: 'JONAS', run: '9-1' } })?.by).toBe('JONAS')
  })

  test('is enough when a workflow planned the phase by itself', () => {
    const state = ledger({ by: 'github-actions[bot]' })
    expect(proveApproval({ ...CONFIRMED, state })?.how).toBe(how)
  })

  const others =
    'One of amara, Jonas reads the briefing of run 8-1, then starts production-full with assignment-pipeline-v3 in the field confirm.'

  test.each<[string, Partial<ApprovalCase>, string, string]>([
    [
      'is missing as long as nobody typed the name',
      { actor: { by: 'priya', run: '8-1' }, confirm: undefined },
      'not_confirmed',
      'production-full has a gate, and nobody has confirmed it.'
    ],
    [
      'is not the one who started it',
      { actor: { by: 'PRIYA', run: '9-1' } },
      'approved_by_initiator',
      'production-full was confirmed by PRIYA, who started the rollout or planned the phase; the gate wants somebody else.'
    ],
    [
      'is not somebody else',
      { actor: { by: 'mallory', run: '9-1' } },
      'not_allowed',
      'production-full was confirmed by mallory, who is not on the list of its gate (priya, amara, Jonas).'
    ],
    [
      'is not a workflow',
      { actor: { by: 'github-actions[bot]', run: '9-1' } },
      'not_allowed',
      'production-full was confirmed by github-actions[bot], who is not on the list of its gate (priya, amara, Jonas).'
    ]
  ])('%s', (_, change, code, message) => {
    expect(refused(CONFIRMED, change)).toEqual({ code, message, remedy: others })
  })

  test.each<[string, Partial<ApprovalCase>, string]>([
    ['missing', { state: fold(told(started()), LAST_PHASE) }, 'briefing_missing'],
    ['about something else', { digest: 'p2' }, 'briefing_outdated'],
    ['too old', { nowMs: Date.parse(minute(2)) + WEEK }, 'briefing_expired']
  ])('is not believed when the briefing is %s', (_, change, code) => {
    expect(refused(CONFIRMED, change).code).toBe(code)
  })

  test('has to be put on the list when there is nobody but the initiator', () => {
    const alone = gated({ ...STARTED_AGAIN, allow: ['priya'] })
    expect(refused(CONFIRMED, { phase: alone, actor: { by: 'priya', run: '9-1' } }).remedy).toMatch(
      /^Add a second login to allow in the gate of production-full\. Somebody else reads/u
    )
  })
})

describe('where there is no GitHub', () => {
  const TYPED: ApprovalCase = {
    ...REVIEW,
    kind: 'typed',
    confirm: 'assignment-pipeline-v3',
    facts: undefined,
    reviews: []
  }

  test('who types the name of the rollout has meant it, and the ledger says how weak that is', () => {
    for (const gate of [REVIEWED, STARTED_AGAIN]) {
      expect(proveApproval({ ...TYPED, phase: gated(gate) })).toEqual({
        by: 'priya',
        comment: 'confirmed by typing assignment-pipeline-v3',
        how: 'typed confirmation, by the person who started it: weaker than a review'
      })
    }
  })

  test.each([
    undefined,
    '',
    'yes',
    'assignment-pipeline-v3#2',
    'assignment-pipeline-v3 ',
    'Assignment-Pipeline-V3',
    'production-full'
  ])('%j confirms nothing', confirm => {
    expect(refused(TYPED, { confirm })).toEqual({
      code: 'not_confirmed',
      message: 'production-full has a gate, and nobody has confirmed it.',
      remedy: 'Read the briefing (plan), then apply with the confirmation assignment-pipeline-v3.'
    })
  })

  test('the briefing must be the right one as well', () => {
    expect(refused(TYPED, { digest: 'p2' }).code).toBe('briefing_outdated')
  })
})

test('approvals are counted without rejections', () => {
  expect(approvalsIn([])).toBe(0)
  expect(approvalsIn([approvedBy('a'), rejectedBy('b'), approvedBy('a')])).toBe(2)
})

describe('a briefing stands', () => {
  test.each<[string, Partial<ApprovalCase>, boolean]>([
    ['in its own run', {}, true],
    ['for other changes', { digest: 'p2' }, false],
    ['when there is none', { state: fold(told(started()), LAST_PHASE) }, false],
    ['once it is used up', { state: ledger({}, applying(NAME), applied(NAME)) }, false],
    ['too long', { nowMs: Date.parse(minute(2)) + WEEK }, false],
    [
      'in another run, whose reviewers were shown it',
      { actor: { by: 'priya', run: '9-1' } },
      false
    ],
    [
      'in another run, for a second person',
      { actor: { by: 'amara', run: '9-1' }, phase: gated(STARTED_AGAIN) },
      true
    ],
    ['where there is no GitHub', { actor: { by: 'priya', run: '9-1' }, kind: 'typed' }, true],
    [
      'for a phase without a gate, however old',
      { phase: gated(undefined), nowMs: Date.parse(minute(2)) + WEEK },
      true
    ]
  ])('%s: %#', (_, change, stands) => {
    expect(briefingStands({ ...REVIEW, ...change })).toBe(stands)
  })
})
