import type { ApiRequest, Route } from '../http/route.ts'
import type { DeploymentTable } from './deployment-table.ts'
import type { EnvironmentTable } from './environment-table.ts'
import type { GitData } from './git-data.ts'
import type { Identifiers } from './identifier.ts'
import type { IssueTable } from './issue-table.ts'
import type { PeopleTable, Person } from './people-table.ts'
import type { RulesetTable } from './ruleset-table.ts'
import type { RunTable } from './run-table.ts'
import type { Need, TokenGrant } from './tokens.ts'
import type { WorkflowTable } from './workflow-table.ts'

/** What the simulated GitHub can be told to be like; every member may be changed at any time. */
export interface GithubSettings {
  private: boolean
  /** What a private repository may protect: reviewers and wait timers need `enterprise`. */
  plan: 'free' | 'team' | 'enterprise'
  /** `nothing`: a dispatch answers 204 even when details are asked for, as older servers do. */
  dispatchAnswers: 'details' | 'nothing'
  /** The repository's switch for pull requests made by a job's token. */
  actionsMayOpenPullRequests: boolean
  /** A status check of the default branch is not green: a deployment that requires contexts is a conflict. */
  pendingChecks: boolean
  /** Of REST, by all job tokens of the repository together. */
  requestsPerHour: number
  /** Entries of a tree that are listed at once; what is beyond them is left out, and the answer says so. */
  entriesListed: number
}

/** Everything the routes share. */
export interface GithubWorld {
  readonly owner: string
  readonly name: string
  /** `acme/shop` */
  readonly fullName: string
  readonly id: number
  readonly defaultBranch: string
  readonly createdMs: number
  readonly now: () => number
  readonly settings: GithubSettings
  readonly identifiers: Identifiers
  readonly people: PeopleTable
  readonly git: GitData
  readonly environments: EnvironmentTable
  readonly rulesets: RulesetTable
  readonly runs: RunTable
  readonly workflows: WorkflowTable
  readonly deployments: DeploymentTable
  readonly issues: IssueTable
  /** `http://127.0.0.1:1234/repos/acme/shop`; known once the server listens. */
  readonly apiUrl: () => string
  /** `https://github.com/acme/shop` */
  readonly webUrl: string
  /** Who asks; admission has let them in. */
  readonly grantOf: (request: ApiRequest) => TokenGrant
  readonly violate: (line: string) => void
}

/** One endpoint of the simulated GitHub; parameters are named as GitHub's description names them. */
export interface GithubRoute extends Route {
  /** What the token must allow; undefined: being known is enough. */
  readonly needs: Need | undefined
}

/** The account that a request is made by. */
export const actorOf = (world: GithubWorld, request: ApiRequest): Person =>
  world.people.of(world.grantOf(request).actor)

/** A time as GitHub writes it: seconds, UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/u, 'Z')

/** Every path of the repository starts with this. */
export const REPOSITORY_PATH = '/repos/:owner/:repo'
