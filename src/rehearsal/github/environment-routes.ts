import { type ApiRequest, answer, members } from '../http/route.ts'
import type {
  EnvironmentReviewer,
  EnvironmentRules,
  SimulatedEnvironment
} from './environment-table.ts'
import { viewEnvironment } from './environment-view.ts'
import { nodeId } from './identifier.ts'
import { PAGE_KEYS, pageOf } from './page.ts'
import { notFound, refusal } from './refusal.ts'
import { type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const ALL = `${REPOSITORY_PATH}/environments`
const ONE = `${ALL}/:environment_name`

/** Environments with their rules, branch policies, secrets (names only) and variables. */
export function environmentRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { environments } = world
  return [
    {
      method: 'GET',
      paths: [ALL],
      needs: 'actions:read',
      query: PAGE_KEYS,
      handle: ({ query }) => {
        requirePlan(world)
        const all = environments.names().flatMap(name => environments.get(name) ?? [])
        return answer({
          total_count: all.length,
          environments: pageOf(all, query).map(e => viewEnvironment(world, e))
        })
      }
    },
    {
      method: 'GET',
      paths: [ONE],
      needs: 'actions:read',
      query: [],
      handle: request => answer(viewEnvironment(world, find(world, request)))
    },
    {
      method: 'PUT',
      paths: [ONE],
      needs: 'administration:write',
      query: [],
      body: ['wait_timer', 'prevent_self_review', 'reviewers', 'deployment_branch_policy'],
      handle: ({ params, body }) => {
        requirePlan(world)
        const rules = parseRules(world, members(body))
        return answer(
          viewEnvironment(world, environments.put(params['environment_name'] ?? '', rules))
        )
      }
    },
    ...policyRoutes(world),
    ...secretRoutes(world),
    ...variableRoutes(world)
  ]
}

function find(world: GithubWorld, { params }: ApiRequest): SimulatedEnvironment {
  requirePlan(world)
  const environment = world.environments.get(params['environment_name'] ?? '')
  if (!environment) throw notFound()
  return environment
}

function requirePlan({ settings }: GithubWorld): void {
  if (settings.private && settings.plan === 'free') throw notFound()
}

function parseRules(world: GithubWorld, body: Readonly<Record<string, unknown>>): EnvironmentRules {
  const waitMinutes = Number(body['wait_timer'] ?? 0)
  const reviewers = parseReviewers(world, body['reviewers'])
  if (waitMinutes < 0 || waitMinutes > 43_200) throw refusal(422, 'Invalid wait timer')
  if (reviewers.length > 6) throw refusal(422, 'Too many reviewers: at most 6 are allowed')
  const { private: hidden, plan } = world.settings
  if (hidden && plan !== 'enterprise' && (waitMinutes > 0 || reviewers.length > 0))
    throw refusal(
      422,
      'Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers protection rule.'
    )
  return {
    waitMinutes,
    ...(reviewers.length > 0 ? { reviewers } : {}),
    preventSelfReview: body['prevent_self_review'] === true,
    branches: parseBranches(body['deployment_branch_policy'])
  }
}

function parseReviewers(world: GithubWorld, value: unknown): readonly EnvironmentReviewer[] {
  return (Array.isArray(value) ? value : []).map(item => {
    const { type, id } = members(item)
    const person = world.people.byId(Number(id))
    if (!person) throw refusal(422, `Could not resolve reviewer with id ${id}`)
    return type === 'Team'
      ? { kind: 'team', name: person.login.slice(1) }
      : { kind: 'user', name: person.login }
  })
}

function parseBranches(value: unknown): 'any' | 'protected' | readonly string[] {
  if (value === null || value === undefined) return 'any'
  const { protected_branches: guarded, custom_branch_policies: custom } = members(value)
  if (guarded === custom)
    throw refusal(422, 'protected_branches and custom_branch_policies cannot have the same value')
  return guarded === true ? 'protected' : []
}

function policyRoutes(world: GithubWorld): readonly GithubRoute[] {
  const path = `${ONE}/deployment-branch-policies`
  const view = ({ id, name }: SimulatedEnvironment['policies'][number]) => ({
    id,
    node_id: nodeId('GA', id),
    name,
    type: 'branch'
  })
  return [
    {
      method: 'GET',
      paths: [path],
      needs: 'actions:read',
      query: PAGE_KEYS,
      handle: request => {
        const { policies } = find(world, request)
        return answer({
          total_count: policies.length,
          branch_policies: pageOf(policies, request.query).map(view)
        })
      }
    },
    {
      method: 'POST',
      paths: [path],
      needs: 'administration:write',
      query: [],
      body: ['name', 'type'],
      handle: request => {
        const { name: environment, policies, rules } = find(world, request)
        if (!Array.isArray(rules.branches)) throw notFound()
        const name = String(members(request.body)['name'])
        const known = policies.find(policy => policy.name === name)
        if (known) return answer(view(known))
        const policy = { id: world.identifiers.next('policy'), name }
        world.environments.change(environment, { policies: [...policies, policy] })
        return answer(view(policy))
      }
    }
  ]
}

function secretRoutes(world: GithubWorld): readonly GithubRoute[] {
  const path = `${ONE}/secrets`
  return [
    {
      method: 'GET',
      paths: [`${path}/public-key`],
      needs: 'environments:read',
      query: [],
      handle: request => {
        const { id } = find(world, request)
        const key = Buffer.alloc(32, id % 251).toString('base64')
        return answer({ key_id: `${568_250_167_242_549_743n + BigInt(id)}`, key })
      }
    },
    {
      method: 'PUT',
      paths: [`${path}/:secret_name`],
      needs: 'environments:write',
      query: [],
      body: ['encrypted_value', 'key_id'],
      handle: request => {
        const { name: environment, secrets } = find(world, request)
        const name = (request.params['secret_name'] ?? '').toUpperCase()
        if (secrets.includes(name)) return answer(undefined, 204)
        world.environments.change(environment, { secrets: [...secrets, name] })
        return answer({}, 201)
      }
    }
  ]
}

function variableRoutes(world: GithubWorld): readonly GithubRoute[] {
  const path = `${ONE}/variables`
  return [
    {
      method: 'GET',
      paths: [path],
      needs: 'environments:read',
      query: PAGE_KEYS,
      handle: request => {
        const { variables, updatedMs } = find(world, request)
        const all = Object.entries(variables)
        const at = iso(updatedMs)
        return answer({
          total_count: all.length,
          variables: pageOf(all, request.query).map(([name, value]) => ({
            name,
            value,
            created_at: at,
            updated_at: at
          }))
        })
      }
    },
    {
      method: 'POST',
      paths: [path],
      needs: 'environments:write',
      query: [],
      body: ['name', 'value'],
      handle: request => {
        const { name: environment, variables } = find(world, request)
        const { name, value } = members(request.body)
        const key = String(name).toUpperCase()
        if (key in variables) throw refusal(409, 'Already exists - Variable already exists')
        world.environments.change(environment, {
          variables: { ...variables, [key]: String(value) }
        })
        return answer({}, 201)
      }
    },
    {
      method: 'PATCH',
      paths: [`${path}/:name`],
      needs: 'environments:write',
      query: [],
      body: ['name', 'value'],
      handle: request => {
        const { name: environment, variables } = find(world, request)
        const key = (request.params['name'] ?? '').toUpperCase()
        if (!(key in variables)) throw notFound()
        const { value } = members(request.body)
        world.environments.change(environment, {
          variables: { ...variables, [key]: String(value) }
        })
        return answer(undefined, 204)
      }
    }
  ]
}
