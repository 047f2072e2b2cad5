import { Refusal } from '../http/refusal.ts'

/** A refusal in the words of Vercel's API. */
export const refusal = (
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {}
): Refusal => new Refusal(status, message, { error: { code, message, ...more } })

export const notFound = (what: string): Refusal =>
  refusal(404, 'not_found', `${what} was not found`)
