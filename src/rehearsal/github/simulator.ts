import { createFaults, createFreezer, type Faults } from '../http/faults.ts'
import type { ApiAnswer, ApiRequest } from '../http/route.ts'
import { members } from '../http/route.ts'
import { type LoggedRequest, startServer } from '../http/server.ts'
import { type Admission, createAdmission } from './admission.ts'
import type { ResponseContract } from './contract.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import { createDeploymentTable, type SimulatedDeployment } from './deployment-table.ts'
import { environmentRoutes } from './environment-routes.ts'
import { createEnvironmentTable, type EnvironmentTable } from './environment-table.ts'
import { openGitData } from './git-data.ts'
import { gitRoutes } from './git-routes.ts'
import { graphqlRoute, isMutation } from './graphql-route.ts'
import { createGitHands, type GitHands } from './hands.ts'
import { createIdentifiers } from './identifier.ts'
import { createIssueHands, type IssueHands } from './issue-hands.ts'
import { issueRoutes } from './issue-routes.ts'
import { createIssueTable, type SimulatedIssue, type SimulatedPullRequest } from './issue-table.ts'
import { createPeopleTable, type PeopleTable } from './people-table.ts'
import { pullRequests, pullRoutes } from './pull-routes.ts'
import { errorBody } from './refusal.ts'
import { repositoryRoutes } from './repository-routes.ts'
import { createRulesetTable, type RulesetTable } from './ruleset-table.ts'
import { runRoutes } from './run-routes.ts'
import { createRunTable, type RunTable } from './run-table.ts'
import { createTokenTable, type TokenGrant } from './tokens.ts'
import { createWorkflowTable, type DispatchHandler, type WorkflowTable } from './workflow-table.ts'
import type { GithubRoute, GithubSettings, GithubWorld } from './world.ts'

export interface GithubSimulatorOptions {
  /** The world's clock, in milliseconds. */
  readonly now: () => number
  /** Where the bare repository is, or is made. */
  readonly folder: string
  /** `acme/shop` unless told. */
  readonly repository?: string
  /** First commit of the default branch, texts by path; a README unless told. */
  readonly files?: Readonly<Record<string, string>>
  /** `main` unless told. */
  readonly defaultBranch?: string
  /** Accounts that exist from the start, beside whoever is named later. */
  readonly people?: readonly string[]
  /** Real time every request takes. */
  readonly latencyMs?: number
  /** What every exchange is held against; nothing unless told. */
  readonly contract?: ResponseContract
}

/** A GitHub with one repository, and the hands that reach in past its API. */
export interface GithubSimulator {
  /** `GITHUB_API_URL` */
  readonly url: string
  /** `GITHUB_GRAPHQL_URL` */
  readonly graphqlUrl: string
  readonly repository: string
  close(): Promise<void>
  readonly requests: readonly LoggedRequest[]
  /** What no client of ours should ever send, and what the contract found; a test ends by expecting none. */
  readonly violations: readonly string[]
  /** Mutating requests so far, by all callers. */
  readonly mutations: number
  /** The n-th mutating request, counted from the start, never gets an answer. */
  freezeAt(n: number, when: 'before' | 'after'): void
  /** Resolves when that request hangs. */
  readonly frozen: Promise<void>
  readonly faults: Pick<Faults, 'inject' | 'clear'>
  /** A token of its own for every call, good until the simulator is closed. */
  tokenFor(grant: TokenGrant): string
  readonly settings: GithubSettings
  readonly people: PeopleTable
  readonly environments: EnvironmentTable
  readonly rulesets: RulesetTable
  readonly workflowStates: WorkflowTable
  readonly runs: RunTable
  readonly issues: readonly SimulatedIssue[]
  readonly pullRequests: readonly SimulatedPullRequest[]
  readonly deployments: readonly SimulatedDeployment[]
  /** What people do with them. */
  readonly issueHands: IssueHands
  readonly git: GitHands
  /** From now on this starts dispatched runs; a run is only recorded unless told. */
  onDispatch(handler: DispatchHandler): void
}

