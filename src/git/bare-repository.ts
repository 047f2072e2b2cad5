import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../rollout/rollgate-error.ts'
import { unlessMissing } from './missing.ts'

/**
 * Whether there is a repository to read, as opposed to nothing yet.
 * @throws InputError when the folder holds something else, or a repository this code would misread
 */
export function findRepository(folder: string): boolean {
  const config = unlessMissing(() => readFileSync(join(folder, 'config'), 'utf8')) ?? ''
  const format = config.match(
    /^\s*(?:refstorage|objectformat)\s*=\s*(?!files\b|sha1\b)(\S+)/imu
  )?.[1]
  if (format !== undefined) {
    throw badFolder(folder, `is a git repository in the ${format} format, which is not supported`)
  }
  if (existsSync(join(folder, 'HEAD')) && existsSync(join(folder, 'objects'))) return true
  const content = unlessMissing(() => readdirSync(folder)) ?? []
  // A repository whose making was cut short has its objects/ already, since that is made first.
  if (content.length === 0 || content.includes('objects')) return false
  throw badFolder(folder, 'is neither empty nor a bare git repository')
}

/** Makes an empty bare repository; `HEAD` comes last, so that half of one is not taken for one. */
export function createRepository(folder: string, branch: string): void {
  for (const part of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    mkdirSync(join(folder, part), { recursive: true })
  }
  writeWhole(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  writeWhole(join(folder, 'HEAD'), `ref: refs/heads/${branch}\n`)
}

// Two processes may make the same repository at once: both write the same bytes, and neither sees half of them.
function writeWhole(file: string, text: string): void {
  const aside = `${file}.${process.pid}`
  writeFileSync(aside, text)
  renameSync(aside, file)
}

function badFolder(folder: string, problem: string): InputError {
  return new InputError(
    'ledger_folder',
    `The ledger's folder ${folder} ${problem}.`,
    'Name an empty or new folder, or a bare repository made by `git init --bare`.'
  )
}
