import { randomUUID } from 'node:crypto'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  writeFile
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { types } from 'node:util'
import * as z from 'zod'
import { METRICS_FOLDER } from './adoption/metric-files.ts'
import type { MetricCheck, Place, RepositoryFolder, TextFile } from './adoption/ports.ts'
import { WORKFLOWS, type WorkflowTemplates } from './adoption/workflow-files.ts'
import {
  defaultBranch,
  findCheckout,
  githubRepository,
  isRoot,
  publishedCommit
} from './git/checkout.ts'
import { loadCatalogue } from './postgres/catalogue.ts'
import { InputError } from './rollout/rollgate-error.ts'

/**
 * The user's repository in a folder of this machine. Nothing is read or written through a link that
 * leads out of it.
 */
export function openRepositoryFolder(root: string): RepositoryFolder {
  return {
    read: async file => {
      await requireInside(root, file)
      return readIfThere(path.join(root, file))
    },
    write: async files => {
      for (const { path: file } of files) await requireInside(root, file)
      await writeAll(root, files)
    }
  }
}

/** @throws InputError (`folder_unwritable`) */
async function requireInside(root: string, file: string): Promise<void> {
  const wanted = path.dirname(file)
  const real = await realFolder(path.join(root, wanted))
  const [up] = path.relative(await realFolder(root), real).split(path.sep)
  if (up !== '..' && !path.isAbsolute(up ?? '')) return
  throw new InputError(
    'folder_unwritable',
    `${wanted} leads to ${real}, which lies outside of the repository.`,
    'Put a folder in place of the link; then run the same command again.'
  )
}

/** Where a folder really is, or the nearest one above it that is there. */
async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch (error) {
    if (isMissing(error) && path.dirname(folder) !== folder) return realFolder(path.dirname(folder))
    throw unwritable(folder, error)
  }
}

/**
 * What can be found out without asking anybody.
 * @throws InputError (`folder_inside_repository`) when the folder is not the root of its repository
 */
export async function findPlace(folder: string, home: string, defaultZone: string): Promise<Place> {
  await readdir(folder).catch(error => {
    throw unwritable(folder, error)
  })
  const root = await findCheckout(folder)
  if (!isRoot(folder, root)) {
    throw new InputError(
      'folder_inside_repository',
      `${folder} lies inside the repository ${root}, and GitHub looks for workflows at its root.`,
      `Run the command in ${root}.`
    )
  }
  return {
    timeZone: defaultZone,
    repository: root === undefined ? undefined : await githubRepository(root),
    branch: root === undefined ? undefined : await defaultBranch(root),
    vercel: await readVercelLink(folder),
    action: await findAction(home),
    envExample: (await readIfThere(path.join(folder, '.env.example'))) !== undefined
  }
}

/** What the workflows run of Rollgate, beside the files that they are written from. */
const RUNS = ['action.yml', 'dist', 'sql', 'workflows']

async function findAction(home: string): Promise<string | undefined> {
  const root = await findCheckout(home)
  if (root === undefined || !isRoot(home, root)) return undefined
  const repository = await githubRepository(root)
  if (repository === undefined) return undefined
  const commit = await publishedCommit(root, RUNS)
  return commit && `${repository}@${commit}`
}

const linkSchema = z.object({ orgId: z.string().min(1), projectId: z.string().min(1) })

async function readVercelLink(folder: string): Promise<Place['vercel']> {
  const text = await readIfThere(path.join(folder, '.vercel', 'project.json'))
  try {
    return linkSchema.safeParse(JSON.parse(text ?? '')).data
  } catch {
    return undefined
  }
}

/**
 * Rollgate's own templates.
 * @throws InputError (`templates_unreadable`) when this is not all of Rollgate
 */
export async function readTemplates(home: string): Promise<WorkflowTemplates> {
  const entries = Object.entries(WORKFLOWS).map(async ([kind, file]) => {
    const text = await readIfThere(path.join(home, 'workflows', file))
    if (text !== undefined) return [kind, text] as const
    throw new InputError(
      'templates_unreadable',
      `Rollgate's own template workflows/${file} is not there.`,
      'Run rollgate from a complete checkout: dist, sql and workflows belong together.'
    )
  })
  return Object.fromEntries(await Promise.all(entries)) as unknown as WorkflowTemplates
}

/** Loads the metrics as every operation does, with the new files among those that are there. */
export function createMetricCheck(root: string, home: string): MetricCheck {
  return async files => {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'rollgate-init-'))
    try {
      const standing = path.join(root, METRICS_FOLDER)
      // A link that was copied as a link would have what is tried out written where it leads.
      await cp(standing, scratch, { recursive: true, dereference: true }).catch(unlessThere)
      for (const { path: file, text } of files) {
        await writeFile(path.join(scratch, path.basename(file)), text)
      }
      const { headers } = await loadCatalogue([
        { path: path.join(home, 'sql', 'metrics'), shownAs: 'sql/metrics' },
        { path: scratch, shownAs: METRICS_FOLDER }
      ])
      return headers
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
}

function unlessThere(error: unknown): void {
  if (!isMissing(error)) throw error
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unwritable(file, error)
  }
}

/**
 * Every text is complete on the disk before the first one takes its place, so that a full disk or a
 * closed folder leaves everything as it was.
 */
async function writeAll(root: string, files: readonly TextFile[]): Promise<void> {
  const mark = `.rollgate-${randomUUID()}`
  const asides = files.map(({ path: file }) => `${path.join(root, file)}${mark}`)
  try {
    for (const [index, { path: file, text }] of files.entries()) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true })
      await writeFile(asides[index] ?? '', text)
    }
    for (const [index, { path: file }] of files.entries()) {
      await rename(asides[index] ?? '', path.join(root, file))
    }
  } catch (error) {
    throw unwritable(root, error)
  } finally {
    // One that was never made is none to remove, and no reason to hide why.
    await Promise.allSettled(asides.map(aside => rm(aside, { force: true })))
  }
}

function isMissing(error: unknown): boolean {
  const code = types.isNativeError(error) ? (error as NodeJS.ErrnoException).code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function unwritable(place: string, error: unknown): InputError {
  const why = types.isNativeError(error) ? (error as NodeJS.ErrnoException).code : 'unknown'
  return new InputError(
    'folder_unwritable',
    `${place} cannot be read or written (${why}).`,
    'Check the path, move away what stands in its place, or make it writable; then run the same command again.'
  )
}
