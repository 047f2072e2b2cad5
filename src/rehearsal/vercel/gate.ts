import { type ApiRequest, unknownKeys } from '../http/route.ts'
import type { SimulatedProject } from './project.ts'
import { notFound, refusal } from './refusal.ts'
import type { VercelRoute } from './route.ts'

/** Who may come in, and with what; throws a Refusal, and reports what no client should ever send. */
export interface Gate {
  admit(route: VercelRoute, request: ApiRequest): void
}

/** A gate for one project's API that knows one token. */
export function createGate(
  project: Pick<SimulatedProject, 'identity' | 'switches'>,
  token: string,
  violate: (line: string) => void
): Gate {
  return {
    admit: (route, request) => {
      if (!route.open) admitToken(request, token)
      if (!route.scoped) return
      const where = `${route.method} ${route.paths[0]}`
      admitScope(request, project, line => violate(`${where}: ${line}`))
      if (route.method !== 'GET') admitKeys(route, request, line => violate(`${where}: ${line}`))
    }
  }
}

function admitToken({ headers }: ApiRequest, token: string): void {
  if (headers['authorization'] === `Bearer ${token}`) return
  throw refusal(403, 'forbidden', 'Not authorized', { invalidToken: true })
}

function admitScope(
  { params, query }: ApiRequest,
  { identity, switches }: Pick<SimulatedProject, 'identity' | 'switches'>,
  violate: (line: string) => void
): void {
  if (query['teamId'] !== identity.teamId && query['slug'] !== identity.teamSlug) {
    violate('the team is missing or another one')
    throw switches.foreignScope === 403
      ? refusal(403, 'forbidden', 'You do not have access to this project')
      : notFound('The project')
  }
  const { project: named } = params
  if (named !== undefined && ![identity.projectId, identity.projectName].includes(named))
    throw notFound('The project')
}

function admitKeys(route: VercelRoute, request: ApiRequest, violate: (line: string) => void): void {
  const query = ['teamId', 'slug', ...(route.query ?? [])]
  const unknown = unknownKeys(request, { query, body: route.body })
  if (unknown.length === 0) return
  violate(`unknown ${unknown.join(', ')}`)
  throw refusal(400, 'bad_request', `Unknown: ${unknown.join(', ')}`)
}
