import { cp, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { SimulatedGithub } from './simulated-github.ts'

/** The files of one commit, laid out once. */
export interface Snapshot {
  readonly sha: string
  readonly folder: string
}

export interface Snapshots {
  /** The newest commit of a branch; undefined when there is no such branch. */
  of(branch: string): Promise<Snapshot | undefined>
  /** A commit that a branch has led to before. */
  at(sha: string): Promise<Snapshot | undefined>
}

/** Lays commits out under a folder, each once. */
export function createSnapshots({ git }: SimulatedGithub, folder: string): Snapshots {
  const known = new Map<string, Promise<Snapshot>>()
  const layOut = async (branch: string, sha: string): Promise<Snapshot> => {
    const place = path.join(folder, sha)
    await mkdir(place, { recursive: true })
    for (const file of await git.list(branch)) {
      const target = path.join(place, file)
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, (await git.read(branch, file)) ?? '')
    }
    return { sha, folder: place }
  }
  return {
    at: async sha => known.get(sha),
    of: async branch => {
      const sha = git.head(branch)
      if (sha === undefined) return undefined
      const snapshot = known.get(sha) ?? layOut(branch, sha)
      known.set(sha, snapshot)
      return snapshot
    }
  }
}

/** Puts a snapshot into a workspace, as a checkout would. */
export function copySnapshot({ folder }: Snapshot, target: string): Promise<void> {
  return cp(folder, target, { recursive: true })
}
