/** One REST request with the answer it was given; `path` is GitHub's own template. */
export interface RestExchange {
  readonly method: string
  /** `/repos/{owner}/{repo}/environments/{environment_name}` */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly requestBody: unknown
  readonly status: number
  readonly body: unknown
}

/**
 * What GitHub has published about its API, held against every exchange. Handed in, since the
 * descriptions are too large to ship. Each method lists what is wrong; empty when nothing is.
 */
export interface ResponseContract {
  rest(exchange: RestExchange): readonly string[]
  graphql(
    document: string,
    variables: Readonly<Record<string, unknown>>,
    answer: unknown
  ): readonly string[]
}
