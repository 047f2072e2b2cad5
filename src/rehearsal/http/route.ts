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
  /** Undefined: the answer has none. */
  readonly body: unknown
}

/** One endpoint of a simulated API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly paths: readonly string[]
  /** Query keys known, so that a new client announces itself. */
  readonly query?: readonly string[]
  /** Body keys known. Absent: any body is taken. */
  readonly body?: readonly string[]
  readonly handle: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>
}

export const answer = (body: unknown, status = 200): ApiAnswer => ({ status, body })

/** The members of a JSON object; none when the value is something else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** Names what a request holds that its route does not know: `query per_page`, `body labels`. */
export function unknownKeys(
  { query, body }: ApiRequest,
  known: { readonly query: readonly string[]; readonly body: readonly string[] | undefined }
): readonly string[] {
  const bodyKeys = [body].flat().flatMap(item => Object.keys(members(item)))
  return [
    ...Object.keys(query)
      .filter(key => !known.query.includes(key))
      .map(key => `query ${key}`),
    ...bodyKeys.filter(key => known.body?.includes(key) === false).map(key => `body ${key}`)
  ]
}
