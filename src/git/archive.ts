import { DEFAULT_BRANCH } from '../rollout/ledger-entry.ts'
import type { LedgerArchive } from '../rollout/ports.ts'
import { findRepository } from './bare-repository.ts'
import { readRef } from './branch-ref.ts'
import { told } from './failure.ts'
import { type ObjectStore, openObjectStore } from './object-store.ts'

export interface GitArchiveSettings {
  /** What git calls GIT_DIR: a bare repository, or the `.git` of another one. */
  readonly folder: string
  /** In full; the branch `rollgate-ledger` unless told. */
  readonly ref?: string
}

/**
 * The files of a ledger in a git repository on this machine, all of one commit: the newest when it is
 * first asked. Empty while there is no such ref.
 */
export function createGitArchive({
  folder,
  ref = `refs/heads/${DEFAULT_BRANCH}`
}: GitArchiveSettings): LedgerArchive {
  const store = openObjectStore(folder)
  let found: Promise<ReadonlyMap<string, string>> | undefined
  const find = async (): Promise<ReadonlyMap<string, string>> => {
    const head = findRepository(folder) ? readRef(folder, ref) : undefined
    return new Map(head === undefined ? [] : await listBelow(store, head, ''))
  }
  const files = (): Promise<ReadonlyMap<string, string>> => {
    found ??= find()
    return found
  }
  const read = async (path: string): Promise<string | undefined> => {
    const oid = (await files()).get(path)
    return oid === undefined ? undefined : store.readText(oid)
  }
  return {
    list: () => told(folder, 'ledger_unreadable', async () => [...(await files()).keys()]),
    read: path => told(folder, 'ledger_unreadable', () => read(path))
  }
}

type File = readonly [path: string, oid: string]

async function listBelow(
  store: ObjectStore,
  oid: string,
  folder: string
): Promise<readonly File[]> {
  const entries = await store.readTree(oid)
  const below = await Promise.all(
    entries.map(async (entry): Promise<readonly File[]> => {
      const path = `${folder}${entry.path}`
      return entry.kind === 'blob' ? [[path, entry.oid]] : listBelow(store, entry.oid, `${path}/`)
    })
  )
  return below.flat()
}