/** Starts a simulated GitHub API over a real bare repository on a free port of 127.0.0.1. */
export async function startGithubSimulator(
  options: GithubSimulatorOptions
): Promise<GithubSimulator> {
  const { now, contract } = options
  const requests: LoggedRequest[] = []
  const violations: string[] = []
  const violate = (line: string): void => {
    violations.push(line)
  }
  const faults = createFaults()
  const freezer = createFreezer()
  const tokens = createTokenTable()
  const settings = defaultSettings()
  const fullName = options.repository ?? 'acme/shop'
  const admission = createAdmission({ fullName, tokens, settings, now, violate })
  let serverUrl = ''
  const world = createWorld(options, fullName, {
    settings,
    violate,
    grantOf: admission.grantOf,
    apiUrl: () => `${serverUrl}/repos/${fullName}`
  })
  const git = createGitHands(world.git, world.people, now)
  if (git.head(world.defaultBranch) === undefined)
    await git.commit(world.defaultBranch, firstFiles(options, world.name), 'Initial commit')
  let dispatch: DispatchHandler = request =>
    world.runs.start({ ...request, event: 'workflow_dispatch' }).id

  const server = await startServer({
    routes: allRoutes(world, () => dispatch),
    admit: admission.admit,
    mutates: ({ method, path, body }) =>
      method !== 'GET' && (path !== '/graphql' || isMutation(body)),
    errorBody: (code, message) => errorBody(message, code === 'not_found' ? 404 : 400),
    headers: admission.headers,
    ...(contract ? { inspect: inspector(contract, violate) } : {}),
    faults,
    freezer,
    latencyMs: options.latencyMs ?? 0,
    log: request => {
      requests.push({ ...request, time: now() })
    },
    violate
  })
  serverUrl = server.url

  return {
    ...server,
    graphqlUrl: `${server.url}/graphql`,
    repository: fullName,
    requests,
    violations,
    get mutations() {
      return freezer.count()
    },
    freezeAt: freezer.at,
    frozen: freezer.frozen,
    faults,
    tokenFor: tokens.issue,
    settings,
    people: world.people,
    environments: world.environments,
    rulesets: world.rulesets,
    workflowStates: world.workflows,
    runs: world.runs,
    get issues() {
      return world.issues.list().filter(({ pull }) => pull === undefined)
    },
    get pullRequests() {
      return pullRequests(world.issues.list())
    },
    get deployments() {
      return world.deployments.list()
    },
    issueHands: createIssueHands(world.issues),
    git,
    onDispatch: handler => {
      dispatch = handler
    }
  }
}

function allRoutes(world: GithubWorld, onDispatch: () => DispatchHandler): readonly GithubRoute[] {
  return [
    graphqlRoute(world),
    ...gitRoutes(world),
    ...repositoryRoutes(world),
    ...environmentRoutes(world),
    ...runRoutes(world, onDispatch),
    ...deploymentRoutes(world),
    ...issueRoutes(world),
    ...pullRoutes(world)
  ]
}

const defaultSettings = (): GithubSettings => ({
  private: false,
  plan: 'enterprise',
  dispatchAnswers: 'details',
  actionsMayOpenPullRequests: true,
  pendingChecks: true,
  requestsPerHour: 1_000,
  entriesListed: 100_000
})

function firstFiles(
  { files = {} }: GithubSimulatorOptions,
  name: string
): Readonly<Record<string, string>> {
  return Object.keys(files).length > 0 ? files : { 'README.md': `# ${name}\n` }
}

type Outside = Pick<GithubWorld, 'settings' | 'violate' | 'apiUrl'> & Pick<Admission, 'grantOf'>

function createWorld(
  options: GithubSimulatorOptions,
  fullName: string,
  outside: Outside
): GithubWorld {
  const { now, folder, defaultBranch = 'main' } = options
  const [owner = '', name = ''] = fullName.split('/')
  const identifiers = createIdentifiers()
  const people = createPeopleTable(identifiers)
  for (const login of [owner, 'github-actions[bot]', ...(options.people ?? [])]) people.of(login)
  const git = openGitData(folder, defaultBranch)
  return {
    ...outside,
    owner,
    name,
    fullName,
    id: 812_345_678,
    defaultBranch,
    createdMs: now(),
    now,
    identifiers,
    people,
    git,
    environments: createEnvironmentTable(identifiers, now),
    rulesets: createRulesetTable(identifiers),
    runs: createRunTable({ identifiers, now, defaultBranch, head: git.head }),
    workflows: createWorkflowTable(identifiers),
    deployments: createDeploymentTable(identifiers, now),
    issues: createIssueTable(identifiers, now),
    webUrl: `https://github.com/${fullName}`
  }
}

function inspector(contract: ResponseContract, violate: (line: string) => void) {
  return (route: GithubRoute, { query, body }: ApiRequest, given: ApiAnswer): void => {
    const template = route.paths[0]?.replaceAll(/:(\w+)(?:\{[^}]*\})?/gu, '{$1}') ?? ''
    const { method } = route
    if (template === '/graphql' && given.status !== 200) return
    const exchange = { method, path: template, query, requestBody: body, ...given }
    const { query: document, variables } = members(body)
    const found =
      template === '/graphql'
        ? contract.graphql(String(document), members(variables), given.body)
        : contract.rest(exchange)
    for (const line of found) violate(`${method} ${template} ${given.status}: ${line}`)
  }
}
