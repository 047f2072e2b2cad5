import type { Clock, Deployer, FlagStore, Log, ProjectInspector } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { createApi } from './api.ts'
import { createVercelCli, type VercelCli } from './command-line.ts'
import { createDeployer } from './deployer.ts'
import { createDeployments } from './deployments.ts'
import { createEnvRecords } from './env-records.ts'
import { createFlagStore } from './flag-store.ts'
import { createProduction } from './production.ts'
import { createProjectInspector, createProjectReader } from './project.ts'

export interface VercelOptions {
  readonly token: string
  readonly teamId: string
  readonly projectId: string
  /** The folder that is deployed. */
  readonly cwd: string
  /** Private folder for the CLI's configuration; made when it is not there. */
  readonly configFolder: string
  /** `PATH`, `HOME` and, where there is one, the proxy; everything else is dropped. */
  readonly baseEnv: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Log
  readonly apiUrl?: string
  /** Command and leading arguments of the CLI; `vercel` from the PATH unless told. */
  readonly cli?: readonly string[] | VercelCli
  /** Real time one run of the CLI may take, upload included; 10 minutes unless told. */
  readonly cliLimitMs?: number
  /** Real time one request may take; 30 s unless told. */
  readonly requestLimitMs?: number
  readonly fetch?: typeof globalThis.fetch
}

export interface Vercel {
  readonly flags: FlagStore
  readonly deployer: Deployer
  readonly project: ProjectInspector
}

const API_URL = 'https://api.vercel.com'

/** One Vercel project behind Rollgate's ports. @throws InputError when the token cannot be one */
export function createVercel(options: VercelOptions): Vercel {
  const { teamId, projectId, clock, log } = options
  const token = parseToken(options.token)
  const apiUrl = (options.apiUrl ?? API_URL).replace(/\/+$/u, '')
  const api = createApi({
    apiUrl,
    token,
    teamId,
    clock,
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs: options.requestLimitMs ?? 30_000
  })
  const project = createProjectReader(api, projectId)
  return {
    flags: createFlagStore({ records: createEnvRecords(api, projectId), clock, log }),
    deployer: createDeployer({
      cli: cliOf(options, token, apiUrl),
      deployments: createDeployments(api, projectId),
      project,
      production: createProduction({ api, project, projectId, clock, log }),
      teamId,
      clock,
      log
    }),
    project: createProjectInspector(project)
  }
}

function cliOf(options: VercelOptions, token: string, apiUrl: string): VercelCli {
  const { cli: command = ['vercel'], cliLimitMs: limitMs = 600_000 } = options
  if (typeof command === 'function') return command
  const { cwd, configFolder, teamId, projectId, baseEnv } = options
  const other = apiUrl === API_URL ? {} : { apiUrl }
  return createVercelCli({
    command,
    cwd,
    configFolder,
    ...other,
    token,
    teamId,
    projectId,
    baseEnv,
    limitMs
  })
}

/** A secret pasted with a line break would make every call fail, in the CLI with exit code 2. */
function parseToken(text: string): string {
  const token = text.trim()
  if (/^\w+$/u.test(token)) return token
  throw new InputError(
    'vercel_token_malformed',
    token === '' ? 'The Vercel token is empty' : 'The Vercel token holds a character no token has',
    'Create a token at vercel.com/account/tokens and store it as it is, without quotes or `Bearer`.'
  )
}
