import type { LookRequest } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import type { Window } from './cells.ts'

/**
 * Instants as the metrics compare them: in UTC, with milliseconds.
 * @throws InputError when `since` or `until` is none
 */
export function normalised(request: LookRequest): LookRequest {
  const { until } = request
  return {
    ...request,
    since: parseBound('since_invalid', 'start', request.since),
    ...(until === undefined ? {} : { until: parseBound('until_invalid', 'end', until) })
  }
}

/**
 * What a look at this time of the database sees. Late rows get time to arrive, so that the end is never
 * younger than the grace; a window that would end before it began is empty.
 */
export function windowOf(databaseNow: string, request: LookRequest): Window {
  const { since, until, graceMs } = request
  const latestMs = Date.parse(databaseNow) - graceMs
  const endMs = until === undefined ? latestMs : Math.min(latestMs, Date.parse(until))
  return { since, until: new Date(Math.max(endMs, Date.parse(since))).toISOString() }
}

function parseBound(code: 'since_invalid' | 'until_invalid', does: string, text: string): string {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new InputError(
    code,
    `The window cannot ${does} at \`${text}\`.`,
    'Write an instant as 2026-03-01T10:00:00Z.'
  )
}
