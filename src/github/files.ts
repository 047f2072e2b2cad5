import * as z from 'zod'
import type { GithubApi } from './api.ts'
import { type Branches, fromBase64 } from './branches.ts'

const file = z.object({
  type: z.literal('file'),
  sha: z.string(),
  content: z.string().optional(),
  encoding: z.string().optional()
})
const noFile = z
  .union([z.array(z.unknown()), z.object({ type: z.enum(['dir', 'symlink', 'submodule']) })])
  .transform(() => undefined)

/** A text file on a branch; undefined when there is none, or no file. @throws ProviderError */
export async function readFile(
  api: GithubApi,
  branches: Branches,
  path: string,
  branch: string
): Promise<string | undefined> {
  const found = await api.find('contents: read', z.union([file, noFile]), client =>
    client.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...api.repository,
      path,
      ref: branch
    })
  )
  if (found === undefined) return undefined
  // Above a megabyte the content is left out.
  return found.encoding === 'base64'
    ? fromBase64(found.content ?? '')
    : branches.readText(found.sha)
}
