import { describe, expect, test } from '@jest/globals'
import type { EnvironmentGate } from '../../src/rollout/definition.ts'
import { judgeDispatchGate, judgeGate, judgeKeys, requireGate } from '../../src/rollout/gate.ts'
import type { GateFacts } from '../../src/rollout/ports.ts'
import { refusal } from './refusal.ts'

const GATE: EnvironmentGate = {
  mode: 'environment',
  environment: 'approve-full',
  checklist: [],
  validForMs: 1
}

function facts(change: Partial<GateFacts> = {}): GateFacts {
  return {
    environment: 'approve-full',
    reviewers: [
      { kind: 'user', name: 'amara' },
      { kind: 'team', name: 'booking' }
    ],
    waitMs: 0,
    preventsSelfReview: true,
    branches: 'selected',
    adminsCanBypass: false,
    ...change
  }
}

const OPEN = facts({ reviewers: [], preventsSelfReview: false, branches: 'any', waitMs: 300_000 })

const MENDED = [
  'gh api --silent --method PUT repos/{owner}/{repo}/environments/approve-full',
  '-F wait_timer=0 -F prevent_self_review=true',
  `-F 'reviewers[][type]=User' -F "reviewers[][id]=$(gh api users/LOGIN --jq .id)"`,
  `-F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'`,
  '&& gh api --silent --method POST repos/{owner}/{repo}/environments/approve-full/deployment-branch-policies -f name=main'
].join(' ')

describe('a gate', () => {
  test('that is set up as it should be is in order', () => {
    expect(judgeGate(GATE, facts())).toEqual([
      { name: 'gate approve-full', outcome: 'ok', message: 'approved by amara or team booking' }
    ])
    expect(
      judgeGate(GATE, facts({ adminsCanBypass: undefined, branches: 'protected' }))
    ).toHaveLength(1)
    expect(() => requireGate(GATE, facts())).not.toThrow()
  })

  test('that does not exist fails, with the commands that make it', () => {
    const message = 'The environment approve-full does not exist, so nobody would be asked'
    const remedy = `Put the reviewer's login in place of LOGIN. Run: ${MENDED}`
    expect(judgeGate(GATE, undefined)).toEqual([
      { name: 'gate approve-full', outcome: 'fail', message, remedy }
    ])
    expect(refusal(() => requireGate(GATE, undefined))).toEqual({
      code: 'gate_missing',
      message: `${message}.`,
      remedy
    })
  })

  test('that asks nobody fails, with the commands that protect it and the way without', () => {
    const { code, message, remedy } = refusal(() => requireGate(GATE, OPEN, 'trunk'))
    expect(code).toBe('gate_unprotected')
    expect(message).toBe(
      'The environment approve-full has no required reviewers, so nobody would be asked.'
    )
    expect(remedy).toContain('Where your plan has no reviewers, write gate: { mode: dispatch')
    expect(remedy).toContain('-F wait_timer=5 ')
    expect(remedy).toContain('-f name=trunk')
    expect(judgeGate(GATE, OPEN, 'trunk')).toEqual([
      { name: 'gate approve-full', outcome: 'fail', message: message.slice(0, -1), remedy }
    ])
  })

  test.each<[Partial<GateFacts>, string, string]>([
    [{ preventsSelfReview: false }, 'whoever starts a rollout can approve it too', 'Run: gh api'],
    [{ branches: 'any' }, 'any branch can use it, with its own workflow files', 'Run: gh api'],
    [{ adminsCanBypass: true }, 'administrators can pass it without a review', 'Settings, '],
    [{ waitMs: 1_800_000 }, 'an approved phase still waits 30m for its timer', 'Run: gh api']
  ])('that is weak is only warned of: %j', (change, message, remedy) => {
    const [ok, warning, ...more] = judgeGate(GATE, facts(change))
    expect(ok).toMatchObject({ outcome: 'ok' })
    expect(warning).toMatchObject({ name: 'gate approve-full', outcome: 'warn', message })
    expect(warning?.remedy?.startsWith(remedy)).toBe(true)
    expect(more).toEqual([])
  })

  test('keeps its reviewers when it is mended', () => {
    const [, warning] = judgeGate(GATE, facts({ branches: 'any' }))
    expect(warning?.remedy).toContain('$(gh api users/amara --jq .id)')
    expect(warning?.remedy).toContain('$(gh api orgs/{owner}/teams/booking --jq .id)')
  })

  test('of a second person is in order with two logins, and hopeless with one', () => {
    const gate = { mode: 'dispatch', checklist: [], validForMs: 1 } as const
    expect(judgeDispatchGate('full', { ...gate, allow: ['amara', 'priya'] })).toEqual({
      name: 'gate of full',
      outcome: 'ok',
      message:
        "one of amara, priya who did not start it types the rollout's name: weaker than a review"
    })
    expect(judgeDispatchGate('full', { ...gate, allow: ['amara', 'Amara'] })).toMatchObject({
      outcome: 'warn',
      remedy: 'Add a second login to allow.'
    })
  })
})

describe('an environment with keys', () => {
  const KEYS = facts({ environment: 'production', reviewers: [], preventsSelfReview: false })
  const name = 'keys production'

  test('that keeps nobody waiting is in order', () => {
    expect(judgeKeys('production', KEYS)).toEqual([
      { name, outcome: 'ok', message: 'nobody waits in it, and only chosen branches use it' }
    ])
  })

  test('that does not exist fails, with the commands that make it', () => {
    const [item] = judgeKeys('production', undefined, 'trunk')
    expect(item).toMatchObject({
      name,
      outcome: 'fail',
      message: 'there is no environment production, so a job would get no secrets'
    })
    expect(item?.remedy).toMatch(
      /^Put its secrets in after this\. Run: gh api .* -F reviewers=null /u
    )
    expect(item?.remedy).toContain('-f name=trunk')
  })

  test('that has reviewers or a timer fails: a rollback would wait for them', () => {
    const slow = facts({ environment: 'production', waitMs: 600_000, preventsSelfReview: false })
    expect(judgeKeys('production', slow)).toMatchObject([
      {
        outcome: 'fail',
        message:
          'every job in it waits for amara or team booking, and a rollback would wait as well'
      },
      {
        outcome: 'fail',
        message: 'every job in it waits 10m for its timer, and a rollback would wait as well'
      }
    ])
  })

  test('that any branch gets is warned of', () => {
    expect(judgeKeys('production', { ...KEYS, branches: 'any' })).toMatchObject([
      { outcome: 'warn', message: 'any branch gets these secrets' }
    ])
  })
})
