/** What a route is given; keys and credentials are checked before. */
export interface ApiRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown
}

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** One endpoint of the simulated API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly paths: readonly string[]
  /** False for the few routes that belong to no team. */
  readonly scoped: boolean
  /** Query keys known beside `teamId`; checked on mutating routes, so that a new client announces itself. */
  readonly query?: readonly string[]
  /** Body keys known; checked the same way. Absent: any body is taken. */
  readonly body?: readonly string[]
  readonly handle: (request: ApiRequest) => ApiAnswer
}

export const answer = (body: unknown, status = 200): ApiAnswer => ({ status, body })

/** The members of a JSON object; none when the value is something else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
