import type { Changes, GitData } from './git-data.ts'
import type { PeopleTable } from './people-table.ts'
import { addressOf } from './people-table.ts'

/** The repository reached past the API, as somebody with a clone would. */
export interface GitHands {
  /** The bare repository: `git clone <folder>` works. */
  readonly folder: string
  head(branch: string): string | undefined
  branches(): Promise<readonly string[]>
  /** A file's text; undefined when there is none. */
  read(branch: string, path: string): Promise<string | undefined>
  /** Every file's path, in order; none when the branch does not exist. */
  list(branch: string): Promise<readonly string[]>
  /** Newest first, first parents only. */
  history(branch: string): Promise<readonly HistoryEntry[]>
  /**
   * Somebody pushes: texts by path, null removes. A branch that does not exist starts empty, or at
   * `from`. Returns the new head.
   */
  commit(
    branch: string,
    files: Readonly<Record<string, string | null>>,
    message: string,
    more?: { readonly by?: string; readonly from?: string }
  ): Promise<string>
}

/** One commit as a log shows it. */
export interface HistoryEntry {
  readonly oid: string
  readonly message: string
  readonly author: string
  readonly atMs: number
}

/** Hands on that repository; commits carry the time of the clock. */
export function createGitHands(git: GitData, people: PeopleTable, now: () => number): GitHands {
  const list = async (base: string, folder: string): Promise<readonly string[]> => {
    const below = (await git.tree(base)).map(async ({ path, type, oid }) =>
      type === 'tree' ? list(oid, `${folder}${path}/`) : [`${folder}${path}`]
    )
    return (await Promise.all(below)).flat()
  }

  const history = async (oid: string | undefined): Promise<readonly HistoryEntry[]> => {
    const commit = oid === undefined ? undefined : await git.commit(oid)
    if (oid === undefined || !commit) return []
    const { message, author, parent } = commit
    const entry = { oid, message, author: author.name, atMs: author.timestamp * 1000 }
    return [entry, ...(await history(parent[0]))]
  }

  const commit: GitHands['commit'] = async (branch, files, message, more = {}) => {
    const before = git.head(branch)
    const base = before ?? (more.from === undefined ? undefined : git.head(more.from))
    const person = people.of(more.by ?? 'pusher')
    const author = {
      name: person.login,
      email: addressOf(person),
      timestamp: Math.floor(now() / 1000)
    }
    const next = await git.writeCommit({
      tree: await git.edit(base, changesOf(files)),
      parents: base === undefined ? [] : [base],
      message: `${message}\n`,
      author,
      committer: author
    })
    if (!(await git.move(branch, before, next))) return commit(branch, files, message, more)
    return next
  }

  return {
    folder: git.folder,
    head: git.head,
    branches: git.branches,
    commit,
    list: async branch => {
      const head = git.head(branch)
      return head === undefined ? [] : list(head, '')
    },
    history: branch => history(git.head(branch)),
    read: async (branch, path) => {
      const head = git.head(branch)
      const entry = head === undefined ? undefined : await git.entryAt(head, path)
      if (entry?.type !== 'blob') return undefined
      return Buffer.from(await git.blob(entry.oid)).toString('utf8')
    }
  }
}

const changesOf = (files: Readonly<Record<string, string | null>>): Changes =>
  new Map(
    Object.entries(files).map(([path, text]) => [path, text === null ? null : Buffer.from(text)])
  )
