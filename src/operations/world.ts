import type { Definition } from '../rollout/definition.ts'
import type {
  Announcer,
  Clock,
  DatabaseInspector,
  Deployer,
  DeploymentBoard,
  EvidenceExporter,
  FlagStore,
  Gates,
  Ledger,
  Log,
  MetricReader,
  Prober,
  ProjectInspector,
  Repository,
  Workflows
} from '../rollout/ports.ts'

/** Who acts, and in which run; every ledger event carries both. */
export interface Actor {
  readonly by: string
  readonly run: string
}

/** Everything an operation may touch; a composition root or the rehearsal fills it in. */
export interface World {
  readonly definition: Definition
  /** Path of the definition, as a run that is started from here is told it. */
  readonly definitionFile: string
  readonly actor: Actor
  readonly ledger: Ledger
  readonly flags: FlagStore
  readonly deployer: Deployer
  readonly project: ProjectInspector
  readonly prober: Prober
  readonly metrics: MetricReader
  readonly evidence: EvidenceExporter
  readonly database: DatabaseInspector
  readonly gates: Gates
  readonly workflows: Workflows
  readonly board: DeploymentBoard
  readonly repository: Repository
  readonly announcer: Announcer
  readonly clock: Clock
  readonly log: Log
  /** A fresh, unique id. */
  readonly newId: () => string
  /** SHA-256 of a text, in hex. */
  readonly sha256: (text: string) => string
}

/** Where there is no repository: nothing to start, to show, to file or to propose. */
export const NO_REPOSITORY: Pick<World, 'workflows' | 'board' | 'repository'> = {
  workflows: {
    has: () => false,
    dispatch: () => Promise.resolve(undefined),
    enable: () => Promise.resolve(false)
  },
  board: { show: () => Promise.resolve() },
  repository: {
    inspectRepository: () => Promise.resolve(undefined),
    readFile: () => Promise.resolve(undefined),
    fileIssue: () => Promise.resolve(undefined),
    proposeChange: () => Promise.resolve(undefined)
  }
}
