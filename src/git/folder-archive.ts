import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LedgerArchive } from '../rollout/ports.ts'
import { told } from './failure.ts'

/** The files of a ledger that lie in a folder as plain files, as a checkout of its branch leaves them. */
export function createFolderArchive(folder: string): LedgerArchive {
  const read = async (path: string): Promise<string | undefined> => {
    if (!isPlain(path)) return undefined
    try {
      return await readFile(join(folder, path), 'utf8')
    } catch (error) {
      if (MISSING.has(String((error as NodeJS.ErrnoException).code))) return undefined
      throw error
    }
  }
  return {
    list: () => told(folder, 'ledger_unreadable', () => listBelow(folder, '')),
    read: path => told(folder, 'ledger_unreadable', () => read(path))
  }
}

const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/** A path of the ledger's own: none that leads out of the folder, or into git's. */
function isPlain(path: string): boolean {
  return path.split('/').every(segment => segment !== '' && !HIDDEN.test(segment))
}

const HIDDEN = /^(?:\.{1,2}|\.git)$/iu

async function listBelow(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const found = entries
    .filter(({ name }) => !HIDDEN.test(name))
    .map(entry => {
      const path = `${below}${entry.name}`
      // A link may lead anywhere; a ledger has none.
      if (entry.isDirectory()) return listBelow(folder, `${path}/`)
      return entry.isFile() ? [path] : []
    })
  return (await Promise.all(found)).flat()
}
