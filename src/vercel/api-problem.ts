import { ProviderError } from '../rollout/rollgate-error.ts'
import { hide } from './printed-text.ts'

/** A request as messages may show it: no query, no body, no header. */
export interface Attempted {
  readonly method: string
  readonly path: string
}

/** What the provider said when it did not do what it was asked. */
export interface Reply {
  readonly status: number
  readonly code?: string | undefined
  readonly message?: string | undefined
}

const TRY_AGAIN = 'Look at vercel-status.com, then run the same operation again.'

const PROBLEMS: Readonly<Record<number, { readonly code: string; readonly remedy: string }>> = {
  401: {
    code: 'vercel_forbidden',
    remedy: 'Create a token for the team at vercel.com/account/tokens and store it as VERCEL_TOKEN.'
  },
  402: {
    code: 'vercel_plan_limit',
    remedy: 'The plan or quota of the Vercel team does not allow this; raise it or wait.'
  },
  403: {
    code: 'vercel_forbidden',
    remedy:
      'Check that VERCEL_TOKEN is valid and may change this project: its scope must be the team of VERCEL_ORG_ID.'
  },
  404: {
    code: 'vercel_not_found',
    remedy:
      'Check VERCEL_PROJECT_ID and VERCEL_ORG_ID; a token of another team sees nothing here either.'
  },
  409: {
    code: 'vercel_conflict',
    remedy: 'Something else is changing the project right now; run the same operation again.'
  },
  429: { code: 'vercel_rate_limited', remedy: 'Wait a minute, then run the same operation again.' }
}

/** The error for an answer that is not a success; `conceal` never appears in it. */
export function refusal(
  { method, path }: Attempted,
  reply: Reply,
  conceal: readonly string[]
): ProviderError {
  const { code, remedy } = problemOf(reply.status)
  const said = [reply.code, reply.message && hide(reply.message, conceal)].filter(Boolean)
  const words = [`HTTP ${reply.status}`, ...said].join(', ')
  return new ProviderError(code, `Vercel did not accept ${method} ${path}: ${words}`, remedy)
}

/** The error for no answer, or none that can be read. */
export function silence({ method, path }: Attempted, reason: string): ProviderError {
  return new ProviderError(
    'vercel_unavailable',
    `Vercel gave no usable answer to ${method} ${path}: ${reason}`,
    TRY_AGAIN
  )
}

/** The error for a success whose body lacks what it must have. */
export function surprise({ method, path }: Attempted, detail: string): ProviderError {
  return new ProviderError(
    'vercel_unexpected_answer',
    `Vercel answered ${method} ${path} in a shape Rollgate does not know: ${detail}`,
    'The API may have changed; look for a newer version of Rollgate, or report this message.'
  )
}

function problemOf(status: number): { readonly code: string; readonly remedy: string } {
  if (status >= 500) return { code: 'vercel_unavailable', remedy: TRY_AGAIN }
  return (
    PROBLEMS[status] ?? {
      code: 'vercel_refused',
      remedy: 'The message is Vercel’s own; correct what it names, then run the operation again.'
    }
  )
}
