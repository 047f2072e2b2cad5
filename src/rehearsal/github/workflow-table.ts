import type { Identifiers } from './identifier.ts'

/** Whether a workflow runs; GitHub switches one off after sixty quiet days. */
export type WorkflowState = 'active' | 'disabled_inactivity' | 'disabled_manually'

/** A dispatch that was let through so far. */
export interface DispatchRequest {
  /** `rollout.yml` */
  readonly file: string
  /** The branch, as it was given. */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
  readonly actor: string
}

/** Starts the run and returns its id; what it throws is answered as 422 with the error's message. */
export type DispatchHandler = (request: DispatchRequest) => number | Promise<number>

/** What GitHub keeps about workflow files; whether a file exists is the repository's business. */
export interface WorkflowTable {
  idOf(file: string): number
  fileOf(id: number): string | undefined
  state(file: string): WorkflowState
  set(file: string, state: WorkflowState): void
}

/** Every workflow is switched on until told otherwise. */
export function createWorkflowTable(identifiers: Identifiers): WorkflowTable {
  const ids = new Map<string, number>()
  const states = new Map<string, WorkflowState>()
  return {
    idOf: file => {
      const id = ids.get(file) ?? identifiers.next('workflow')
      ids.set(file, id)
      return id
    },
    fileOf: id => [...ids].find(([, known]) => known === id)?.[0],
    state: file => states.get(file) ?? 'active',
    set: (file, state) => {
      states.set(file, state)
    }
  }
}
