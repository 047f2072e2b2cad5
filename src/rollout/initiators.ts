import type { EventOf } from './events.ts'
import type { State } from './state.ts'

/** Who began it; what a workflow began by itself was begun by nobody. */
export function initiatorsOf(
  { startedBy }: State,
  { by }: EventOf<'phase-planned'>
): readonly string[] {
  return [...new Set([startedBy, by])].filter(login => login !== undefined).filter(isPerson)
}

function isPerson(login: string): boolean {
  return !isBot(login)
}

/** What GitHub calls the account of a program. */
export function isBot(login: string): boolean {
  return login.toLowerCase().endsWith('[bot]')
}

export function isOneOf(login: string, logins: readonly string[]): boolean {
  return logins.some(other => same(login, other))
}

/** GitHub does not tell logins apart by the case of their letters. */
export function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase()
}
