import type { Definition } from '../rollout/definition.ts'
import type {
  Announcer,
  Approvals,
  Clock,
  DatabaseInspector,
  Deployer,
  EvidenceExporter,
  FlagStore,
  Ledger,
  Log,
  MetricReader,
  ProjectInspector
} from '../rollout/ports.ts'

/** Who acts, and in which run; every ledger event carries both. */
export interface Actor {
  readonly by: string
  readonly run: string
}

/** Everything an operation may touch; a composition root or the rehearsal fills it in. */
export interface World {
  readonly definition: Definition
  readonly actor: Actor
  readonly ledger: Ledger
  readonly flags: FlagStore
  readonly deployer: Deployer
  readonly project: ProjectInspector
  readonly metrics: MetricReader
  readonly evidence: EvidenceExporter
  readonly database: DatabaseInspector
  readonly approvals: Approvals
  readonly announcer: Announcer
  readonly clock: Clock
  readonly log: Log
  /** A fresh, unique id. */
  readonly newId: () => string
  /** SHA-256 of a text, in hex. */
  readonly sha256: (text: string) => string
}
