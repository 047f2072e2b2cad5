import { code, list, md } from './markdown.ts'
import { fitPage } from './page.ts'

/** The four parts of a `RollgateError`, without its cause, and the operation it ended. */
export interface FailureInput {
  readonly operation: string
  readonly code: string
  /** May have several lines, one problem each. */
  readonly message: string
  readonly remedy: string
}

/** The page of a run that could not do what it was started for. */
export function renderFailure({ operation, code: name, message, remedy }: FailureInput): string {
  const [first = '', ...others] = message.split('\n').filter(line => line.trim() !== '')
  const rest = others.map(line => md`${line.trim()}`)
  return fitPage([
    `## ${md`The operation ${operation} failed`.markdown}`,
    `${md`**What happened:** ${first}`.markdown}`,
    list(rest),
    `${md`**What to do:** ${remedy}`.markdown}`,
    `${md`Code: ${code(name)}`.markdown}`
  ])
}
