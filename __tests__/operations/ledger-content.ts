import fs from 'node:fs'
import git from 'isomorphic-git'

const BRANCH = 'rollgate-ledger'

/** What a ledger's branch holds, read without Rollgate. */
export interface LedgerContent {
  /** Subjects of the commits, oldest first. */
  readonly subjects: readonly string[]
  readonly files: ReadonlyMap<string, string>
}

export async function readLedgerContent(gitdir: string): Promise<LedgerContent> {
  const log = await git.log({ fs, gitdir, ref: BRANCH })
  const oid = log[0]?.oid ?? ''
  const paths = await git.listFiles({ fs, gitdir, ref: BRANCH })
  const files = new Map<string, string>()
  for (const filepath of paths) {
    const { blob } = await git.readBlob({ fs, gitdir, oid, filepath })
    files.set(filepath, new TextDecoder().decode(blob))
  }
  return { subjects: log.map(({ commit }) => commit.message.trim()).reverse(), files }
}
