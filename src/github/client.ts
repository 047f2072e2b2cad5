import { Octokit } from '@octokit/core'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import type { Log } from '../rollout/ports.ts'

export interface ClientOptions {
  readonly apiUrl: string
  readonly graphqlUrl: string
  readonly token: string
  readonly log: Log
  readonly fetch: typeof globalThis.fetch
  /** Real time one request may take. */
  readonly timeoutMs: number
  /** Real milliseconds that a second of waiting lasts. */
  readonly secondMs: number
}

/** How often a request that may be repeated is repeated after no answer or a 5xx. */
export const REPEATS = 3

/** Longer than this nobody waits for a rate limit; the error says when it ends. */
const PATIENCE_S = 60

// No client error but a timeout is cured by asking again; 429 belongs to the throttling plugin.
const FINAL = [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 451]

const OctokitWithPlugins = Octokit.plugin(retry, throttling)

/**
 * GitHub's client for one token. It repeats GET and PUT; everything else is sent once unless the
 * request itself says `retries`. A short rate limit is waited for.
 */
export function createClient(options: ClientOptions): Octokit {
  const { apiUrl, graphqlUrl, token, log, fetch, timeoutMs, secondMs } = options
  const wait =
    (what: string) => (afterS: number, _request: object, _client: object, tried: number) => {
      if (afterS > PATIENCE_S || tried > 0) return false
      log.info(`GitHub's ${what} is used up; waiting ${afterS} s.`)
      return true
    }
  const client = new OctokitWithPlugins({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'rollgate',
    log: SILENT,
    request: {
      log: SILENT,
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    },
    retry: { doNotRetry: FINAL, retries: REPEATS, retryAfterBaseValue: secondMs },
    throttle: {
      onRateLimit: wait('rate limit'),
      onSecondaryRateLimit: wait('secondary rate limit'),
      retryAfterBaseValue: secondMs,
      write: UNSPACED as never,
      notifications: UNSPACED as never
    }
  })
  client.hook.before('request', request => {
    request.headers['x-github-api-version'] = '2026-03-10'
    if (request.method !== 'GET' && request.method !== 'PUT') {
      request.request = { retries: 0, ...request.request }
    }
  })
  client.graphql = client.graphql.defaults({ url: graphqlUrl })
  return client
}

const nothing = () => undefined
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

// The plugin would leave a second between writes and three between issues. Rollgate writes a few
// times a minute, far below any limit, and a rollback must not stand in a queue.
const UNSPACED = {
  key: () => ({ schedule: (_job: object, work: () => Promise<void>) => work() })
}
