import * as z from 'zod'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { ChangeOutcome } from './api.ts'
import { hide } from './printed-text.ts'

/** A reason not to trust that some flags were written. */
export interface Trouble {
  readonly flags: readonly string[]
  /**
   * `refused`: they were not. `doubtful`: they may have been, or the plan behind the request no longer
   * holds: look again.
   */
  readonly kind: 'refused' | 'doubtful'
  readonly error: ProviderError
  /** How long to wait before looking again. */
  readonly waitMs: number
  /** The provider says that the variable exists already. */
  readonly conflict: boolean
}

const CONFLICT = ['ENV_CONFLICT', 'ENV_ALREADY_EXISTS', 'EXISTING_KEY_AND_TARGET']
const GONE = 'not_found'
const STALE_WAIT_MS = 1000

/** What an answer leaves open for the flags that the request was about; a 201 may list some as failed. */
export function troublesOf(
  outcome: ChangeOutcome,
  flags: readonly string[],
  { target, conceal }: { readonly target: string; readonly conceal: readonly string[] }
): readonly Trouble[] {
  switch (outcome.kind) {
    case 'done':
      return failuresIn(outcome.body, flags).map(({ flags: failed, code, message }) => {
        const words = [code, message && hide(message, conceal)].filter(Boolean).join(', ')
        const error = new ProviderError(
          'flag_refused',
          `Vercel did not store ${failed.join(', ')} on ${target}: ${words}`,
          'Correct what Vercel names, then run the same operation again.'
        )
        return refusal(failed, error, code)
      })
    case 'unknown':
      return [{ ...outcome, flags, kind: 'doubtful', conflict: false }]
    case 'refused':
      return [refusal(flags, outcome.error, outcome.code)]
  }
}

/** Several failures as one error; the code and the remedies are those of all, each told once. */
export function allOf([first, ...more]: readonly [
  ProviderError,
  ...ProviderError[]
]): ProviderError {
  if (more.length === 0) return first
  const all = [first, ...more]
  const messages = new Set(all.map(({ message }) => message))
  const remedies = new Set(all.map(({ remedy }) => remedy))
  return new ProviderError(first.code, [...messages].join('; '), [...remedies].join(' '), first)
}

/** Somebody, or our own lost request, was there between the look and the write: look again. */
function refusal(flags: readonly string[], error: ProviderError, code = ''): Trouble {
  const conflict = CONFLICT.includes(code)
  const kind = conflict || code === GONE ? 'doubtful' : 'refused'
  return { flags, kind, error, waitMs: STALE_WAIT_MS, conflict }
}

const record = z.looseObject({ id: z.string() })
const answer = z.looseObject({ created: z.union([z.array(record), record]) })

/** The ids of the records that the answer tells of as new. */
export function createdIn(outcome: ChangeOutcome): readonly string[] {
  const created = outcome.kind === 'done' ? answer.safeParse(outcome.body).data?.created : undefined
  return [created ?? []].flat().map(({ id }) => id)
}

const failure = z.looseObject({
  code: z.string().nullish(),
  message: z.string().nullish(),
  key: z.string().nullish(),
  envVarKey: z.string().nullish()
})

const creation = z.looseObject({ failed: z.array(z.looseObject({ error: failure })) })

function failuresIn(body: unknown, flags: readonly string[]) {
  const failed = creation.safeParse(body).data?.failed ?? []
  return failed.map(({ error: { code, message, envVarKey, key } }) => {
    const named = flags.filter(flag => flag === envVarKey || flag === key)
    // A failure that names no flag may be that of any.
    return { flags: named.length > 0 ? named : flags, code: code ?? undefined, message }
  })
}
