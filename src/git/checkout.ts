import { promises } from 'node:fs'
import { relative } from 'node:path'
import git from 'isomorphic-git'

const fs = { promises }

/** The root of the working tree that a folder lies in; undefined outside of any. */
export async function findCheckout(folder: string): Promise<string | undefined> {
  try {
    return await git.findRoot({ fs, filepath: folder })
  } catch {
    return undefined
  }
}

/** `owner/name` of the remote `origin` on github.com, without whatever else its address holds. */
export async function githubRepository(root: string): Promise<string | undefined> {
  try {
    const url: unknown = await git.getConfig({ fs, dir: root, path: 'remote.origin.url' })
    const [, repository] = GITHUB_URL.exec(String(url ?? '')) ?? []
    return repository
  } catch {
    return undefined
  }
}

/** The branch that the remote `origin` checks out by itself; undefined when it never said so. */
export async function defaultBranch(root: string): Promise<string | undefined> {
  try {
    const ref = `${ORIGIN}HEAD`
    const target = await git.resolveRef({ fs, dir: root, ref, depth: 2 })
    return target.startsWith(ORIGIN) ? target.slice(ORIGIN.length) : undefined
  } catch {
    return undefined
  }
}

const ORIGIN = 'refs/remotes/origin/'

const GITHUB_URL =
  /^(?:(?:https|ssh|git):\/\/(?:[^/@]*@)?github\.com(?::\d+)?\/|(?:[^/@:]+@)?github\.com:)([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/iu

/**
 * The commit that is checked out, when these parts of it stand as they were committed and a branch of
 * the remote is known to hold it: only then can others fetch what runs here.
 */
export async function publishedCommit(
  root: string,
  parts: readonly string[]
): Promise<string | undefined> {
  try {
    const head = await git.resolveRef({ fs, dir: root, ref: 'HEAD' })
    const rows = await git.statusMatrix({ fs, dir: root, filepaths: [...parts] })
    const clean = rows.every(([, inHead, inFolder, staged]) => inHead * inFolder * staged === 1)
    return clean && (await isOnRemote(root, head)) ? head : undefined
  } catch {
    return undefined
  }
}

async function isOnRemote(dir: string, commit: string): Promise<boolean> {
  const branches = await git.listBranches({ fs, dir, remote: 'origin' })
  for (const branch of branches) {
    const tip = await git.resolveRef({ fs, dir, ref: `refs/remotes/origin/${branch}` })
    if (tip === commit || (await isAncestor(dir, commit, tip))) return true
  }
  return false
}

/** A shallow checkout does not have every ancestor. */
async function isAncestor(dir: string, ancestor: string, oid: string): Promise<boolean> {
  return git.isDescendent({ fs, dir, oid, ancestor, depth: -1 }).catch(() => false)
}

/** Whether a folder is the root of its working tree, or of none. */
export function isRoot(folder: string, root: string | undefined): boolean {
  return root === undefined || relative(root, folder) === ''
}
