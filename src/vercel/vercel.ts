import type { Target } from '../rollout/definition.ts'
import { NO_SOURCE, PLAIN_TARGET } from '../rollout/deployed-code.ts'
import type {
  Clock,
  Deployer,
  FlagStore,
  Log,
  Prober,
  ProjectInspector,
  SourceTree
} from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { createAliases } from './aliases.ts'
import { createApi } from './api.ts'
import { createBuildLog } from './build-log.ts'
import { createVercelCli, type VercelCli } from './command-line.ts'
import { createDeployer } from './deployer.ts'
import { createDeploymentEnv } from './deployment-env.ts'
import { createDeployments } from './deployments.ts'
import { createEnvRecords } from './env-records.ts'
import { createFlagStore } from './flag-store.ts'
import { createProjectInspector } from './inspector.ts'
import { createProber } from './prober.ts'
import { createProduction } from './production.ts'
import { createProjectReader } from './project.ts'
import { createRollingReleases } from './rolling-releases.ts'

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
  /** How each target is deployed; one that is not named is uploaded as the folder stands. */
  readonly targets?: Readonly<Record<string, Target>>
  /** The commits of the folder's repository; none of them can be uploaded unless told. */
  readonly source?: SourceTree
  readonly clock: Clock
  readonly log: Log
  readonly apiUrl?: string
  /** Command and leading arguments of the CLI; `vercel` from the PATH unless told. */
  readonly cli?: readonly string[] | VercelCli
  /** Real time one run of the CLI may take, upload included; 10 minutes unless told. */
  readonly cliLimitMs?: number
  /** Real time one request may take; 30 s unless told. */
  readonly requestLimitMs?: number
  /** The project's Protection Bypass for Automation, for probes of protected deployments. */
  readonly bypass?: string | undefined
  readonly fetch?: typeof globalThis.fetch
  /** How deployments are asked; over the network unless told. */
  readonly probeFetch?: typeof globalThis.fetch
}

export interface Vercel {
  readonly flags: FlagStore
  readonly deployer: Deployer
  readonly project: ProjectInspector
  readonly prober: Prober
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
  const env = createDeploymentEnv(api)
  const releases = createRollingReleases(api, projectId)
  const aliases = createAliases(api, projectId)
  const production = createProduction({ api, project, releases, projectId, clock, log })
  const source = options.source ?? NO_SOURCE
  const how = (target: string): Target => options.targets?.[target] ?? PLAIN_TARGET
  const deployer = createDeployer({
    api,
    cli: cliOf(options, token, apiUrl),
    deployments: createDeployments(api, projectId),
    env,
    buildLog: createBuildLog({ api, env, token }),
    project,
    production,
    aliases,
    source,
    how,
    scratch: options.configFolder,
    teamId,
    clock,
    log
  })
  return {
    flags: createFlagStore({ records: createEnvRecords(api, projectId), clock, log }),
    deployer,
    project: createProjectInspector({ production, deployer, aliases, source, how }),
    prober: createProber({
      bypass: options.bypass,
      fetch: options.probeFetch ?? globalThis.fetch
    })
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
