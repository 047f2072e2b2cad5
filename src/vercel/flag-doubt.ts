import * as z from 'zod'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { ChangeOutcome } from './api.ts'
import { hide } from './api-problem.ts'

/** A reason not to trust that a write happened, or that the plan behind it still holds. */
export interface Doubt {
  readonly error: ProviderError
  /** How long to wait before looking again. */
  readonly waitMs: number
}

// Somebody, or our own lost request, was there between the look and the write: look again.
const STALE = ['ENV_CONFLICT', 'ENV_ALREADY_EXISTS', 'EXISTING_KEY_AND_TARGET', 'not_found']
const STALE_WAIT_MS = 1000

/** What an answer leaves open; a plain refusal leaves nothing open. @throws ProviderError */
export function doubtOf(outcome: ChangeOutcome): Doubt | undefined {
  switch (outcome.kind) {
    case 'done':
      return undefined
    case 'unknown':
      return outcome
    case 'refused':
      if (STALE.includes(outcome.code ?? '')) return { error: outcome.error, waitMs: STALE_WAIT_MS }
      throw outcome.error
  }
}

const creation = z.looseObject({
  failed: z.array(
    z.looseObject({
      error: z.looseObject({ code: z.string().nullish(), message: z.string().nullish() })
    })
  )
})

/** A 201 may still say that nothing was stored. @throws ProviderError */
export function doubtOfCreation(
  outcome: ChangeOutcome,
  flag: string,
  target: string,
  conceal: readonly string[]
): Doubt | undefined {
  const failed = outcome.kind === 'done' ? creation.safeParse(outcome.body).data?.failed : undefined
  const [first] = failed ?? []
  if (!first) return undefined
  const { code, message } = first.error
  const words = [code, message && hide(message, conceal)].filter(Boolean).join(', ')
  const error = new ProviderError(
    'flag_refused',
    `Vercel did not store ${flag} on ${target}: ${words}`,
    'Correct what Vercel names, then run the same operation again.'
  )
  if (STALE.includes(code ?? '')) return { error, waitMs: STALE_WAIT_MS }
  throw error
}
