import type { Identifiers } from './identifier.ts'

/** One rule as `GET rules/branches` shows it. */
export interface BranchRule {
  readonly type: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** Rulesets in force, without anybody who may bypass them. */
export interface RulesetTable {
  /** The pattern is a branch name in which `*` stands for anything. */
  add(branchPattern: string, rules: readonly (BranchRule | string)[]): void
  clear(): void
  of(branch: string): readonly (BranchRule & { readonly rulesetId: number })[]
}

/** No rulesets yet. */
export function createRulesetTable(identifiers: Identifiers): RulesetTable {
  const rulesets: { id: number; pattern: RegExp; rules: readonly BranchRule[] }[] = []
  return {
    add: (branchPattern, rules) => {
      rulesets.push({
        id: identifiers.next('ruleset'),
        pattern: patternOf(branchPattern),
        rules: rules.map(rule => (typeof rule === 'string' ? { type: rule } : rule))
      })
    },
    clear: () => {
      rulesets.length = 0
    },
    of: branch =>
      rulesets
        .filter(({ pattern }) => pattern.test(branch))
        .flatMap(({ id, rules }) => rules.map(rule => ({ ...rule, rulesetId: id })))
  }
}

function patternOf(text: string): RegExp {
  const parts = text.split('*').map(part => part.replaceAll(/[\\^$.+?()[\]{}|]/gu, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'u')
}

/** How a direct commit to a branch breaks a rule; a rule that is not named here lets it pass. */
const COMMIT_VIOLATIONS: Readonly<Record<string, string>> = {
  pull_request: 'Changes must be made through a pull request.',
  merge_queue: 'Changes must be made through the merge queue',
  update: 'Cannot update this protected ref.',
  required_deployments: 'Required deployments are expected.',
  workflows: 'Required workflows are not satisfied',
  code_scanning: 'Code scanning is waiting for results.'
}

const CREATION_VIOLATIONS: Readonly<Record<string, string>> = {
  creation: 'Cannot create ref due to creations being restricted.'
}

/** The message of GitHub when the rules refuse; undefined when they let it pass. */
export function ruleViolation(
  rules: readonly BranchRule[],
  what: 'commit' | 'creation'
): string | undefined {
  const known = what === 'commit' ? COMMIT_VIOLATIONS : CREATION_VIOLATIONS
  const checks = what === 'commit' ? rules.flatMap(missingChecks) : []
  const broken = [...rules.flatMap(({ type }) => known[type] ?? []), ...checks]
  return broken.length === 0
    ? undefined
    : `Repository rule violations found\n\n${broken.join('\n')}\n\n`
}

/** A commit that is made by the API carries no status yet. */
function missingChecks({ type, parameters = {} }: BranchRule): readonly string[] {
  if (type !== 'required_status_checks') return []
  const checks = parameters['required_status_checks']
  const count = Array.isArray(checks) ? checks.length : 1
  return [`${count} of ${count} required status checks are expected.`]
}
