import { refusal } from './refusal.ts'

/** A commit as a deployment remembers it. */
export interface Commit {
  readonly sha: string
  readonly ref: string
  /** Whether the provider took it from the repository, or the CLI said so. */
  readonly from: 'git' | 'cli'
}

export interface RepositoryOptions {
  readonly org: string
  readonly repo: string
  readonly repoId?: number
  readonly productionBranch: string
  /** Of the production branch, oldest first. */
  readonly commits: readonly string[]
}

/** The repository that a project is connected to. */
export interface SimulatedRepository {
  readonly org: string
  readonly repo: string
  readonly repoId: number
  readonly productionBranch: string
  push(branch: string, sha: string): void
  /** The branch whose newest commit it is. */
  branchOf(sha: string): string | undefined
  knows(sha: string): boolean
  tip(branch: string): string | undefined
}

/** A repository with the commits of its production branch. */
export function createRepository(options: RepositoryOptions): SimulatedRepository {
  const { org, repo, repoId = 4711, productionBranch, commits } = options
  const branches = new Map([[productionBranch, [...commits]]])
  return {
    org,
    repo,
    repoId,
    productionBranch,
    push: (branch, sha) => {
      branches.set(branch, [...(branches.get(branch) ?? []), sha])
    },
    branchOf: sha => [...branches].find(([, shas]) => shas.at(-1) === sha)?.[0],
    knows: sha => [...branches.values()].flat().includes(sha),
    tip: branch => branches.get(branch)?.at(-1)
  }
}

/** The commit that a `gitSource` names. @throws Refusal when the repository has none such */
export function commitOf(
  repository: SimulatedRepository | undefined,
  source: Readonly<Record<string, unknown>>
): Commit {
  if (!repository)
    throw refusal(400, 'incorrect_git_source_info', 'The project has no repository connected')
  if (!namesRepository(repository, source))
    throw refusal(400, 'incorrect_git_source_info', 'The repository of gitSource is another one')
  const ref = String(source['ref'] ?? repository.productionBranch)
  const sha = source['sha'] === undefined ? repository.tip(ref) : String(source['sha'])
  if (sha === undefined || !repository.knows(sha))
    throw refusal(400, 'git_reference_not_found', `No such commit: ${sha ?? ref}`)
  return { sha, ref, from: 'git' }
}

function namesRepository(
  { org, repo, repoId }: SimulatedRepository,
  source: Readonly<Record<string, unknown>>
): boolean {
  if (source['type'] !== 'github') return false
  if (source['repoId'] !== undefined) return String(source['repoId']) === String(repoId)
  return source['org'] === org && source['repo'] === repo
}

/** The commit that the CLI found in its working directory, if any. */
export function uploadedCommit(gitMetadata: Readonly<Record<string, unknown>>): Commit | undefined {
  const { commitSha, commitRef } = gitMetadata
  if (typeof commitSha !== 'string') return undefined
  return { sha: commitSha, ref: typeof commitRef === 'string' ? commitRef : '', from: 'cli' }
}

/** How the metadata of a deployment tells its commit. */
export function commitMeta(
  commit: Commit | undefined,
  repository: SimulatedRepository | undefined
): Readonly<Record<string, string>> {
  if (!commit) return {}
  const { sha, ref } = commit
  if (commit.from === 'cli' || !repository) return { gitCommitSha: sha, gitCommitRef: ref }
  const { org, repo, repoId } = repository
  return {
    githubDeployment: '1',
    githubCommitSha: sha,
    githubCommitRef: ref,
    githubCommitOrg: org,
    githubCommitRepo: repo,
    githubRepoId: String(repoId)
  }
}
