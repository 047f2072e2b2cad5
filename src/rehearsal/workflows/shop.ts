import type { Origin } from './actions.ts'
import type { Agenda } from './agenda.ts'
import type { Groups } from './concurrency.ts'
import type { Contexts } from './expression.ts'
import type { Gates } from './gates.ts'
import type { Grant } from './permissions.ts'
import type { JobOutcome, JobRun, Mutable, WorkflowRun } from './records.ts'
import type { SimulatedGithub } from './simulated-github.ts'
import type { Snapshots } from './snapshots.ts'
import type { Grace } from './step-process.ts'
import type { WorkflowFile } from './workflow-file.ts'

/** Values by name, as secrets and variables are kept. */
export type Named = Readonly<Record<string, string>>

/** What all runs of a machine share. */
export interface Shop {
  readonly agenda: Agenda
  readonly github: SimulatedGithub
  readonly groups: Groups
  readonly gates: Gates
  readonly snapshots: Snapshots
  readonly defaultBranch: string
  /** Folders that stand for the repositories of actions and called workflows. */
  readonly homes: Readonly<Record<string, string>>
  readonly secrets: Store
  readonly vars: Store
  /** The environment that every process starts from. */
  readonly env: Named
  readonly grace: Grace
  /** Workspaces are made, and removed again, in it. */
  readonly folder: string
  /** Performs the jobs of a workflow file: a called workflow's jobs are performed from within a job. */
  readonly performJobs: (scope: Scope) => Promise<Outcomes>
}

/** How the jobs of a workflow file ended, by their ids. */
export type Outcomes = ReadonlyMap<string, JobOutcome>

/** Of the repository, and of its environments. */
export interface Store {
  readonly repository: Named
  readonly environments: Readonly<Record<string, Named>>
}

/** A job in progress, which can be asked to end. */
export interface JobControl {
  readonly record: Mutable<JobRun>
  readonly cancelled: AbortSignal
  cancel(reason: string): void
  /** The whole run is cancelled: jobs whose condition holds nevertheless go on. */
  runIsCancelled(): void
}

export interface LiveRun {
  readonly record: Mutable<WorkflowRun> & { readonly jobs: JobRun[] }
  cancelled: boolean
  readonly controls: Set<JobControl>
  /** Outcomes of this attempt, by key. */
  readonly outcomes: Map<string, JobOutcome>
  /** Successes of an earlier attempt that are not repeated. */
  readonly kept: ReadonlyMap<string, JobOutcome>
  /** Tells the simulated GitHub how the run stands. */
  tell(): void
}

/** One workflow file at work in a run: the run's own, or one that is called. */
export interface Scope {
  readonly run: LiveRun
  readonly file: WorkflowFile
  readonly origin: Origin
  /** In front of the keys of its jobs: `call / `. */
  readonly prefix: string
  /** `github`, `inputs` and `vars`. */
  readonly contexts: Contexts
  /** Secrets of a job outside any environment, and of one in an environment. */
  readonly secrets: (environment: string | undefined) => Named
  /** What the caller allows, and what its jobs may do where they say nothing. */
  readonly grant: Grant
}

/** One job of a strategy. */
export interface Leg {
  readonly matrix: Readonly<Record<string, unknown>>
  readonly strategy: Readonly<Record<string, unknown>>
  /** Whether there is a matrix at all. */
  readonly one: boolean
}
