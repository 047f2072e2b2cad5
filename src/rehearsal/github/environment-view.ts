import {
  type EnvironmentReviewer,
  environmentNodeId,
  type SimulatedEnvironment
} from './environment-table.ts'
import { nodeId } from './identifier.ts'
import { viewPerson } from './people-table.ts'
import { type GithubWorld, iso } from './world.ts'

/** What every answer that names an environment says of it. */
export function viewEnvironmentName(world: GithubWorld, environment: SimulatedEnvironment) {
  const name = encodeURIComponent(environment.name)
  return {
    id: environment.id,
    node_id: environmentNodeId(environment),
    name: environment.name,
    url: `${world.apiUrl()}/environments/${name}`,
    html_url: `${world.webUrl}/deployments/activity_log?environments_filter=${name}`
  }
}

/** `environment` of the API, with the rules that protect it. */
export function viewEnvironment(world: GithubWorld, environment: SimulatedEnvironment) {
  const { adminsCanBypass = true, branches = 'any' } = environment.rules
  return {
    ...viewEnvironmentName(world, environment),
    created_at: iso(environment.createdMs),
    updated_at: iso(environment.updatedMs),
    ...(adminsCanBypass === 'unsaid' ? {} : { can_admins_bypass: adminsCanBypass }),
    protection_rules: protectionRules(world, environment),
    deployment_branch_policy:
      branches === 'any'
        ? null
        : {
            protected_branches: branches === 'protected',
            custom_branch_policies: branches !== 'protected'
          }
  }
}

function protectionRules(world: GithubWorld, { id, rules }: SimulatedEnvironment) {
  const { waitMinutes = 0, reviewers, preventSelfReview = false, branches = 'any' } = rules
  const rule = (type: string, place: number) => ({
    id: id * 10 + place,
    node_id: nodeId('GA', id * 10 + place),
    type
  })
  return [
    ...(waitMinutes > 0 ? [{ ...rule('wait_timer', 1), wait_timer: waitMinutes }] : []),
    ...(reviewers
      ? [
          {
            ...rule('required_reviewers', 2),
            prevent_self_review: preventSelfReview,
            reviewers: reviewers.map(reviewer => viewReviewer(world, reviewer))
          }
        ]
      : []),
    ...(branches === 'any' ? [] : [rule('branch_policy', 3)])
  ]
}

/** A user or a team that may review. */
export function viewReviewer(world: GithubWorld, { kind, name }: EnvironmentReviewer) {
  const { id, login } = world.people.of(kind === 'team' ? `@${name}` : name)
  if (kind === 'user') return { type: 'User', reviewer: viewPerson({ id, login }) }
  const url = `https://api.github.com/organizations/${world.id}/team/${id}`
  return {
    type: 'Team',
    reviewer: {
      id,
      node_id: nodeId('T', id),
      name,
      slug: name,
      description: null,
      privacy: 'closed',
      notification_setting: 'notifications_enabled',
      permission: 'pull',
      url,
      html_url: `https://github.com/orgs/${world.owner}/teams/${name}`,
      members_url: `${url}/members{/member}`,
      repositories_url: `${url}/repos`,
      type: 'organization',
      organization_id: world.id,
      parent: null
    }
  }
}
