import { type ApiRequest, unknownKeys } from '../http/route.ts'
import { refusal } from './refusal.ts'
import { covers, type TokenGrant, type TokenTable } from './tokens.ts'
import type { GithubRoute, GithubSettings } from './world.ts'

export interface AdmissionParts {
  readonly fullName: string
  readonly tokens: TokenTable
  readonly settings: GithubSettings
  readonly now: () => number
  readonly violate: (line: string) => void
}

export interface Admission {
  /** @throws Refusal for strangers, unknown repositories, unknown keys, missing permissions and spent budgets */
  admit(route: GithubRoute, request: ApiRequest): void
  grantOf(request: Pick<ApiRequest, 'headers'>): TokenGrant
  /** The rate-limit headers as they stand. */
  headers(request: { readonly path: string }): Readonly<Record<string, string>>
}

const HOUR_MS = 3_600_000

/** Points of the GraphQL API, an hour. */
const GRAPHQL_POINTS = 5_000

/** Checks in GitHub’s order: who, how often, where, with which keys, with which permission. */
export function createAdmission(parts: AdmissionParts): Admission {
  const { tokens, settings, now, violate, fullName } = parts
  const budget = createBudget(settings, now)

  const grantOf: Admission['grantOf'] = ({ headers }) => {
    const grant = tokens.grantOf(headers['authorization'])
    if (!grant) throw refusal(401, 'Bad credentials')
    return grant
  }

  return {
    grantOf,
    headers: ({ path }) => budget.headers(resourceOf(path)),
    admit: (route, request) => {
      const where = `${route.method} ${route.paths[0]}`
      const grant = grantOf(request)
      if (grant.permissions !== 'admin') budget.spend(resourceOf(route.paths[0] ?? ''))
      const { owner, repo } = request.params
      if (owner !== undefined && `${owner}/${repo}`.toLowerCase() !== fullName.toLowerCase())
        throw refusal(404, 'Not Found')
      const unknown = unknownKeys(request, { query: route.query ?? [], body: route.body })
      if (unknown.length > 0) {
        violate(`${where}: unknown ${unknown.join(', ')}`)
        throw refusal(422, `Unknown: ${unknown.join(', ')}`)
      }
      if (route.needs !== undefined && !covers(grant, route.needs))
        throw refusal(403, 'Resource not accessible by integration')
    }
  }
}

type Resource = 'core' | 'graphql'

const resourceOf = (path: string): Resource => (path === '/graphql' ? 'graphql' : 'core')

function createBudget(settings: GithubSettings, now: () => number) {
  const used = { core: 0, graphql: 0 }
  let hour = 0
  const limitOf = (resource: Resource): number =>
    resource === 'graphql' ? GRAPHQL_POINTS : settings.requestsPerHour
  const turn = (): void => {
    const current = Math.floor(now() / HOUR_MS)
    if (current === hour) return
    hour = current
    used.core = 0
    used.graphql = 0
  }
  const headers = (resource: Resource): Readonly<Record<string, string>> => {
    turn()
    const limit = limitOf(resource)
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - used[resource])),
      'x-ratelimit-used': String(used[resource]),
      'x-ratelimit-reset': String(((hour + 1) * HOUR_MS) / 1000),
      'x-ratelimit-resource': resource,
      'x-github-media-type': 'github.v3; format=json'
    }
  }
  return {
    headers,
    spend: (resource: Resource): void => {
      turn()
      if (used[resource] >= limitOf(resource))
        throw refusal(403, 'API rate limit exceeded for installation.')
      used[resource] += 1
    }
  }
}
