import type { Grant } from './permissions.ts'

/** How a job or a step ended. */
export type Result = 'success' | 'failure' | 'cancelled' | 'skipped'

export interface Annotation {
  readonly level: 'notice' | 'warning' | 'error'
  readonly title: string
  readonly message: string
}

export interface StepRun {
  readonly name: string
  /** Before `continue-on-error`. */
  readonly outcome: Result
  readonly conclusion: Result
  /** What it said, masked. */
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  /** Its part of the job summary. */
  readonly summary: string
}

export interface JobRun {
  /** `apply`, or `call / apply` in a called workflow; the jobs of a matrix share it. */
  readonly key: string
  readonly name: string
  readonly attempt: number
  readonly runsOn: string
  readonly status: 'queued' | 'pending' | 'waiting' | 'in_progress' | 'completed'
  readonly conclusion: Result | undefined
  readonly environment: string | undefined
  readonly permissions: Grant
  /** Virtual times, in ms; undefined while it has not started, or never did. */
  readonly startedMs: number | undefined
  readonly endedMs: number | undefined
  /** What it took beside virtual time, in real ms. */
  readonly realMs: number
  readonly steps: readonly StepRun[]
  readonly annotations: readonly Annotation[]
  readonly outputs: Readonly<Record<string, string>>
}

export type RunConclusion = Result | 'startup_failure'

/** One run of a workflow with all its attempts. */
export interface WorkflowRun {
  readonly id: number
  readonly attempt: number
  /** `rollout.yml` */
  readonly file: string
  readonly name: string
  readonly event: string
  readonly actor: string
  readonly triggeringActor: string
  readonly ref: string
  readonly sha: string
  readonly inputs: Readonly<Record<string, string>>
  readonly status: 'queued' | 'in_progress' | 'waiting' | 'completed'
  readonly conclusion: RunConclusion | undefined
  /** Why it did not even start. */
  readonly message: string | undefined
  /** Jobs of all attempts, in the order they came up. */
  readonly jobs: readonly JobRun[]
  readonly startedMs: number
  readonly endedMs: number | undefined
}

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What other jobs see of a job. */
export interface JobOutcome {
  readonly result: Result
  readonly outputs: Readonly<Record<string, string>>
}

/** How a set of jobs ended as a whole. */
export function overall(results: readonly Result[]): Result {
  if (results.includes('failure')) return 'failure'
  if (results.includes('cancelled')) return 'cancelled'
  return results.every(result => result === 'skipped') && results.length > 0 ? 'skipped' : 'success'
}

/** Something in a job that fails it, in the words its log would have. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure'
}
