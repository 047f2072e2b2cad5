import * as z from 'zod'
import { oneLine } from '../rollout/one-line.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'

/** What a request was for, as messages and remedies name it. */
export interface Errand {
  /** What the token needs for it, as a workflow's `permissions:` says it: `contents: write`. */
  readonly needs: string
  /** Method and path, or the name of the query: no host, no parameters, no body. */
  readonly what: string
}

/** What messages are made with beside the answer itself. */
export interface Telling {
  /** Never appears in a message. */
  readonly token: string
  readonly nowMs: number
}

/** How a request failed, as far as its answer tells. */
export type Failure =
  | {
      /** It did not happen. */
      readonly kind: 'refused'
      readonly error: ProviderError
      readonly status: number
      /** `errors[].type` of a query. */
      readonly types: readonly string[]
      /** What the token lacks is the reason, not what was asked. */
      readonly lacksPermission: boolean
    }
  /** It may or may not have happened: read before doing anything else. */
  | { readonly kind: 'unknown'; readonly error: ProviderError }

interface Answer {
  readonly status: number
  readonly words: readonly string[]
  readonly types: readonly string[]
  readonly headers: Readonly<Record<string, unknown>>
}

const LACKS_PERMISSION = /\bnot accessible by (?:integration|personal access token)\b/iu

const UNREACHABLE = 'Look at githubstatus.com, then run the same operation again.'

const saidError = z.union([
  z.string().transform(message => ({ type: undefined, message })),
  z.looseObject({ type: z.string().nullish(), message: z.string().nullish() })
])
const body = z.looseObject({
  message: z.string().optional().catch(undefined),
  errors: z.array(saidError).optional().catch(undefined)
})
const headers = z.record(z.string(), z.unknown())

// What the client library throws: an answer of the REST API, an answer with `errors` of the GraphQL
// API (before or after its rate limit was looked at), or no answer at all.
const thrown = z.object({
  status: z.number().optional(),
  message: z.string(),
  response: z
    .looseObject({ status: z.number().optional(), headers: headers.optional(), data: z.unknown() })
    .optional()
    .catch(undefined),
  errors: z.array(saidError).optional().catch(undefined),
  headers: headers.optional().catch(undefined)
})

/** The failure behind what the client library threw; undefined when it is a defect of ours. */
export function failureOf(cause: unknown, errand: Errand, telling: Telling): Failure | undefined {
  const parsed = thrown.safeParse(partsOf(cause))
  if (!parsed.success) return undefined
  const { status, message, response, errors } = parsed.data
  const said = body.safeParse(response?.data).data
  const all = errors ?? said?.errors ?? []
  const answer: Answer = {
    status: status ?? response?.status ?? 200,
    words: [said?.message, ...all.map(error => error.message)].filter(
      text => typeof text === 'string'
    ),
    types: all.flatMap(({ type }) => type ?? []),
    headers: parsed.data.headers ?? response?.headers ?? {}
  }
  if (errors === undefined && response === undefined) {
    if (status === undefined) return undefined
    return { kind: 'unknown', error: silence(errand, hide(message, telling)) }
  }
  if (answer.status >= 500) {
    return { kind: 'unknown', error: silence(errand, wordsOf(answer, telling)) }
  }
  const { code, remedy } = problemOf(answer, errand, telling)
  const text = `GitHub did not accept ${errand.what}: ${wordsOf(answer, telling)}`
  const { types, words } = answer
  const error = new ProviderError(code, text, remedy)
  const lacksPermission = LACKS_PERMISSION.test(words.join(' '))
  return { kind: 'refused', error, status: answer.status, types, lacksPermission }
}

/** The error for no answer, or none that says what happened. */
export function silence({ what }: Errand, reason: string): ProviderError {
  return new ProviderError(
    'github_unreachable',
    `GitHub gave no usable answer to ${what}: ${reason}`,
    UNREACHABLE
  )
}

/** The error for a success whose body lacks what it must have. */
export function surprise({ what }: Errand, detail: string): ProviderError {
  return new ProviderError(
    'github_malformed',
    `GitHub answered ${what} in a shape Rollgate does not know: ${detail}`,
    'Run the same operation again; if it happens again, look for a newer version of Rollgate.'
  )
}

function problemOf(answer: Answer, errand: Errand, telling: Telling) {
  const { status, types } = answer
  const words = answer.words.join(' ')
  if (isRateLimit(answer, words)) {
    const remedy = `Run the same operation again ${whenFree(answer, telling)}; nothing was done.`
    return { code: 'github_rate_limited', remedy }
  }
  if (status === 401) return { code: 'github_token', remedy: TOKEN_REMEDY }
  if (status === 403 || types.includes('FORBIDDEN')) {
    return { code: 'github_forbidden', remedy: forbiddenRemedy(words, errand) }
  }
  if (status === 404 || types.includes('NOT_FOUND')) {
    const remedy = `Check that it exists and that the token may see it: without \`${errand.needs}\` GitHub hides what is private.`
    return { code: 'github_not_found', remedy }
  }
  return { code: 'github_refused', remedy: REFUSED_REMEDY }
}

const TOKEN_REMEDY =
  'Leave the input github-token out, so that the job’s own token is used, or hand over one that has neither expired nor been revoked.'
const REFUSED_REMEDY =
  'The message is GitHub’s own; correct what it names, then run the operation again.'

function forbiddenRemedy(words: string, { needs }: Errand): string {
  if (LACKS_PERMISSION.test(words)) {
    return `The token lacks a permission: give the job \`permissions: { ${needs} }\`; a reusable workflow’s caller must grant it too.`
  }
  return `The message is GitHub’s own: a policy of the repository or the organisation forbids it. The token itself needs \`${needs}\`.`
}

function isRateLimit({ status, types, headers }: Answer, words: string): boolean {
  if (status === 429 || types.some(type => /^RATE_LIMIT(?:ED)?$/u.test(type))) return true
  if (status !== 403) return false
  return (
    headers['x-ratelimit-remaining'] === '0' ||
    headers['retry-after'] !== undefined ||
    /\bsecondary rate limit\b/iu.test(words)
  )
}

function whenFree({ headers }: Answer, { nowMs }: Telling): string {
  const after = Number(headers['retry-after'] ?? Number.NaN) * 1000
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1000
  const freeMs = Number.isFinite(after) ? nowMs + after : reset
  return Number.isFinite(freeMs) ? `after ${new Date(freeMs).toISOString()}` : 'in a few minutes'
}

function wordsOf({ status, types, words }: Answer, telling: Telling): string {
  const said = [`HTTP ${status}`, ...types, ...words].map(text => hide(oneLine(text), telling))
  return said.join(', ')
}

function hide(text: string, { token }: Telling): string {
  return token === '' ? text : text.replaceAll(token, '…')
}

// An Error's own fields are what is looked at; `message` is not enumerable.
function partsOf(cause: unknown): unknown {
  return cause instanceof Error ? { ...cause, message: cause.message } : cause
}
