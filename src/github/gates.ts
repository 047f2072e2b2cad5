import * as z from 'zod'
import type { GateFacts, Gates, Review, Reviewer } from '../rollout/ports.ts'
import type { GithubApi } from './api.ts'

const NEEDS = 'actions: read'
const MINUTE_MS = 60_000

const reviewerEntry = z.union([
  z.object({ type: z.literal('User'), reviewer: z.object({ login: z.string() }) }),
  z.object({ type: z.literal('Team'), reviewer: z.object({ slug: z.string() }) })
])
const rule = z.looseObject({
  type: z.string(),
  wait_timer: z.number().optional(),
  prevent_self_review: z.boolean().optional(),
  reviewers: z.array(reviewerEntry).optional()
})
const environment = z.object({
  protection_rules: z.array(rule).optional(),
  deployment_branch_policy: z.object({ protected_branches: z.boolean() }).nullish(),
  can_admins_bypass: z.boolean().optional()
})
const approvals = z.array(
  z.object({
    environments: z.array(z.object({ name: z.string() })),
    state: z.string(),
    user: z.object({ login: z.string() }).nullable(),
    comment: z.string().nullish()
  })
)

type Environment = z.infer<typeof environment>

/** The environments of the repository, and the reviews of this run; without a run there are none. */
export function createGates(api: GithubApi, run: { readonly id: string } | undefined): Gates {
  return {
    kind: 'environments',
    inspect: async name => {
      const found = await api.find(NEEDS, environment, client =>
        client.request('GET /repos/{owner}/{repo}/environments/{environment_name}', {
          ...api.repository,
          environment_name: name
        })
      )
      return found && toFacts(name, found)
    },
    reviews: async name => {
      if (run === undefined) return []
      const records = await api.ask(NEEDS, approvals, client =>
        client.request('GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals', {
          ...api.repository,
          run_id: Number(run.id)
        })
      )
      return records
        .filter(record => record.environments.some(e => sameEnvironment(e.name, name)))
        .flatMap(toReview)
    }
  }
}

// GitHub tells environments apart without regard to case.
function sameEnvironment(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function toReview(record: z.infer<typeof approvals>[number]): readonly Review[] {
  const { state, user, comment } = record
  if (state !== 'approved' && state !== 'rejected') return []
  return [
    {
      // GitHub shows accounts that are gone under this name.
      by: user?.login ?? 'ghost',
      state,
      comment: comment ?? ''
    }
  ]
}

function toFacts(name: string, found: Environment): GateFacts {
  const rules = found.protection_rules ?? []
  return {
    environment: name,
    reviewers: rules.flatMap(({ reviewers }) => reviewers ?? []).map(toReviewer),
    waitMs: Math.max(0, ...rules.map(({ wait_timer }) => wait_timer ?? 0)) * MINUTE_MS,
    preventsSelfReview: rules.some(({ prevent_self_review }) => prevent_self_review === true),
    branches: branchesOf(found.deployment_branch_policy),
    adminsCanBypass: found.can_admins_bypass
  }
}

function toReviewer({ type, reviewer }: z.infer<typeof reviewerEntry>): Reviewer {
  return type === 'User'
    ? { kind: 'user', name: reviewer.login }
    : { kind: 'team', name: reviewer.slug }
}

function branchesOf(policy: Environment['deployment_branch_policy']): GateFacts['branches'] {
  if (!policy) return 'any'
  return policy.protected_branches ? 'protected' : 'selected'
}
