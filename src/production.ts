import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { types } from 'node:util'
import { createGitLedger } from './git/ledger.ts'
import type { Inputs, OperationName } from './inputs.ts'
import type { Actor, World } from './operations/world.ts'
import {
  type Catalogue,
  type EvidenceFile,
  loadCatalogue,
  loadEvidenceFiles,
  type SqlFolder
} from './postgres/catalogue.ts'
import { createUnreadableExporter } from './postgres/evidence.ts'
import { createPostgres } from './postgres/postgres.ts'
import { type Database, type Project, refusingDatabase, refusingProject } from './refusing-parts.ts'
import type { Definition } from './rollout/definition.ts'
import { parseDefinition } from './rollout/definition-file.ts'
import type { Announcer, Clock, Log } from './rollout/ports.ts'
import { InputError } from './rollout/rollgate-error.ts'
import { typedConfirmation } from './rollout/typed-confirmation.ts'
import { createVercel, type VercelOptions } from './vercel/vercel.ts'

/** What a composition root knows beside the inputs. */
export interface Surroundings {
  readonly actor: Actor
  readonly log: Log
  readonly announcer: Announcer
  /** Rollgate's own folder, where `sql/` lies. */
  readonly home: string
  /** A folder that belongs to this run alone. */
  readonly scratch: string
  /** The whole environment; the Vercel CLI is handed the few variables it may need. */
  readonly env: Readonly<Record<string, string>>
}

export interface Production {
  readonly world: World
  readonly catalogue: Catalogue
}

const clock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms))
}

/**
 * The real world behind the ports. Parts whose credentials are missing or wrong refuse when they are
 * used, so that an operation needs only what it touches.
 * @throws InputError when the definition is wrong, or a metric and the operation judges
 */
export async function createProduction(
  inputs: Inputs,
  surroundings: Surroundings
): Promise<Production> {
  const { home, log, announcer, actor } = surroundings
  const known = await findMetrics(inputs, home, log)
  const definition = await loadDefinition(inputs.definition, known)
  const catalogue = known ?? NO_METRICS
  const world: World = {
    definition,
    actor,
    ledger: openLedger(inputs),
    ...openProject(inputs, surroundings),
    ...(await openDatabase(inputs, definition, catalogue, home)),
    approvals: typedConfirmation(inputs.confirm, actor.by),
    announcer,
    clock,
    log,
    newId: randomUUID,
    sha256
  }
  return { world, catalogue }
}

/**
 * Operations that judge nothing and ask the database for the time at most. They do not look at the
 * metrics: the red button works without the folder that the criteria need.
 */
const JUDGE_NOTHING: readonly OperationName[] = ['rollback', 'hold', 'resume', 'flags', 'deploy']

const NO_METRICS: Catalogue = { headers: [], files: [] }

/** Undefined when the operation can do without; a `status` says so when they cannot be loaded. */
async function findMetrics(
  { metrics, operation }: Inputs,
  home: string,
  log: Log
): Promise<Catalogue | undefined> {
  if (JUDGE_NOTHING.includes(operation)) return undefined
  const own: SqlFolder = { path: path.join(home, 'sql', 'metrics'), shownAs: 'sql/metrics' }
  const theirs = metrics === undefined ? [] : [{ path: metrics, shownAs: metrics }]
  try {
    return await loadCatalogue([own, ...theirs])
  } catch (error) {
    if (operation !== 'status') throw error
    const why = types.isNativeError(error) ? error.message : String(error)
    log.warning(`${operation} goes on without the metrics, which cannot be loaded: ${why}`)
    return undefined
  }
}

async function loadDefinition(file: string, catalogue: Catalogue | undefined): Promise<Definition> {
  const text = await readText(file, 'definition')
  const metrics =
    catalogue && Object.fromEntries(catalogue.headers.map(({ name, kind }) => [name, kind]))
  return parseDefinition({ file, text, digest: sha256(text), metrics })
}

async function readText(file: string, input: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const why = types.isNativeError(error) ? (error as NodeJS.ErrnoException).code : 'unreadable'
    throw new InputError(
      'file_unreadable',
      `The ${input} ${file} cannot be read (${why}).`,
      `Check the path given as ${input}; it starts in the current folder.`
    )
  }
}

function openLedger({ ledger: folder }: Inputs): World['ledger'] {
  return createGitLedger({
    folder,
    author: { name: 'Rollgate', email: 'rollgate@users.noreply.github.com' },
    now: clock.now
  })
}

function openProject(inputs: Inputs, { log, scratch, env }: Surroundings): Project {
  const token = inputs['vercel-token']
  const teamId = inputs['vercel-org-id']
  const projectId = inputs['vercel-project-id']
  if (token === undefined || teamId === undefined || projectId === undefined) {
    return refusingProject(projectMissing({ token, teamId, projectId }))
  }
  const account = { apiUrl: inputs['vercel-api-url'], token, teamId, projectId }
  const options: VercelOptions = {
    ...account,
    cwd: inputs['working-directory'],
    configFolder: path.join(scratch, 'vercel'),
    cli: inputs['vercel-cli'],
    baseEnv: env,
    clock,
    log
  }
  try {
    return createVercel(options)
  } catch (error) {
    return refusingProject(error)
  }
}

function projectMissing(given: Readonly<Record<string, string | undefined>>): InputError {
  const names: Readonly<Record<string, string>> = {
    token: 'vercel-token (VERCEL_TOKEN)',
    teamId: 'vercel-org-id (VERCEL_ORG_ID)',
    projectId: 'vercel-project-id (VERCEL_PROJECT_ID)'
  }
  const missing = Object.keys(names).filter(key => given[key] === undefined)
  return new InputError(
    'vercel_missing',
    `Vercel cannot be asked: ${missing.map(key => names[key]).join(', ')} not given.`,
    'Set the secret in the environment of the target, and hand it to the action or the command.'
  )
}

async function openDatabase(
  inputs: Inputs,
  definition: Definition,
  catalogue: Catalogue,
  home: string
): Promise<Database> {
  const connectionString = inputs['database-url']
  if (connectionString === undefined) return refusingDatabase(databaseMissing(definition))
  const authority = inputs['database-ca']
  try {
    const caCertificate =
      authority === undefined ? undefined : await readText(authority, 'database-ca')
    const evidence = await loadEvidence(home)
    const postgres = createPostgres({
      connectionString,
      caCertificate,
      catalogue,
      evidenceFiles: evidence.files
    })
    return { ...postgres, ...evidence.instead }
  } catch (error) {
    return refusingDatabase(error)
  }
}

interface LoadedEvidence {
  readonly files: readonly EvidenceFile[]
  /** Takes the exporter's place when the files cannot be loaded. */
  readonly instead?: Pick<Database, 'evidence'>
}

async function loadEvidence(home: string): Promise<LoadedEvidence> {
  const folder = { path: path.join(home, 'sql', 'evidence'), shownAs: 'sql/evidence' }
  try {
    return { files: await loadEvidenceFiles([folder]) }
  } catch (error) {
    return { files: [], instead: { evidence: createUnreadableExporter(error) } }
  }
}

function databaseMissing({ database }: Definition): InputError {
  return new InputError(
    'database_missing',
    `The database cannot be asked: database-url (${database.secret}) is not given.`,
    `Set the secret ${database.secret} in the environment of the target.`
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
