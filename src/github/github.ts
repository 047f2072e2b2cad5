import type {
  Clock,
  DeploymentBoard,
  Gates,
  Ledger,
  LedgerArchive,
  Log,
  ReportReader,
  Repository,
  Workflows
} from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { createApi } from './api.ts'
import { createGithubArchive } from './archive.ts'
import { createBoard } from './board.ts'
import { createBranches } from './branches.ts'
import { createClient } from './client.ts'
import { createGates } from './gates.ts'
import { createHomeReader } from './home.ts'
import { createGithubLedger } from './ledger.ts'
import { createReportReader } from './reports.ts'
import { createRepository } from './repository.ts'
import { createWorkflows } from './workflows.ts'

export interface GithubOptions {
  /** `GITHUB_API_URL` */
  readonly apiUrl: string
  /** `GITHUB_GRAPHQL_URL` */
  readonly graphqlUrl: string
  readonly token: string
  /** `GITHUB_SERVER_URL`: where people see what the API tells; follows from `apiUrl` unless told. */
  readonly serverUrl?: string
  /** `acme/shop` */
  readonly repository: string
  readonly ledgerBranch: string
  /** Whose reviews count and what the deployments point at; undefined outside a run. */
  readonly run: { readonly id: string; readonly attempt: number } | undefined
  /** The branch this run uses; undefined when that is not known. */
  readonly branch: string | undefined
  /** File names below `.github/workflows`. */
  readonly workflows: {
    readonly rollout: string
    readonly monitor: string
    readonly rollback: string
    readonly timers: string | undefined
  }
  readonly log: Log
  /** The time of this machine unless told. */
  readonly clock?: Clock
  readonly fetch?: typeof globalThis.fetch
  /** Real time one request may take; 30 s unless told. */
  readonly requestLimitMs?: number
  /** Real milliseconds that a second of waiting for GitHub lasts; 1000 unless told. */
  readonly secondMs?: number
}

export interface Github {
  readonly ledger: Ledger
  readonly archive: LedgerArchive
  readonly gates: Gates
  readonly workflows: Workflows
  readonly board: DeploymentBoard
  readonly repository: Repository
  readonly reports: ReportReader
}

/**
 * One repository of GitHub behind Rollgate's ports.
 * @throws InputError when token, repository or ledger branch cannot be what they are given as
 */
export function createGithub(options: GithubOptions): Github {
  const { log, run, branch, ledgerBranch, workflows, secondMs = 1000 } = options
  const token = parseToken(options.token)
  const clock = options.clock ?? realClock(secondMs)
  const apiUrl = options.apiUrl.replace(/\/+$/u, '')
  const client = createClient({
    apiUrl,
    graphqlUrl: options.graphqlUrl,
    token,
    log,
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs: options.requestLimitMs ?? 30_000,
    secondMs
  })
  const repository = parseRepository(options.repository)
  const page = `${options.serverUrl ?? webUrl(apiUrl)}/${options.repository}`
  const api = createApi({ client, repository, page, token, clock })
  const branches = createBranches(api)
  const readHome = createHomeReader(api)
  return {
    ledger: createGithubLedger({ api, branches, branch: ledgerBranch, clock }),
    archive: createGithubArchive(api, branches, ledgerBranch),
    gates: createGates(api, run),
    workflows: createWorkflows(api, readHome, workflows),
    board: createBoard({
      api,
      readHome,
      log,
      runPage: run && `${page}/actions/runs/${run.id}/attempts/${run.attempt}`
    }),
    repository: createRepository({ api, branches, readHome, ledgerBranch, branch, workflows }),
    reports: createReportReader(api)
  }
}

function realClock(secondMs: number): Clock {
  return {
    now: Date.now,
    sleep: ms => new Promise(resolve => setTimeout(resolve, (ms * secondMs) / 1000))
  }
}

/** `https://api.github.com` is seen at `https://github.com`, a server's `/api/v3` at its root. */
function webUrl(apiUrl: string): string {
  return apiUrl.replace('://api.', '://').replace(/\/api\/v3$/u, '')
}

function parseRepository(text: string): { readonly owner: string; readonly repo: string } {
  const [, owner, repo] = text.match(/^([\w.-]+)\/([\w.-]+)$/u) ?? []
  if (owner !== undefined && repo !== undefined) return { owner, repo }
  throw new InputError(
    'github_repository',
    `"${text}" does not name a repository of GitHub.`,
    'Set GITHUB_REPOSITORY as Actions does, to owner and name: acme/shop.'
  )
}

/** A token pasted with a line break or a quote would only be refused, in words that do not say why. */
function parseToken(text: string): string {
  const token = text.trim()
  if (/^[\w.-]+$/u.test(token)) return token
  throw new InputError(
    'github_token',
    token === ''
      ? 'The GitHub token is empty.'
      : 'The GitHub token holds a character no token has.',
    'Leave the input github-token out in a workflow; elsewhere set GITHUB_TOKEN to a token as it is.'
  )
}
