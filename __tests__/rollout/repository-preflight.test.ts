import { describe, expect, test } from '@jest/globals'
import type { RepositoryFacts } from '../../src/rollout/ports.ts'
import { worst } from '../../src/rollout/preflight.ts'
import { judgeRepository } from '../../src/rollout/repository-preflight.ts'

const FACTS: RepositoryFacts = {
  name: 'acme/shop',
  private: false,
  defaultBranch: 'main',
  branch: 'main',
  ledger: { branch: 'rollgate-ledger', exists: true, rules: [] },
  workflows: [
    { role: 'rollout', file: 'rollout.yml', state: 'active' },
    { role: 'monitor', file: 'rollout-monitor.yml', state: 'active' },
    { role: 'rollback', file: 'rollout-rollback.yml', state: 'active' }
  ]
}

function problems(change: Partial<RepositoryFacts>) {
  return judgeRepository({ ...FACTS, ...change }).filter(({ outcome }) => outcome !== 'ok')
}

function ledger(change: Partial<RepositoryFacts['ledger']>) {
  return { ledger: { ...FACTS.ledger, ...change } }
}

test('a repository that is set up as it should be is in order', () => {
  const items = judgeRepository(FACTS)
  expect(worst(items)).toBe('ok')
  expect(items.map(({ name, message }) => `${name}: ${message}`)).toEqual([
    'repository: acme/shop, on main',
    'workflow rollout: rollout.yml is active',
    'workflow monitor: rollout-monitor.yml is active',
    'workflow rollback: rollout-rollback.yml is active',
    'ledger: the branch rollgate-ledger can be written'
  ])
  expect(problems({ branch: undefined })).toEqual([])
})

test('a run from another branch fails', () => {
  expect(problems({ branch: 'topic' })).toEqual([
    {
      name: 'repository',
      outcome: 'fail',
      message: 'started from topic, and only main has the workflows that follow and the secrets',
      remedy: 'Start it again with main under "Use workflow from".'
    }
  ])
})

describe('a workflow', () => {
  function workflow(role: 'monitor' | 'rollback', state: 'disabled' | 'missing') {
    return problems({ workflows: [{ role, file: `rollout-${role}.yml`, state }] })
  }

  test('that is not on the default branch fails', () => {
    expect(workflow('monitor', 'missing')).toEqual([
      {
        name: 'workflow monitor',
        outcome: 'fail',
        message: 'rollout-monitor.yml is not on main, so GitHub never starts it',
        remedy: 'Commit .github/workflows/rollout-monitor.yml to main; rollgate init writes it.'
      }
    ])
  })

  test('that is switched off fails, with the command that switches it on', () => {
    expect(workflow('rollback', 'disabled')).toEqual([
      {
        name: 'workflow rollback',
        outcome: 'fail',
        message: 'rollout-rollback.yml is switched off, by somebody or after sixty quiet days',
        remedy: 'Run: gh workflow enable rollout-rollback.yml'
      }
    ])
  })

  test('that is the monitor is only warned of: whatever goes live switches it on', () => {
    expect(workflow('monitor', 'disabled')).toMatchObject([{ outcome: 'warn' }])
  })
})

describe('the branch of the ledger', () => {
  test('need not exist yet', () => {
    const items = judgeRepository({ ...FACTS, ...ledger({ exists: false }) })
    expect(items.at(-1)).toEqual({
      name: 'ledger',
      outcome: 'ok',
      message: 'the branch rollgate-ledger is made by the first entry'
    })
  })

  test.each(['deletion', 'non_fast_forward', 'required_linear_history'])(
    'may have the rule %s',
    rule => {
      expect(problems(ledger({ rules: [rule] }))).toEqual([])
    }
  )

  test.each(['pull_request', 'required_status_checks', 'update', 'merge_queue', 'a_new_one'])(
    'may not have the rule %s',
    rule => {
      expect(problems(ledger({ rules: [rule, 'deletion', rule] }))).toEqual([
        {
          name: 'ledger',
          outcome: 'fail',
          message: `rules on the branch rollgate-ledger would refuse what Rollgate writes: ${rule}`,
          remedy:
            'Settings, Rules, Rulesets: leave rollgate-ledger out of them; only blocking deletions and force pushes does no harm.'
        }
      ])
    }
  )

  test.each(['creation', 'branch_name_pattern', 'required_signatures'])(
    'may have the rule %s, which only its first entry breaks, once it is there',
    rule => {
      expect(problems(ledger({ rules: [rule] }))).toEqual([])
      expect(problems(ledger({ rules: [rule], exists: false }))).toMatchObject([
        { outcome: 'fail' }
      ])
    }
  )

  test('is warned of when its rules cannot be asked', () => {
    expect(problems(ledger({ rules: undefined }))).toMatchObject([
      { outcome: 'warn', message: 'the rules of the branch rollgate-ledger cannot be asked' }
    ])
  })
})
