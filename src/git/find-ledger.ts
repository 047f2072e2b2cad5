import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_BRANCH } from '../rollout/ledger-entry.ts'
import type { LedgerArchive } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { createGitArchive } from './archive.ts'
import { readRef } from './branch-ref.ts'
import { createFolderArchive } from './folder-archive.ts'

/** A ledger on this machine, and where exactly it was found. */
export interface FoundLedger {
  readonly place: string
  readonly archive: LedgerArchive
}

/** Beside the folder itself: where a ledger of the command, and one that a rehearsal leaves, lies. */
const BELOW = ['.', 'ledger.git', 'ledger', '.rollgate/ledger.git']

/** In a clone that people work in, what the remote last said is newer than a branch made from it. */
const REFS = [`refs/remotes/origin/${DEFAULT_BRANCH}`, `refs/heads/${DEFAULT_BRANCH}`]

/**
 * The ledger that a folder is, or holds: a bare repository, the plain files of a checkout, or a clone
 * of the repository that has fetched the ledger's branch.
 * @throws InputError (`ledger_missing`) when there is none
 */
export async function findLedger(folder: string): Promise<FoundLedger> {
  for (const below of BELOW) {
    const found = await ledgerAt(join(folder, below))
    if (found !== undefined) return found
  }
  throw await missing(folder)
}

async function ledgerAt(place: string): Promise<FoundLedger | undefined> {
  if (await isRepository(place)) return ledgerIn(place) ?? bare(place)
  if (await holdsRollouts(place)) return { place, archive: createFolderArchive(place) }
  const clone = join(place, '.git')
  return (await isRepository(clone)) ? ledgerIn(clone) : undefined
}

function bare(place: string): FoundLedger {
  return { place, archive: createGitArchive({ folder: place }) }
}

function ledgerIn(folder: string): FoundLedger | undefined {
  const ref = REFS.find(one => readRef(folder, one) !== undefined)
  if (ref === undefined) return undefined
  const place = `${folder} (${ref.replace(/^refs\/(?:heads|remotes)\//u, '')})`
  return { place, archive: createGitArchive({ folder, ref }) }
}

async function missing(folder: string): Promise<InputError> {
  const what = await stat(folder).catch(() => undefined)
  const near = what?.isDirectory() ? await ledgersBelow(folder) : []
  const remedy =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : 'Name a repository that has the ledger’s branch, a folder with the files of that branch, a folder that rollgate rehearse has left, or branch: and a name.'
  return new InputError(
    'ledger_missing',
    `There is no ledger at ${folder}: ${whyNot(what)}.`,
    remedy
  )
}

function whyNot(what: { isDirectory(): boolean } | undefined): string {
  if (what === undefined) return 'nothing is there'
  return what.isDirectory() ? 'the folder holds none' : 'it is no folder'
}

/** As `rehearsal/` has one for each scenario. */
async function ledgersBelow(folder: string): Promise<readonly string[]> {
  const places = (await foldersIn(folder)).map(name => join(folder, name))
  const found = await Promise.all(
    places.map(async place => ((await isRepository(join(place, 'ledger.git'))) ? [place] : []))
  )
  return found.flat().sort()
}

async function isRepository(folder: string): Promise<boolean> {
  return (await exists(join(folder, 'HEAD'))) && (await exists(join(folder, 'objects')))
}

/** Any of them, below the folder of a definition and a number, tells a rollout: its log may be lost. */
const TRACES = ['events.jsonl', 'verification.md', 'definitions']

async function holdsRollouts(folder: string): Promise<boolean> {
  for (const definition of await foldersIn(folder)) {
    const numbers = await foldersIn(join(folder, definition))
    for (const number of numbers.filter(name => /^[1-9]\d*$/u.test(name))) {
      const traces = TRACES.map(name => exists(join(folder, definition, number, name)))
      if ((await Promise.all(traces)).includes(true)) return true
    }
  }
  return false
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}
