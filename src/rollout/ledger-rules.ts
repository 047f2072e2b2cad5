/** An append deletes nothing and adds to the end, and no pull request is made of it. */
const HARMLESS: ReadonlySet<string> = new Set([
  'deletion',
  'non_fast_forward',
  'required_linear_history',
  'copilot_code_review'
])

/** A branch is created once, by the only commit of it that GitHub does not sign. */
const ONCE: ReadonlySet<string> = new Set([
  'creation',
  'branch_name_pattern',
  'required_signatures'
])

/** Of the rules on the ledger's branch, by GitHub's types, those that refuse what Rollgate writes. */
export function refusingRules(rules: readonly string[], exists: boolean): readonly string[] {
  const refusing = rules.filter(rule => !(HARMLESS.has(rule) || (exists && ONCE.has(rule))))
  return [...new Set(refusing)]
}
