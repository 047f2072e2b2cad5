import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { types } from 'node:util'
import { createGitLedger } from './git/ledger.ts'
import type { Inputs } from './inputs.ts'
import type { Actor, World } from './operations/world.ts'
import {
  type Catalogue,
  loadCatalogue,
  loadEvidenceFiles,
  type SqlFolder
} from './postgres/catalogue.ts'
import { createPostgres } from './postgres/postgres.ts'
import type { Definition } from './rollout/definition.ts'
import { parseDefinition } from './rollout/definition-file.ts'
import type { Announcer, Clock, Log } from './rollout/ports.ts'
import { InputError } from './rollout/rollgate-error.ts'
import { typedConfirmation } from './rollout/typed-confirmation.ts'
import { createVercel } from './vercel/vercel.ts'

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
 * The real world behind the ports. Parts whose credentials are missing refuse when they are used,
 * so that an operation needs only what it touches.
 * @throws InputError when the definition, a metric or a credential is wrong
 */
export async function createProduction(
  inputs: Inputs,
  surroundings: Surroundings
): Promise<Production> {
  const { home, log, announcer, actor } = surroundings
  const own: SqlFolder = { path: path.join(home, 'sql', 'metrics'), shownAs: 'sql/metrics' }
  const theirs =
    inputs.metrics === undefined ? [] : [{ path: inputs.metrics, shownAs: inputs.metrics }]
  const catalogue = await loadCatalogue([own, ...theirs])
  const definition = await loadDefinition(inputs.definition, catalogue)
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

async function loadDefinition(file: string, catalogue: Catalogue): Promise<Definition> {
  const text = await readText(file, 'definition')
  const metrics = Object.fromEntries(catalogue.headers.map(({ name, kind }) => [name, kind]))
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

type Project = Pick<World, 'flags' | 'deployer' | 'project'>

function openProject(inputs: Inputs, { log, scratch, env }: Surroundings): Project {
  const token = inputs['vercel-token']
  const teamId = inputs['vercel-org-id']
  const projectId = inputs['vercel-project-id']
  if (token === undefined || teamId === undefined || projectId === undefined) {
    return missingProject({ token, teamId, projectId })
  }
  return createVercel({
    apiUrl: inputs['vercel-api-url'],
    token,
    teamId,
    projectId,
    cwd: inputs['working-directory'],
    configFolder: path.join(scratch, 'vercel'),
    cli: inputs['vercel-cli'],
    baseEnv: env,
    clock,
    log
  })
}

function missingProject(given: Readonly<Record<string, string | undefined>>): Project {
  const names: Readonly<Record<string, string>> = {
    token: 'vercel-token (VERCEL_TOKEN)',
    teamId: 'vercel-org-id (VERCEL_ORG_ID)',
    projectId: 'vercel-project-id (VERCEL_PROJECT_ID)'
  }
  const missing = Object.keys(names).filter(key => given[key] === undefined)
  const refuse = (): never => {
    throw new InputError(
      'vercel_missing',
      `Vercel cannot be asked: ${missing.map(key => names[key]).join(', ')} not given.`,
      'Set the secret in the environment of the target, and hand it to the action or the command.'
    )
  }
  const refused = async (): Promise<never> => refuse()
  return {
    flags: { read: refused, write: refused },
    deployer: {
      live: refused,
      find: refused,
      deploy: refused,
      abandon: refused,
      reinstate: refused
    },
    project: { inspectProject: refused }
  }
}

type Database = Pick<World, 'metrics' | 'evidence' | 'database'>

async function openDatabase(
  inputs: Inputs,
  definition: Definition,
  catalogue: Catalogue,
  home: string
): Promise<Database> {
  const connectionString = inputs['database-url']
  if (connectionString === undefined) return missingDatabase(definition)
  const authority = inputs['database-ca']
  return createPostgres({
    connectionString,
    caCertificate: authority === undefined ? undefined : await readText(authority, 'database-ca'),
    catalogue,
    evidenceFiles: await loadEvidenceFiles([
      { path: path.join(home, 'sql', 'evidence'), shownAs: 'sql/evidence' }
    ])
  })
}

function missingDatabase({ database }: Definition): Database {
  const refused = (): Promise<never> =>
    Promise.reject(
      new InputError(
        'database_missing',
        `The database cannot be asked: database-url (${database.secret}) is not given.`,
        `Set the secret ${database.secret} in the environment of the target.`
      )
    )
  return {
    metrics: { look: refused, databaseNow: refused },
    evidence: { collect: refused },
    database: { inspectDatabase: refused }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
