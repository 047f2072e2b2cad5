import { promises } from 'node:fs'
import git, { type CommitObject } from 'isomorphic-git'
import { createRepository, findRepository } from '../../git/bare-repository.ts'
import { openBranchRef } from '../../git/branch-ref.ts'

/** What stands at a path; modes as git writes them. */
export interface Entry {
  readonly path: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly mode: string
  readonly oid: string
}

export interface Signature {
  readonly name: string
  readonly email: string
  /** Seconds since the epoch. */
  readonly timestamp: number
}

export interface CommitDraft {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
  readonly author: Signature
  readonly committer: Signature
}

/** New content by path; null removes. */
export type Changes = ReadonlyMap<string, Uint8Array | null>

/** A real bare repository, byte for byte, with every ref moved under git's own lock. */
export interface GitData {
  readonly folder: string
  head(branch: string): string | undefined
  branches(): Promise<readonly string[]>
  /** The commit that a branch, a ref or an id names. */
  resolve(name: string): Promise<string | undefined>
  kindOf(oid: string): Promise<'blob' | 'tree' | 'commit' | 'tag' | undefined>
  commit(oid: string): Promise<CommitObject | undefined>
  /** The entries of a tree, or of a commit's tree. */
  tree(oid: string): Promise<readonly Entry[]>
  blob(oid: string): Promise<Uint8Array>
  entryAt(base: string, path: string): Promise<Entry | undefined>
  writeBlob(content: Uint8Array): Promise<string>
  writeTree(entries: readonly Entry[]): Promise<string>
  writeCommit(draft: CommitDraft): Promise<string>
  /** The tree of `base` (a tree, a commit or nothing) with the changes made. */
  edit(base: string | undefined, changes: Changes): Promise<string>
  /** Moves a branch if it still is at `from`; says whether it did. */
  move(branch: string, from: string | undefined, to: string): Promise<boolean>
}

/** Makes the repository when the folder holds none. */
export function openGitData(folder: string, defaultBranch: string): GitData {
  if (!findRepository(folder)) createRepository(folder, defaultBranch)
  const place = { fs: { promises }, gitdir: folder, dir: folder, cache: {} }
  const head = (branch: string) => openBranchRef(folder, branch).read()

  const kindOf: GitData['kindOf'] = async oid => {
    if (!OID.test(oid)) return undefined
    try {
      return (await git.readObject({ ...place, oid, format: 'content' })).type as 'blob'
    } catch (error) {
      if ((error as { code?: string }).code === 'NotFoundError') return undefined
      throw error
    }
  }

  const tree: GitData['tree'] = async oid => (await git.readTree({ ...place, oid })).tree
  const writeBlob: GitData['writeBlob'] = content => git.writeBlob({ ...place, blob: content })
  const writeTree: GitData['writeTree'] = entries => git.writeTree({ ...place, tree: [...entries] })

  const commit: GitData['commit'] = async oid =>
    (await kindOf(oid)) === 'commit' ? (await git.readCommit({ ...place, oid })).commit : undefined

  return {
    folder,
    head,
    branches: () => git.listBranches(place),
    resolve: async name => {
      const branch = name.replace(/^(?:refs\/)?heads\//u, '')
      const oid = head(branch)
      if (oid !== undefined) return oid
      return (await kindOf(name)) === 'commit' ? name : undefined
    },
    kindOf,
    commit,
    tree,
    blob: async oid => (await git.readBlob({ ...place, oid })).blob,
    entryAt: (base, path) => entryAt(tree, base, path.split('/').filter(Boolean)),
    writeBlob,
    writeTree,
    writeCommit: ({ parents, author, committer, ...draft }) =>
      git.writeCommit({
        ...place,
        commit: {
          ...draft,
          parent: [...parents],
          author: { ...author, timezoneOffset: 0 },
          committer: { ...committer, timezoneOffset: 0 }
        }
      }),
    edit: async (base, changes) =>
      (await edit({ tree, writeBlob, writeTree }, base, changes)) ?? writeTree([]),
    move: (branch, from, to) => openBranchRef(folder, branch).move(from, to)
  }
}

/** An object id written out in full. */
export const OID = /^[0-9a-f]{40}$/u

async function entryAt(
  tree: GitData['tree'],
  base: string,
  [name, ...below]: readonly string[]
): Promise<Entry | undefined> {
  const entry = (await tree(base)).find(({ path }) => path === name)
  if (below.length === 0 || entry === undefined) return entry
  return entry.type === 'tree' ? entryAt(tree, entry.oid, below) : undefined
}

type Writer = Pick<GitData, 'tree' | 'writeBlob' | 'writeTree'>

/** Undefined when nothing is left: git keeps no empty folders. */
async function edit(
  writer: Writer,
  base: string | undefined,
  changes: Changes
): Promise<string | undefined> {
  const entries = new Map((base ? await writer.tree(base) : []).map(e => [e.path, e]))
  for (const [name, below] of byFirstSegment(changes)) {
    const entry = await editEntry(writer, name, entries.get(name), below)
    if (entry) entries.set(name, entry)
    else entries.delete(name)
  }
  return entries.size === 0 ? undefined : writer.writeTree([...entries.values()])
}

async function editEntry(
  writer: Writer,
  path: string,
  before: Entry | undefined,
  below: Changes
): Promise<Entry | undefined> {
  const content = below.get('')
  if (content === null) return undefined
  if (content) {
    const mode = before?.type === 'blob' ? before.mode : '100644'
    return { path, type: 'blob', mode, oid: await writer.writeBlob(content) }
  }
  const oid = await edit(writer, before?.type === 'tree' ? before.oid : undefined, below)
  return oid === undefined ? undefined : { path, type: 'tree', mode: '040000', oid }
}

/** `a/b` becomes `b` below `a`; a file itself becomes the empty path below its name. */
function byFirstSegment(changes: Changes): ReadonlyMap<string, Changes> {
  const groups = new Map<string, Map<string, Uint8Array | null>>()
  for (const [path, content] of changes) {
    const [name = '', ...below] = path.split('/')
    groups.set(name, (groups.get(name) ?? new Map()).set(below.join('/'), content))
  }
  return groups
}
