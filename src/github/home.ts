import * as z from 'zod'
import type { GithubApi } from './api.ts'

export interface Home {
  readonly name: string
  readonly private: boolean
  readonly defaultBranch: string
}

const repository = z.object({
  full_name: z.string(),
  private: z.boolean(),
  default_branch: z.string()
})

/** What the repository says about itself, asked once. */
export type ReadHome = () => Promise<Home>

/** A failure is not kept: the next caller asks again. */
export function createHomeReader(api: GithubApi): ReadHome {
  let asked: Promise<Home> | undefined
  const ask = async (): Promise<Home> => {
    const found = await api.ask('metadata: read', repository, client =>
      client.request('GET /repos/{owner}/{repo}', api.repository)
    )
    return { name: found.full_name, private: found.private, defaultBranch: found.default_branch }
  }
  return () => {
    asked ??= ask().catch(error => {
      asked = undefined
      throw error
    })
    return asked
  }
}
