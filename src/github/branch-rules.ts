import * as z from 'zod'
import type { GithubApi } from './api.ts'

const rules = z.array(z.object({ type: z.string() }))

/** Types of the rules in force on a branch, whether it is there yet or not. @throws ProviderError */
export async function activeRules(api: GithubApi, branch: string): Promise<readonly string[]> {
  const found = await api.ask('metadata: read', rules, client =>
    client.request('GET /repos/{owner}/{repo}/rules/branches/{branch}', {
      ...api.repository,
      branch,
      per_page: 100
    })
  )
  return [...new Set(found.map(({ type }) => type))]
}
