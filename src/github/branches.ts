import * as z from 'zod'
import type { GithubApi, Outcome } from './api.ts'

/** A file as it is to stand in a commit. */
export type CommitFiles = ReadonlyMap<string, string>

export interface CommitDraft {
  readonly branch: string
  /** The commit that the branch must still point at. */
  readonly expectedHead: string
  /** One line. */
  readonly headline: string
  /** Everything else in the tree stays. */
  readonly files: CommitFiles
}

/** The branches of a repository, each moved only from where it is expected to be. */
export interface Branches {
  /** The commit a branch points at; undefined while there is no such branch. @throws ProviderError */
  head(branch: string): Promise<string | undefined>
  /**
   * One commit with these files on top of the expected head; returns it. GitHub refuses a head that
   * has moved with `STALE_DATA`, so sending it twice does no harm.
   */
  commit(draft: CommitDraft): Promise<Outcome<string>>
  /** Makes a branch that must not be there yet. */
  create(branch: string, oid: string): Promise<Outcome<unknown>>
  /** A commit without a past, reachable by nothing yet. @throws ProviderError */
  writeRoot(headline: string, files: CommitFiles): Promise<string>
  /** A text of any size, by its id. @throws ProviderError */
  readText(oid: string): Promise<string>
}

const READ = 'contents: read'
const WRITE = 'contents: write'

const ref = z.object({ object: z.object({ sha: z.string() }) })
const sha = z.object({ sha: z.string() })
const blob = z.object({ content: z.string() })
const committed = z.object({
  createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }) })
})

const COMMIT = `mutation RollgateCommit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`

/** The branches behind this API. */
export function createBranches(api: GithubApi): Branches {
  const { repository } = api
  return {
    head: async branch => {
      const found = await api.find(READ, ref, client =>
        client.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
          ...repository,
          ref: `heads/${branch}`
        })
      )
      return found?.object.sha
    },
    commit: async draft => {
      const outcome = await api.query({
        needs: WRITE,
        what: 'createCommitOnBranch',
        document: COMMIT,
        variables: { input: commitInput(`${repository.owner}/${repository.repo}`, draft) },
        answer: committed,
        repeatable: false
      })
      return outcome.kind === 'done'
        ? { kind: 'done', value: outcome.value.createCommitOnBranch.commit.oid }
        : outcome
    },
    create: (branch, oid) =>
      api.attempt(WRITE, ref, client =>
        client.request('POST /repos/{owner}/{repo}/git/refs', {
          ...repository,
          ref: `refs/heads/${branch}`,
          sha: oid
        })
      ),
    // Objects are named by what they hold and seen by nobody yet: writing them twice is harmless.
    writeRoot: async (headline, files) => {
      const request = { retries: 3 }
      const tree = await api.ask(WRITE, sha, client =>
        client.request('POST /repos/{owner}/{repo}/git/trees', {
          ...repository,
          tree: [...files].map(([path, content]) => ({
            path,
            content,
            mode: '100644' as const,
            type: 'blob' as const
          })),
          request
        })
      )
      const commit = await api.ask(WRITE, sha, client =>
        client.request('POST /repos/{owner}/{repo}/git/commits', {
          ...repository,
          message: headline,
          tree: tree.sha,
          parents: [],
          request
        })
      )
      return commit.sha
    },
    readText: async oid => {
      const { content } = await api.ask(READ, blob, client =>
        client.request('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', {
          ...repository,
          file_sha: oid
        })
      )
      return fromBase64(content)
    }
  }
}

/** Text as GitHub hands out the content of files. */
export function fromBase64(content: string): string {
  return Buffer.from(content, 'base64').toString('utf8')
}

function commitInput(repositoryNameWithOwner: string, draft: CommitDraft) {
  return {
    branch: { repositoryNameWithOwner, branchName: draft.branch },
    expectedHeadOid: draft.expectedHead,
    message: { headline: draft.headline },
    fileChanges: {
      additions: [...draft.files].map(([path, text]) => ({
        path,
        contents: Buffer.from(text, 'utf8').toString('base64')
      }))
    }
  }
}
