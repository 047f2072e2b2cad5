import type { PreflightItem } from '../rollout/preflight.ts'
import type { Result } from './json.ts'

/** One line beside a run: what is wrong and what to do about it. */
export interface Annotation {
  readonly level: 'warning' | 'error'
  readonly title: string
  readonly message: string
}

/** The parts of an operation's result that call for somebody. */
type Told = Partial<Pick<Result, 'rollout' | 'status' | 'reason' | 'next'>> & {
  readonly items?: readonly PreflightItem[]
  readonly failed?: readonly {
    readonly definition: string
    readonly message: string
    readonly remedy: string
  }[]
  readonly obstacles?: readonly { readonly message: string; readonly remedy: string }[]
  readonly judgements?: readonly {
    readonly criterion: string
    readonly verdict: string
    readonly message: string
  }[]
}

/** One annotation per cause, from what an operation resulted in; none when all is as wanted. */
export function annotate(operation: string, result: object): readonly Annotation[] {
  const told: Told = result
  return [
    ...(told.items ?? []).flatMap(item => ofItem(operation, item)),
    ...(told.failed ?? []).map(
      ({ definition, message, remedy }): Annotation => ({
        level: 'error',
        title: `${operation}: ${definition}`,
        message: `${message}\n${remedy}`
      })
    ),
    ...(told.obstacles ?? []).map(
      ({ message, remedy }): Annotation => ({
        level: 'warning',
        title: `${operation}: in the way`,
        message: `${message}\n${remedy}`
      })
    ),
    ...(told.judgements ?? []).flatMap(({ criterion, verdict, message }): Annotation[] =>
      verdict === 'pass'
        ? []
        : [
            {
              level: verdict === 'red' || verdict === 'error' ? 'error' : 'warning',
              title: `${operation}: ${criterion} is ${verdict}`,
              message
            }
          ]
    ),
    // What an earlier attempt came to is no concern of what begins a new one.
    ...(operation === 'next' ? [] : ofStatus(told))
  ]
}

function ofItem(operation: string, { name, outcome, message, remedy }: PreflightItem) {
  if (outcome === 'ok') return []
  const level = outcome === 'fail' ? 'error' : 'warning'
  const text = remedy === undefined ? message : `${message}\n${remedy}`
  return [{ level, title: `${operation}: ${name}`, message: text }] satisfies Annotation[]
}

const CALLS = {
  held: 'warning',
  aborted: 'warning',
  'rolling-back': 'error',
  'rolled-back': 'error',
  'rollback-failed': 'error'
} as const satisfies Partial<Record<Result['status'], Annotation['level']>>

function ofStatus({ rollout, status, reason, next }: Told): readonly Annotation[] {
  const level =
    status === undefined ? undefined : (CALLS as Record<string, Annotation['level']>)[status]
  if (level === undefined) return []
  const message = [reason, next?.what].filter(Boolean).join('\n')
  return [{ level, title: `${rollout} is ${status}`, message }]
}
