import type { Identifiers } from './identifier.ts'

export type DeploymentState =
  | 'error'
  | 'failure'
  | 'inactive'
  | 'in_progress'
  | 'queued'
  | 'pending'
  | 'success'

export interface DeploymentDraft {
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly environment: string
  readonly description: string | null
  readonly payload: Readonly<Record<string, unknown>> | string
  readonly creator: string
  readonly transient: boolean
  readonly production: boolean
}

export interface StatusDraft {
  readonly state: DeploymentState
  readonly description: string
  readonly environmentUrl: string
  readonly logUrl: string
  readonly creator: string
}

export interface SimulatedStatus extends StatusDraft {
  readonly id: number
  readonly createdMs: number
}

export interface SimulatedDeployment extends DeploymentDraft {
  readonly id: number
  /** Oldest first. */
  readonly statuses: readonly SimulatedStatus[]
  readonly createdMs: number
}

export interface DeploymentTable {
  create(draft: DeploymentDraft): SimulatedDeployment
  find(id: number): SimulatedDeployment | undefined
  /** Oldest first. */
  list(): readonly SimulatedDeployment[]
  /** A success makes earlier deployments of the environment inactive, if that is wanted. */
  addStatus(id: number, draft: StatusDraft, autoInactive: boolean): SimulatedStatus
}

/** No deployments yet. */
export function createDeploymentTable(
  identifiers: Identifiers,
  now: () => number
): DeploymentTable {
  const table = new Map<number, SimulatedDeployment>()

  const append = (deployment: SimulatedDeployment, draft: StatusDraft): SimulatedStatus => {
    const status = { ...draft, id: identifiers.next('status'), createdMs: now() }
    table.set(deployment.id, { ...deployment, statuses: [...deployment.statuses, status] })
    return status
  }

  const supersede = (newer: SimulatedDeployment, creator: string): void => {
    const replaced = [...table.values()].filter(
      old =>
        old.id < newer.id &&
        old.environment === newer.environment &&
        !old.transient &&
        !old.production &&
        old.statuses.at(-1)?.state === 'success'
    )
    const inactive = { state: 'inactive', description: '', environmentUrl: '', logUrl: '' } as const
    for (const old of replaced) append(old, { ...inactive, creator })
  }

  return {
    find: id => table.get(id),
    list: () => [...table.values()],
    create: draft => {
      const deployment = {
        ...draft,
        id: identifiers.next('deployment'),
        statuses: [],
        createdMs: now()
      }
      table.set(deployment.id, deployment)
      return deployment
    },
    addStatus: (id, draft, autoInactive) => {
      const deployment = table.get(id)
      if (!deployment) throw new Error(`There is no deployment ${id} in the simulated GitHub.`)
      if (autoInactive && draft.state === 'success') supersede(deployment, draft.creator)
      return append(deployment, draft)
    }
  }
}
