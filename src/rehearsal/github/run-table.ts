import type { Identifiers } from './identifier.ts'

/** What sets a run going. */
export interface RunDraft {
  /** The workflow's file name: `rollout.yml`. */
  readonly file: string
  readonly event: string
  readonly actor: string
  readonly inputs?: Readonly<Record<string, string>>
  /** The branch; the default one unless told. */
  readonly ref?: string
}

/** A person’s answer to the question whether a run may use an environment. */
export interface RunReview {
  readonly environment: string
  readonly by: string
  readonly state: 'approved' | 'rejected'
  readonly comment: string
}

export type RunStatus = 'queued' | 'in_progress' | 'waiting' | 'completed'

export interface SimulatedRun extends Required<RunDraft> {
  readonly id: number
  /** Counted within its workflow, from 1. */
  readonly number: number
  readonly attempt: number
  /** Who set this attempt going. */
  readonly triggeringActor: string
  readonly sha: string
  readonly status: RunStatus
  readonly conclusion: string | null
  /** Environments that jobs of it wait at. */
  readonly pending: readonly string[]
  /** Of all attempts, oldest first; GitHub does not say when or in which attempt. */
  readonly reviews: readonly RunReview[]
  readonly createdMs: number
  readonly updatedMs: number
}

export type RunChange = Partial<
  Pick<SimulatedRun, 'status' | 'conclusion' | 'attempt' | 'triggeringActor' | 'pending' | 'sha'>
>

/** Workflow runs by id. @throws Error from a change of a run that does not exist */
export interface RunTable {
  start(draft: RunDraft): SimulatedRun
  get(id: number): SimulatedRun | undefined
  list(): readonly SimulatedRun[]
  update(id: number, change: RunChange): SimulatedRun
  /** Records a person's answer; the environment is no longer waited at. */
  review(id: number, review: RunReview): SimulatedRun
}

export interface RunTableParts {
  readonly identifiers: Identifiers
  readonly now: () => number
  readonly defaultBranch: string
  readonly head: (branch: string) => string | undefined
}

const NO_COMMIT = '0'.repeat(40)

/** No runs yet; a run starts at the commit its branch has at that moment. */
export function createRunTable(parts: RunTableParts): RunTable {
  const { identifiers, now, defaultBranch, head } = parts
  const runs = new Map<number, SimulatedRun>()

  const store = (run: SimulatedRun): SimulatedRun => {
    runs.set(run.id, run)
    return run
  }
  const existing = (id: number): SimulatedRun => {
    const run = runs.get(id)
    if (!run) throw new Error(`There is no run ${id} in the simulated GitHub.`)
    return run
  }

  return {
    get: id => runs.get(id),
    list: () => [...runs.values()],
    start: ({ file, event, actor, inputs = {}, ref = defaultBranch }) =>
      store({
        id: identifiers.next('run'),
        number: [...runs.values()].filter(run => run.file === file).length + 1,
        attempt: 1,
        file,
        event,
        actor,
        triggeringActor: actor,
        inputs,
        ref,
        sha: head(ref) ?? NO_COMMIT,
        status: 'queued',
        conclusion: null,
        pending: [],
        reviews: [],
        createdMs: now(),
        updatedMs: now()
      }),
    update: (id, change) => store({ ...existing(id), ...change, updatedMs: now() }),
    review: (id, review) => {
      const run = existing(id)
      const pending = run.pending.filter(
        name => name.toLowerCase() !== review.environment.toLowerCase()
      )
      return store({ ...run, reviews: [...run.reviews, review], pending, updatedMs: now() })
    }
  }
}
