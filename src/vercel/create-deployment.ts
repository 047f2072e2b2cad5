import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import type { Target } from '../rollout/definition.ts'
import type { Code } from '../rollout/deployed-code.ts'
import type { Clock, Deployment, DeployRequest, Log, SourceTree } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { CONNECT_REPOSITORY } from '../rollout/target-remedies.ts'
import type { VercelApi } from './api.ts'
import { EXIT_MISSING, type VercelCli } from './command-line.ts'
import {
  createdDeploymentId,
  deployArguments,
  deploymentMeta,
  describeRun,
  type Upload
} from './deploy-command.ts'
import { isAlive } from './deployments.ts'
import type { ConnectedRepository } from './git-source.ts'
import type { ProjectReader } from './project.ts'

/** A wanted deployment and how its target is deployed. */
export interface Wanted extends DeployRequest {
  readonly how: Target
}

/** The code, and the branch it is known to be of. */
export interface CodeAt {
  readonly code: Code
  readonly branch?: string | undefined
}

export interface CreationParts {
  readonly api: VercelApi
  readonly cli: VercelCli
  readonly project: ProjectReader
  readonly source: SourceTree
  readonly clock: Clock
  readonly log: Log
  readonly teamId: string
  /** Beginning of the names of private folders that commits are written into. */
  readonly scratch: string
  /** The deployment that an intent has already made. */
  readonly find: (intent: string) => Promise<Deployment | undefined>
}

/**
 * Creates the deployment, does not wait for it, and returns its id. What was printed or answered decides
 * only when it names a deployment; else the provider is asked.
 * @throws ProviderError
 */
export async function createDeployment(
  parts: CreationParts,
  wanted: Wanted,
  { code, branch }: CodeAt
): Promise<string> {
  if (code.kind === 'newest' && code.warning !== undefined) parts.log.warning(code.warning)
  if (wanted.how.deploy === 'git') return createFromRepository(parts, wanted, { code, branch })
  if (code.kind === 'newest') return upload(parts, wanted, asItStands(wanted))
  return uploadCommit(parts, wanted, code)
}

type Commit = Extract<Code, { kind: 'commit' }>

async function uploadCommit(parts: CreationParts, wanted: Wanted, code: Commit): Promise<string> {
  const { scratch, log } = parts
  await mkdir(dirname(scratch), { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(`${scratch}-code-`)
  try {
    if (!(await exported(parts, code, folder)))
      return await upload(parts, wanted, asItStands(wanted))
    log.info(`Deploying the commit ${code.commit}`)
    // What was built before is other code than that of the commit.
    const { staged } = wanted.how
    return await upload(parts, wanted, { folder, commit: code.commit, staged })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** False when the newest code is to be deployed instead. */
async function exported(
  { source, log }: CreationParts,
  { commit, instead }: Commit,
  folder: string
): Promise<boolean> {
  try {
    await source.export(commit, folder)
    return true
  } catch (error) {
    if (instead === undefined || !(error instanceof ProviderError)) throw error
    log.warning(`${instead}. ${error.message}`)
    return false
  }
}

/** The working directory, or what was built in it. */
function asItStands({ how: { prebuilt, staged } }: Wanted): Upload {
  return { prebuilt, staged }
}

async function upload(parts: CreationParts, wanted: Wanted, given: Upload): Promise<string> {
  const run = await parts.cli(deployArguments(wanted, parts.teamId, given))
  const id = createdDeploymentId(run)
  if (id !== undefined) return id
  const missing = run.exitCode === EXIT_MISSING
  const found = missing ? undefined : await lookFor(parts, wanted.intent)
  if (found !== undefined) return found
  throw missing
    ? cliMissing(wanted.target)
    : notCreated(wanted.target, `vercel deploy ended with ${describeRun(run)}`)
}

const created = z.looseObject({ id: z.string() })

async function createFromRepository(
  parts: CreationParts,
  wanted: Wanted,
  { code, branch }: CodeAt
): Promise<string> {
  const { name, connected: repository } = await parts.project.read()
  if (repository === undefined) throw notConnected(name)
  const outcome = await parts.api.change({
    method: 'POST',
    path: '/v13/deployments',
    // Else the deployment that this commit already has may be answered, with its old flags.
    query: { forceNew: '1', skipAutoDetectionConfirmation: '1' },
    body: bodyOf(wanted, { name, repository, code, branch })
  })
  if (outcome.kind === 'done') {
    const id = created.safeParse(outcome.body).data?.id
    if (id !== undefined) return id
  }
  if (outcome.kind === 'refused') {
    if (code.kind === 'newest' || code.instead === undefined) throw outcome.error
    const { message } = outcome.error
    // The branch may be gone since, and its commit still be there.
    if (branch !== undefined && branch !== repository.productionBranch) {
      parts.log.warning(`Asking again without the branch ${branch}: ${message}`)
      return createFromRepository(parts, wanted, { code })
    }
    parts.log.warning(`${code.instead}. ${message}`)
    return createFromRepository(parts, wanted, { code: { kind: 'newest' } })
  }
  const found = await lookFor(parts, wanted.intent)
  if (found !== undefined) return found
  const why = outcome.kind === 'unknown' ? outcome.error.message : 'the answer names none'
  throw notCreated(wanted.target, why)
}

interface GitBody extends CodeAt {
  readonly name: string
  readonly repository: ConnectedRepository
}

function bodyOf(wanted: Wanted, { name, repository, code, branch }: GitBody): object {
  const { target, how } = wanted
  const commit = code.kind === 'commit' ? code.commit : undefined
  const ref = (commit && branch) || repository.productionBranch
  return {
    name,
    project: name,
    gitSource: { ...repository.source, ref, ...(commit ? { sha: commit } : {}) },
    meta: deploymentMeta(wanted, commit),
    ...(target === 'production' ? { target } : {}),
    ...(['production', 'preview'].includes(target) ? {} : { customEnvironmentSlugOrId: target }),
    ...(how.staged ? { autoAssignCustomDomains: false } : {})
  }
}

const LOOKS_AFTER_DOUBT_MS = [0, 2000, 5000]

async function lookFor({ clock, find }: CreationParts, intent: string) {
  for (const waitMs of LOOKS_AFTER_DOUBT_MS) {
    await clock.sleep(waitMs)
    const found = await find(intent)
    if (found && isAlive(found)) return found.id
  }
  return undefined
}

function notCreated(target: string, why: string): ProviderError {
  return new ProviderError(
    'deploy_not_created',
    `No deployment of ${target} was created: ${why}`,
    'Correct what the message names, then run the same operation again.'
  )
}

function cliMissing(target: string): ProviderError {
  return new ProviderError(
    'vercel_cli_missing',
    `No deployment of ${target} was created: vercel deploy ended with the command was not found`,
    'Install the Vercel CLI before this step: npm install --global vercel@64'
  )
}

function notConnected(name: string): ProviderError {
  return new ProviderError(
    'repository_missing',
    `The project ${name} has no repository connected that Vercel could take a commit from`,
    CONNECT_REPOSITORY
  )
}
