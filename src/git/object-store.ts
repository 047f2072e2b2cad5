import { randomUUID } from 'node:crypto'
import { promises } from 'node:fs'
import { dirname, join } from 'node:path'
import git from 'isomorphic-git'
import { oneLine } from '../rollout/one-line.ts'

export interface TreeEntry {
  readonly path: string
  readonly kind: 'blob' | 'tree'
  readonly oid: string
}

export interface CommitText {
  readonly tree: string
  readonly parent: string | undefined
  readonly author: { readonly name: string; readonly email: string }
  readonly atMs: number
  readonly subject: string
}

/** Blobs, trees and commits of one repository. Nothing written here is reachable until a ref says so. */
export interface ObjectStore {
  readText(oid: string): Promise<string>
  /** The entries of a tree, or of a commit's tree. */
  readTree(oid: string): Promise<readonly TreeEntry[]>
  writeText(text: string): Promise<string>
  writeTree(entries: readonly TreeEntry[]): Promise<string>
  writeCommit(commit: CommitText): Promise<string>
}

/** The object store of a repository in that folder; `folder` is what git calls GIT_DIR. */
export function openObjectStore(folder: string): ObjectStore {
  const repository = { fs, gitdir: folder, dir: folder, cache: {} }
  return {
    readText: async oid => {
      const { blob } = await git.readBlob({ ...repository, oid })
      return Buffer.from(blob).toString('utf8')
    },
    readTree: async oid => {
      const { tree } = await git.readTree({ ...repository, oid })
      return tree.flatMap(({ path, type, oid }) =>
        type === 'commit' ? [] : [{ path, kind: type, oid }]
      )
    },
    writeText: text => git.writeBlob({ ...repository, blob: Buffer.from(text, 'utf8') }),
    writeTree: entries =>
      git.writeTree({
        ...repository,
        tree: entries.map(({ path, kind, oid }) => ({ path, type: kind, oid, mode: MODES[kind] }))
      }),
    writeCommit: commit => git.writeCommit({ ...repository, commit: commitObject(commit) })
  }
}

const MODES = { blob: '100644', tree: '040000' } as const

function commitObject({ tree, parent, author, atMs, subject }: CommitText) {
  const person = {
    name: identity(author.name) || 'rollgate',
    email: identity(author.email),
    timestamp: Math.floor(atMs / 1000),
    timezoneOffset: 0
  }
  return {
    tree,
    parent: parent === undefined ? [] : [parent],
    author: person,
    committer: person,
    message: `${oneLine(subject)}\n`
  }
}

// `git fsck` refuses a commit whose author holds these; git itself drops them too.
function identity(text: string): string {
  return oneLine(text.replaceAll(/[<>]/gu, ''))
}

/**
 * isomorphic-git writes an object in place and never again once the name exists: a process killed in
 * between would leave half an object that every retry trusts. Written aside and renamed, as git does;
 * `git gc` sweeps what a killed process leaves of `tmp_obj_*`.
 */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const aside = join(dirname(path), `tmp_obj_${randomUUID()}`)
  const file = await promises.open(aside, 'wx', 0o444)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await promises.rename(aside, path)
}

const fs = { promises: { ...promises, writeFile: writeWhole } }
