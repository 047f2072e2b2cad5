import { promises } from 'node:fs'
import { join, relative, sep } from 'node:path'
import git from 'isomorphic-git'
import type { SourceTree } from '../rollout/ports.ts'
import { ProviderError, RollgateError } from '../rollout/rollgate-error.ts'
import { findCheckout } from './checkout.ts'

const fs = { promises }

/** The commits of the repository that a folder lies in, read from its clone on this machine. */
export function createSourceTree(folder: string): SourceTree {
  return {
    head: async () => {
      const root = await findCheckout(folder)
      if (root === undefined) return undefined
      return git.resolveRef({ fs, dir: root, ref: 'HEAD' }).catch(() => undefined)
    },
    has: async commit => {
      const dir = await findCheckout(folder)
      if (dir === undefined) return false
      return git.readCommit({ fs, dir, oid: commit }).then(
        () => true,
        () => false
      )
    },
    export: async (commit, into) => {
      const dir = await findCheckout(folder)
      if (dir === undefined) throw missing(commit, `${folder} lies in no repository`)
      try {
        await writeCommit({ dir, commit, below: await placeOf(folder, dir) }, into)
      } catch (cause) {
        if (cause instanceof RollgateError) throw cause
        throw missing(commit, reasonOf(cause), cause)
      }
    }
  }
}

interface Place {
  readonly dir: string
  readonly commit: string
  /** The folder that is deployed, as seen from the root; empty for the root itself. */
  readonly below: string
}

async function placeOf(folder: string, dir: string): Promise<string> {
  const [from, to] = await Promise.all([promises.realpath(dir), promises.realpath(folder)])
  return relative(from, to).split(sep).join('/')
}

async function writeCommit({ dir, commit, below }: Place, into: string): Promise<void> {
  const repository: Repository = { fs, dir, cache: {} }
  const { tree } = await git.readTree({
    ...repository,
    oid: commit,
    ...(below === '' ? {} : { filepath: below })
  })
  await writeTree(repository, commit, tree, into)
}

interface Repository {
  readonly fs: typeof fs
  readonly dir: string
  /** Keeps packs open between reads. */
  readonly cache: object
}

type Entry = Awaited<ReturnType<typeof git.readTree>>['tree'][number]

async function writeTree(
  repository: Repository,
  commit: string,
  entries: readonly Entry[],
  into: string
): Promise<void> {
  for (const entry of entries) {
    refuseUnsafe(commit, entry.path)
    const path = join(into, entry.path)
    if (entry.type === 'commit') throw notWhole(commit, `${entry.path} is a submodule`)
    if (entry.type === 'blob') await writeBlob(repository, commit, entry, path)
    else {
      // Never into a folder or through a link that is there already, as two names of one case would.
      await promises.mkdir(path)
      const { tree } = await git.readTree({ ...repository, oid: entry.oid })
      await writeTree(repository, commit, tree, path)
    }
  }
}

const LINK = '120000'
const EXECUTABLE = '100755'

async function writeBlob(
  repository: Repository,
  commit: string,
  { oid, mode, path: name }: Entry,
  path: string
): Promise<void> {
  const { blob } = await git.readBlob({ ...repository, oid })
  if (mode === LINK) return promises.symlink(Buffer.from(blob).toString('utf8'), path)
  if (isPointer(blob)) throw notWhole(commit, `${name} lies in Git LFS`)
  await promises.writeFile(path, blob, { flag: 'wx', mode: mode === EXECUTABLE ? 0o755 : 0o644 })
}

const POINTER = 'version https://git-lfs.github.com/spec/'

function isPointer(blob: Uint8Array): boolean {
  return Buffer.from(blob.subarray(0, POINTER.length)).toString('latin1') === POINTER
}

/** Git refuses such names; a repository made by hand may hold them. */
function refuseUnsafe(commit: string, name: string): void {
  if (!/^(?:\.{0,2}|\.git)$/iu.test(name) && !/[/\\\0]/u.test(name)) return
  throw notWhole(commit, 'it holds a name that no file can have')
}

function missing(commit: string, why: string, cause?: unknown): ProviderError {
  return new ProviderError(
    'commit_missing',
    `The repository of the working directory cannot give the commit ${commit}: ${why}`,
    'Check it out with its history (actions/checkout with fetch-depth: 0), or let Vercel take the commit by itself (deploy: git), or write commit: head.',
    cause
  )
}

function notWhole(commit: string, why: string): ProviderError {
  return new ProviderError(
    'commit_not_whole',
    `The commit ${commit} alone is not what would be deployed: ${why}`,
    'Let Vercel take the commit by itself (deploy: git), or write commit: head.'
  )
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown }
  return code === 'NotFoundError' ? 'it is not in this clone, or not all of it' : String(message)
}
