import type { ProbeAnswer, Prober } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { reasonOf } from './api.ts'
import { hide } from './printed-text.ts'

export interface ProberOptions {
  /** The project's Protection Bypass for Automation; undefined when there is none. */
  readonly bypass: string | undefined
  readonly fetch: typeof globalThis.fetch
}

const MOST_BYTES = 65_536

/**
 * Asks over HTTP what a visitor would get. The bypass goes with the request and nowhere else: no
 * redirect is followed, and no error or answer holds it.
 */
export function createProber({ bypass, fetch }: ProberOptions): Prober {
  return {
    probe: async ({ url, path, timeoutMs }) => {
      const address = addressOf(url, path)
      try {
        const response = await fetch(address, {
          method: 'GET',
          redirect: 'manual',
          headers: {
            'user-agent': 'rollgate',
            ...(bypass === undefined ? {} : { 'x-vercel-protection-bypass': bypass })
          },
          signal: AbortSignal.timeout(timeoutMs)
        })
        return toAnswer(response, await beginningOf(response), bypass)
      } catch (cause) {
        throw new ProviderError(
          'probe_unanswered',
          `no answer: ${hide(reasonOf(cause), [bypass ?? ''])}`,
          'Look whether the deployment answers there at all, and whether this machine may reach it.'
        )
      }
    }
  }
}

/** The path is never allowed to lead to another host. @throws ProviderError */
function addressOf(url: string, path: string): URL {
  const address = URL.canParse(path, url) ? new URL(path, url) : undefined
  if (address !== undefined && path.startsWith('/') && address.origin === new URL(url).origin) {
    return address
  }
  throw new ProviderError(
    'probe_address',
    `${path} is no path of ${url}`,
    'Correct probe.path in the definition: it begins with one slash.'
  )
}

/** What a body may hold beyond that is never fetched: a page may be endless. */
async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  while (reader !== undefined && size < MOST_BYTES) {
    const { value, done } = await reader.read()
    if (done) break
    chunks.push(value)
    size += value.length
  }
  await reader?.cancel()
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString('utf8')
}

function toAnswer(response: Response, body: string, bypass: string | undefined): ProbeAnswer {
  const { status } = response
  if (!isProtection(response, body)) return { status, body }
  return { status, body: '', protection: bypass === undefined ? 'no-key' : 'key-refused' }
}

/** Vercel's own page stands before the deployment: it asks for a login, or redirects to one. */
function isProtection({ status, headers }: Response, body: string): boolean {
  const location = headers.get('location') ?? ''
  if (status >= 300 && status < 400) return location.startsWith('https://vercel.com/sso-api')
  if (status !== 401) return false
  const cookie = headers.get('set-cookie') ?? ''
  return cookie.includes('_vercel_sso_nonce') || body.includes('Authentication Required')
}
