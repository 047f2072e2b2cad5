import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { createFilingAnnouncer } from './filing-announcer.ts'
import { createSourceTree } from './git/commit-tree.ts'
import { createGitLedger } from './git/ledger.ts'
import { createGithub, type GithubOptions } from './github/github.ts'
import { definitionFiles, type Inputs, type OperationName } from './inputs.ts'
import { createMetricSources } from './metric-sources.ts'
import type { Watched } from './operations/due.ts'
import type { Actor, World } from './operations/world.ts'
import {
  type Catalogue,
  type EvidenceFile,
  loadCatalogue,
  loadEvidenceFiles,
  type SqlPlace
} from './postgres/catalogue.ts'
import { createUnreadableExporter } from './postgres/evidence.ts'
import { createPostgres } from './postgres/postgres.ts'
import {
  type Database,
  type GithubParts,
  type Project,
  refusingDatabase,
  refusingProject,
  TYPED,
  withoutGithub
} from './refusing-parts.ts'
import type { Definition } from './rollout/definition.ts'
import { parseDefinition } from './rollout/definition-file.ts'
import type { Announcer, Clock, Gates, LedgerArchive, Log, Workflows } from './rollout/ports.ts'
import { InputError } from './rollout/rollgate-error.ts'
import { secretsIn } from './secrets.ts'
import { createVercel, type VercelOptions } from './vercel/vercel.ts'

/** What a composition root knows beside the inputs. */
export interface Surroundings {
  /** `action`: a job of GitHub Actions; `command`: a terminal, or somebody else's job. */
  readonly place: 'action' | 'command'
  readonly actor: Actor
  readonly log: Log
  readonly announcer: Announcer
  /** Rollgate's own folder, where `sql/` lies. */
  readonly home: string
  /** A folder that belongs to this run alone. */
  readonly scratch: string
  /** The whole environment; the Vercel CLI is handed the few variables it may need. */
  readonly env: Readonly<Record<string, string>>
  /** Told of every credential that is found beside the inputs, before it is used. */
  readonly mask: (secret: string) => void
}

export interface Production {
  readonly world: World
  readonly catalogue: Catalogue
}

const clock: Clock = {
  now: Date.now,
  sleep: async ms => {
    await sleep(ms)
  }
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
  const { definition: definitionFile } = inputs
  const definition = await loadDefinition(definitionFile, known)
  const catalogue = known ?? NO_METRICS
  const github = openGithub(inputs, surroundings)
  const database = await openDatabase(inputs, definition, catalogue, surroundings)
  const world: World = {
    definition,
    definitionFile,
    actor,
    ledger: openLedger(inputs, github),
    ...openProject(inputs, definition, surroundings),
    ...database,
    metrics: createMetricSources(database.metrics, github.reports),
    ...repositoryParts(surroundings, github),
    announcer: createFilingAnnouncer(announcer, github.repository, log),
    clock,
    log,
    newId: randomUUID,
    sha256
  }
  return { world, catalogue }
}

/** The definitions that are to be looked into, each opened when it is asked about. */
export function createWatched(inputs: Inputs, surroundings: Surroundings): readonly Watched[] {
  const ledger = openLedger(inputs, openGithub(inputs, surroundings))
  return definitionFiles(inputs).map(file => ({
    file,
    open: async () => ({ definition: await loadDefinition(file, undefined), ledger, clock })
  }))
}

/** The workflows that can be started from here, without a definition or a ledger. */
export function createWorkflows(inputs: Inputs, surroundings: Surroundings): Workflows {
  return openGithub(inputs, surroundings).workflows
}

/** On the command line somebody types a name: it has no run that a reviewer could approve. */
function repositoryParts({ place }: Surroundings, github: GithubParts) {
  const { workflows, board, repository } = github
  const gates: Gates = place === 'action' ? github.gates : TYPED
  return { gates, workflows, board, repository }
}

/**
 * Operations that judge nothing and ask the database for the time at most. They do not look at the
 * metrics: the red button works without the folder that the criteria need.
 */
const JUDGE_NOTHING: readonly OperationName[] = [
  'next',
  'rollback',
  'hold',
  'resume',
  'flags',
  'deploy'
]

const NO_METRICS: Catalogue = { headers: [], files: [] }

