import type { Octokit } from '@octokit/core'
import type * as z from 'zod'
import type { Clock } from '../rollout/ports.ts'
import { type Errand, type Failure, failureOf, surprise } from './api-problem.ts'
import { REPEATS } from './client.ts'

/** How a request ended, as far as its answer tells. */
export type Outcome<T> = { readonly kind: 'done'; readonly value: T } | Failure

interface Answered {
  readonly url: string
  readonly data: unknown
}

export interface Query<T> extends Errand {
  readonly document: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly answer: z.ZodType<T>
  /** Whether asking twice does no harm. */
  readonly repeatable: boolean
}

/** GitHub's APIs for one repository, with every failure turned into one of Rollgate's. */
export interface GithubApi {
  readonly repository: { readonly owner: string; readonly repo: string }
  /** Where people see the repository: `https://github.com/acme/shop`. */
  readonly page: string
  /** Sends one typed route; `needs` is the permission it takes, as `contents: write`. */
  attempt<T>(needs: string, answer: z.ZodType<T>, send: Send): Promise<Outcome<T>>
  /** As `attempt`. @throws ProviderError */
  ask<T>(needs: string, answer: z.ZodType<T>, send: Send): Promise<T>
  /** As `ask`; undefined when GitHub says that there is no such thing. @throws ProviderError */
  find<T>(needs: string, answer: z.ZodType<T>, send: Send): Promise<T | undefined>
  query<T>(query: Query<T>): Promise<Outcome<T>>
}

export type Send = (client: Octokit) => Promise<Answered>

/** The value of what was done. @throws ProviderError */
export function settled<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'done') return outcome.value
  throw outcome.error
}

export interface ApiParts {
  readonly client: Octokit
  readonly repository: { readonly owner: string; readonly repo: string }
  readonly page: string
  readonly token: string
  readonly clock: Clock
}

/** The API of one repository through this client. */
export function createApi({ client, repository, page, token, clock }: ApiParts): GithubApi {
  const telling = () => ({ token, nowMs: clock.now() })

  async function attempt<T>(needs: string, answer: z.ZodType<T>, send: Send): Promise<Outcome<T>> {
    try {
      const { url, data } = await send(client)
      return read({ needs, what: pathOf(url) }, answer, data)
    } catch (cause) {
      return failed(cause, { needs, what: requestOf(cause) })
    }
  }

  function failed(cause: unknown, errand: Errand): Failure {
    const failure = failureOf(cause, errand, telling())
    if (failure === undefined) throw cause
    return failure
  }

  return {
    repository,
    page,
    attempt,
    ask: async (needs, answer, send) => settled(await attempt(needs, answer, send)),
    find: async (needs, answer, send) => {
      const outcome = await attempt(needs, answer, send)
      return outcome.kind === 'refused' && outcome.status === 404 ? undefined : settled(outcome)
    },
    query: async ({ document, variables, answer, repeatable, ...errand }) => {
      const request = { retries: repeatable ? REPEATS : 0 }
      try {
        return read(errand, answer, await client.graphql(document, { ...variables, request }))
      } catch (cause) {
        return failed(cause, errand)
      }
    }
  }
}

// A success that cannot be read leaves open what happened, like no answer at all.
function read<T>(errand: Errand, answer: z.ZodType<T>, data: unknown): Outcome<T> {
  const parsed = answer.safeParse(data)
  if (parsed.success) return { kind: 'done', value: parsed.data }
  const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the body').join(', ')
  return { kind: 'unknown', error: surprise(errand, where) }
}

function requestOf(cause: unknown): string {
  const { method, url } = (cause as { request?: { method?: string; url?: string } }).request ?? {}
  return [method, pathOf(url ?? '')].filter(Boolean).join(' ') || 'a request'
}

// A query of parameters is left out: what it holds is of no use in a message.
function pathOf(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : ''
}
