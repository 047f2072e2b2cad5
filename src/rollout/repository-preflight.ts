import { enableCommand, ghText } from './gh-command.ts'
import { refusingRules } from './ledger-rules.ts'
import type { RepositoryFacts, WorkflowFacts } from './ports.ts'
import type { PreflightItem } from './preflight.ts'

/** What the repository's branches and workflows mean for a rollout. */
export function judgeRepository(facts: RepositoryFacts): readonly PreflightItem[] {
  return [
    judgeBranch(facts),
    ...facts.workflows.map(workflow => judgeWorkflow(facts, workflow)),
    judgeLedger(facts)
  ]
}

function judgeBranch({ name, branch, defaultBranch }: RepositoryFacts): PreflightItem {
  return branch === undefined || branch === defaultBranch
    ? { name: 'repository', outcome: 'ok', message: `${name}, on ${defaultBranch}` }
    : {
        name: 'repository',
        outcome: 'fail',
        message: `started from ${branch}, and only ${defaultBranch} has the workflows that follow and the secrets`,
        remedy: `Start it again with ${defaultBranch} under "Use workflow from".`
      }
}

function judgeWorkflow(
  { defaultBranch }: RepositoryFacts,
  { role, file, state }: WorkflowFacts
): PreflightItem {
  const name = `workflow ${role}`
  switch (state) {
    case 'active':
      return { name, outcome: 'ok', message: `${file} is active` }
    case 'missing':
      return {
        name,
        outcome: 'fail',
        message: `${file} is not on ${defaultBranch}, so GitHub never starts it`,
        remedy: `Commit .github/workflows/${file} to ${defaultBranch}; rollgate init writes it.`
      }
    case 'disabled':
      return {
        name,
        // Whatever goes live switches its monitor on; nothing does that for the others.
        outcome: role === 'monitor' ? 'warn' : 'fail',
        message: `${file} is switched off, by somebody or after sixty quiet days`,
        remedy: `Run: ${ghText(enableCommand(file))}`
      }
  }
}

function judgeLedger({ ledger }: RepositoryFacts): PreflightItem {
  const { branch, exists, rules } = ledger
  const name = 'ledger'
  if (rules === undefined) {
    return {
      name,
      outcome: 'warn',
      message: `the rules of the branch ${branch} cannot be asked`,
      remedy: `Nothing, unless a write is refused: then leave ${branch} out of the rulesets that GitHub names.`
    }
  }
  const refusing = refusingRules(rules, exists)
  if (refusing.length > 0) {
    return {
      name,
      outcome: 'fail',
      message: `rules on the branch ${branch} would refuse what Rollgate writes: ${refusing.join(', ')}`,
      remedy: `Settings, Rules, Rulesets: leave ${branch} out of them; only blocking deletions and force pushes does no harm.`
    }
  }
  const message = exists
    ? `the branch ${branch} can be written`
    : `the branch ${branch} is made by the first entry`
  return { name, outcome: 'ok', message }
}