/** Undefined when the operation can do without; a `status` says so when they cannot be loaded. */
async function findMetrics(
  { metrics, operation }: Inputs,
  home: string,
  log: Log
): Promise<Catalogue | undefined> {
  if (JUDGE_NOTHING.includes(operation)) return undefined
  const own: SqlPlace = { path: path.join(home, 'sql', 'metrics'), shownAs: 'sql/metrics' }
  const theirs = metrics.map((place): SqlPlace => ({ path: place, shownAs: place }))
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

function openLedger({ ledger }: Inputs, github: GithubParts): World['ledger'] {
  if (ledger.kind === 'branch') return github.ledger
  return createGitLedger({
    folder: ledger.folder,
    author: { name: 'Rollgate', email: 'rollgate@users.noreply.github.com' },
    now: clock.now
  })
}

/** GitHub where it can be asked; otherwise nothing is started, shown or filed, and a branch is no ledger. */
function openGithub(inputs: Inputs, { env, log }: Surroundings): GithubParts {
  const token = inputs['github-token']
  const repository = env['GITHUB_REPOSITORY']
  if (token === undefined || !repository) {
    const missing = githubMissing({ token, repository })
    return withoutGithub({
      ledger: ledgerNeedsGithub(missing),
      reports: reportsNeedGithub(missing)
    })
  }
  const { ledger } = inputs
  const runId = env['GITHUB_RUN_ID']
  return createGithub({
    ...addressesIn(env),
    token,
    repository,
    ledgerBranch: ledger.kind === 'branch' ? ledger.branch : DEFAULT_BRANCH,
    run: runId ? { id: runId, attempt: Number(env['GITHUB_RUN_ATTEMPT'] || '1') } : undefined,
    branch: env['GITHUB_REF_NAME'] || undefined,
    workflows: {
      rollout: inputs['rollout-workflow'],
      monitor: inputs['monitor-workflow'],
      rollback: inputs['rollback-workflow'],
      timers: inputs['timers-workflow']
    },
    log
  })
}

/** Github.com unless a job is told otherwise. */
function addressesIn(env: Surroundings['env']): Pick<GithubOptions, 'apiUrl' | 'graphqlUrl'> {
  return {
    apiUrl: env['GITHUB_API_URL'] || 'https://api.github.com',
    graphqlUrl: env['GITHUB_GRAPHQL_URL'] || 'https://api.github.com/graphql'
  }
}

/**
 * The files of a ledger on a branch, without a definition and without anything that is written.
 * @throws InputError (`ledger_needs_github`)
 */
export function createBranchArchive(
  branch: string,
  token: string | undefined,
  { env, log }: Pick<Surroundings, 'env' | 'log'>
): LedgerArchive {
  const repository = env['GITHUB_REPOSITORY']
  if (token === undefined || !repository) {
    throw ledgerNeedsGithub(githubMissing({ token, repository }))
  }
  return createGithub({
    ...addressesIn(env),
    token,
    repository,
    ledgerBranch: branch,
    run: undefined,
    branch: undefined,
    workflows: { rollout: '', monitor: '', rollback: '', timers: undefined },
    log
  }).archive
}

const DEFAULT_BRANCH = 'rollgate-ledger'

function githubMissing(given: Readonly<Record<string, string | undefined>>): string {
  const names: Readonly<Record<string, string>> = {
    token: 'github-token (GITHUB_TOKEN)',
    repository: 'the repository (GITHUB_REPOSITORY)'
  }
  const missing = Object.keys(names).filter(key => !given[key])
  return missing.map(key => names[key]).join(' and ')
}

function ledgerNeedsGithub(missing: string): InputError {
  return new InputError(
    'ledger_needs_github',
    `A ledger on a branch lives in GitHub, and ${missing} not given.`,
    'In a workflow leave the input github-token as it is; on the command line set GITHUB_TOKEN and --repository, or name a folder: --ledger file:.rollgate/ledger.git.'
  )
}

function reportsNeedGithub(missing: string): InputError {
  return new InputError(
    'reports_need_github',
    `Reported issues are read from GitHub, and ${missing} not given.`,
    'In a workflow leave the input github-token as it is; on the command line set GITHUB_TOKEN and --repository.'
  )
}

function openProject(inputs: Inputs, { targets }: Definition, surroundings: Surroundings): Project {
  const { log, scratch, env } = surroundings
  const token = inputs['vercel-token']
  const teamId = inputs['vercel-org-id']
  const projectId = inputs['vercel-project-id']
  if (token === undefined || teamId === undefined || projectId === undefined) {
    return refusingProject(projectMissing({ token, teamId, projectId }, surroundings))
  }
  const account = { apiUrl: inputs['vercel-api-url'], token, teamId, projectId }
  const options: VercelOptions = {
    ...account,
    cwd: inputs['working-directory'],
    source: createSourceTree(inputs['working-directory']),
    targets,
    configFolder: path.join(scratch, 'vercel'),
    cli: inputs['vercel-cli'],
    bypass: inputs['vercel-bypass'],
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

function projectMissing(
  given: Readonly<Record<string, string | undefined>>,
  { place }: Surroundings
): InputError {
  const names: Readonly<Record<string, string>> = {
    token: 'vercel-token (VERCEL_TOKEN)',
    teamId: 'vercel-org-id (VERCEL_ORG_ID)',
    projectId: 'vercel-project-id (VERCEL_PROJECT_ID)'
  }
  const missing = Object.keys(names).filter(key => given[key] === undefined)
  return new InputError(
    'vercel_missing',
    `Vercel cannot be asked: ${missing.map(key => names[key]).join(', ')} not given.`,
    place === 'action'
      ? emptyVercel(given)
      : 'Set them in the environment of the command; VERCEL_TOKEN is a secret.'
  )
}

/** The token is a secret of the environment, the ids are variables of it. */
function emptyVercel(given: Readonly<Record<string, string | undefined>>): string {
  const variables = [
    ...(given['teamId'] === undefined ? ['vars.VERCEL_ORG_ID'] : []),
    ...(given['projectId'] === undefined ? ['vars.VERCEL_PROJECT_ID'] : [])
  ]
  return [
    ...(given['token'] === undefined ? [emptySecrets('the secret VERCEL_TOKEN')] : []),
    ...(variables.length > 0 ? [emptyVariables(variables)] : [])
  ].join(' ')
}

async function openDatabase(
  inputs: Inputs,
  definition: Definition,
  catalogue: Catalogue,
  { home, place, env, mask }: Surroundings
): Promise<Database> {
  const named = place === 'command' ? env[definition.database.secret] || undefined : undefined
  const connectionString = inputs['database-url'] ?? named
  if (connectionString === undefined) return refusingDatabase(databaseMissing(definition, place))
  for (const secret of secretsIn([named])) mask(secret)
  const authority = inputs['database-ca']
  try {
    const caCertificate =
      authority === undefined ? undefined : await readText(authority, 'database-ca')
    const evidence = await loadEvidence(home)
    const postgres = createPostgres({
      connectionString,
      caCertificate,
      catalogue,
      evidenceFiles: evidence.files,
      limits: { maxPlannedCost: definition.database.maxPlannedCost }
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

function databaseMissing(
  { database: { secret } }: Definition,
  place: Surroundings['place']
): InputError {
  return new InputError(
    'database_missing',
    `The database cannot be asked: database-url (${secret}) is not given.`,
    place === 'action'
      ? emptySecrets(`the secret ${secret}`)
      : `Set ${secret} in the environment of the command, or ROLLGATE_DATABASE_URL.`
  )
}

/** An environment's secret arrives empty for three reasons, and GitHub tells none of them. */
function emptySecrets(which: string): string {
  return [
    `Hand ${which} to the action. When that is done, it came empty for one of three reasons:`,
    'it is not set in the environment that the job names (gh secret list --env …);',
    'the reusable workflow belongs to another owner, who is given no secrets of an environment (copy the workflows in instead: rollgate init);',
    'or the caller does not say secrets: inherit.'
  ].join(' ')
}

function emptyVariables(names: readonly string[]): string {
  const [are, variables] =
    names.length === 1
      ? ['it is not set: it is a variable', 'no secret']
      : ['they are not set: they are variables', 'no secrets']
  return `Hand ${names.join(' and ')} to the action. When that is done, ${are} of the environment that the job names, ${variables} (gh variable list --env …).`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
