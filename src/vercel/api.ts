import * as z from 'zod'
import type { Asking, Clock } from '../rollout/ports.ts'
import type { ProviderError } from '../rollout/rollgate-error.ts'
import { refusal, silence, surprise } from './api-problem.ts'

export interface ApiCall extends Asking {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

export interface ApiChange extends ApiCall {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  /** Flag values in the body; the provider's words are stripped of them. */
  readonly conceal?: readonly string[]
}

/** How a change ended, as far as its answer tells. */
export type ChangeOutcome =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly code?: string }
  /** It may or may not have happened: read before doing anything else. */
  | { readonly kind: 'unknown'; readonly error: ProviderError; readonly waitMs: number }

/** Vercel's REST API for one team. */
export interface VercelApi {
  /** Asks again on a lost answer, 429 and 5xx, unless hurried. @throws ProviderError */
  get<T>(call: ApiCall, schema: z.ZodType<T>): Promise<T>
  /** Sends exactly once. */
  change(call: ApiChange): Promise<ChangeOutcome>
}

export interface ApiOptions {
  readonly apiUrl: string
  readonly token: string
  readonly teamId: string
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
  /** Real time one request may take. */
  readonly timeoutMs: number
}

type Attempt =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'failed'; readonly error: ProviderError; readonly waitMs?: number }
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly code?: string }

const ATTEMPTS = 4
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
const HURRIED_MS = 3000

const problemBody = z.looseObject({
  error: z.looseObject({ code: z.string().optional(), message: z.string().optional() })
})

/** A client that tolerates every field it does not know and never shows the token. */
export function createApi(options: ApiOptions): VercelApi {
  return {
    get: async (call, schema) => {
      for (let attempt = 1; ; attempt += 1) {
        const result = await send(options, { ...call, method: 'GET' })
        if (result.kind === 'answered') return parse(call, schema, result.body)
        if (result.kind === 'refused' || call.hurried || attempt === ATTEMPTS) throw result.error
        await options.clock.sleep(result.waitMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1))
      }
    },
    change: async call => {
      const result = await send(options, call)
      switch (result.kind) {
        case 'answered':
          return { kind: 'done', body: result.body }
        case 'refused':
          return result
        case 'failed':
          return { kind: 'unknown', error: result.error, waitMs: result.waitMs ?? FIRST_WAIT_MS }
      }
    }
  }
}

type Sent = Omit<ApiChange, 'method'> & { readonly method: string }

async function send(options: ApiOptions, call: Sent): Promise<Attempt> {
  const { apiUrl, token, teamId, fetch, timeoutMs } = options
  const query = new URLSearchParams({ ...call.query, teamId })
  try {
    const response = await fetch(`${apiUrl}${call.path}?${query}`, {
      method: call.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(call.hurried ? Math.min(timeoutMs, HURRIED_MS) : timeoutMs)
    })
    return judge(call, response, await response.text(), [token, ...(call.conceal ?? [])])
  } catch (cause) {
    return { kind: 'failed', error: silence(call, reasonOf(cause)) }
  }
}

function judge(call: Sent, response: Response, text: string, conceal: readonly string[]): Attempt {
  const { status } = response
  const parsed = parseJson(text)
  if (response.ok)
    return parsed.ok
      ? { kind: 'answered', status, body: parsed.value }
      : { kind: 'failed', error: silence(call, `HTTP ${status}, but no JSON`) }
  const said = problemBody.safeParse(parsed.value).data?.error
  const error = refusal(call, { status, ...said }, conceal)
  if (status === 429 || status >= 500) return { kind: 'failed', error, ...retryAfter(response) }
  return { kind: 'refused', error, ...(said?.code === undefined ? {} : { code: said.code }) }
}

function parse<T>(call: ApiCall, schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  // Paths only: a message of zod may quote what it found, and that may be a flag's value.
  const where = result.error.issues.map(({ path }) => path.join('.') || 'the body').join(', ')
  throw surprise({ method: 'GET', path: call.path }, where)
}

function parseJson(text: string): { readonly ok: boolean; readonly value?: unknown } {
  try {
    return text === '' ? { ok: true } : { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}

function retryAfter(response: Response): { readonly waitMs?: number } {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return seconds >= 0 ? { waitMs: Math.min(seconds * 1000, LONGEST_WAIT_MS) } : {}
}

// Duck-typed: the DOMException of a timeout is no native error.
/** Why a request has no answer, in one line. */
export function reasonOf(thrown: unknown): string {
  const { name, message, cause } = partsOf(thrown)
  if (name === 'TimeoutError') return 'no answer in time'
  const root = partsOf(cause)
  return String(root.code ?? root.message ?? message ?? 'the request failed')
}

function partsOf(thrown: unknown) {
  const parts = typeof thrown === 'object' && thrown !== null ? thrown : {}
  return parts as Readonly<Record<'name' | 'message' | 'cause' | 'code', unknown>>
}
