import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ConflictError, ProviderError } from '../rollout/rollgate-error.ts'
import { unlessMissing } from './missing.ts'

/** One branch of a repository on disk, moved only under git's own lock. */
export interface BranchRef {
  /** The commit it points at; undefined while the branch does not exist. */
  read(): string | undefined
  /**
   * Points it at `to` if and only if it still is at `from`; says whether it did.
   * @throws ConflictError while others keep moving it
   * @throws ProviderError when its lock stays behind, or it is not a branch
   */
  move(from: string | undefined, to: string): Promise<boolean>
}

const PATIENCE = { tries: 50, pauseMs: 20 }

/** The branch of that name; `folder` is what git calls GIT_DIR. */
export function openBranchRef(folder: string, branch: string): BranchRef {
  const ref = `refs/heads/${branch}`
  const file = join(folder, ref)
  const read = () => readRef(folder, ref)

  const move = async (from: string | undefined, to: string): Promise<boolean> => {
    const lock = `${file}.lock`
    const descriptor = await acquire(lock)
    // Synchronous from here to the release, so the lock is held for a millisecond and no other work
    // of this process can come in between.
    let moved = false
    try {
      if (read() !== from) return false
      writeSync(descriptor, `${to}\n`)
      fsyncSync(descriptor)
      renameSync(lock, file)
      moved = true
      return true
    } finally {
      closeSync(descriptor)
      if (!moved) rmSync(lock, { force: true })
    }
  }

  return { read, move }
}

/** The commit that a ref names, given in full as `refs/heads/main`; undefined while there is none. */
export function readRef(folder: string, ref: string): string | undefined {
  return looseOid(join(folder, ref)) ?? packedOid(folder, ref)
}

/**
 * A lock that stays is reported, never broken: its owner may be stopped rather than dead, and would
 * then rename whatever lies at that path (our lock, half written) over the branch. Neither git nor
 * Node can tell the two apart, and a lock outlives its owner only when that is killed within the one
 * millisecond it is held.
 */
async function acquire(lock: string): Promise<number> {
  mkdirSync(dirname(lock), { recursive: true })
  const first = identity(lock)
  for (let tries = PATIENCE.tries; tries > 0; tries -= 1) {
    const descriptor = tryOpen(lock)
    if (descriptor !== undefined) return descriptor
    await wait(PATIENCE.pauseMs)
  }
  if (first !== undefined && identity(lock) === first) throw leftBehind(lock)
  throw new ConflictError(
    'stale_head',
    `Others kept writing to the ledger; its lock ${lock} was never free.`,
    'Read the ledger again and decide again; nothing was written.'
  )
}

function tryOpen(lock: string): number | undefined {
  try {
    return openSync(lock, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
}

function identity(lock: string): string | undefined {
  const stat = statSync(lock, { throwIfNoEntry: false, bigint: true })
  return stat && `${stat.ino}@${stat.mtimeNs}`
}

function leftBehind(lock: string): ProviderError {
  const seconds = (PATIENCE.tries * PATIENCE.pauseMs) / 1000
  return new ProviderError(
    'ledger_locked',
    `The ledger's lock ${lock} has stood unchanged for ${seconds} s; the process that made it was probably killed.`,
    `Make sure that no git and no Rollgate works in this repository, then delete ${lock}.`
  )
}

function looseOid(file: string): string | undefined {
  const text = unlessMissing(() => readFileSync(file, 'utf8'))
  if (text === undefined) return undefined
  const oid = text.match(/^[0-9a-f]{40}(?=\n?$)/u)?.[0]
  if (oid !== undefined) return oid
  throw new ProviderError(
    'ledger_unreadable',
    `${file} does not name a commit.`,
    'Set the branch to the ledger’s newest commit with `git update-ref`; `git fsck --lost-found` lists the candidates.'
  )
}

// Read after the loose file and never before: `git pack-refs` writes here first, then deletes there.
function packedOid(folder: string, ref: string): string | undefined {
  const text = unlessMissing(() => readFileSync(join(folder, 'packed-refs'), 'utf8')) ?? ''
  return text
    .split('\n')
    .find(line => line.slice(41) === ref && /^[0-9a-f]{40} /u.test(line))
    ?.slice(0, 40)
}
