import type { DatabaseInspector, EvidenceExporter, MetricReader } from '../rollout/ports.ts'
import type { Catalogue, EvidenceFile } from './catalogue.ts'
import { createEvidenceExporter } from './evidence.ts'
import { createDatabaseInspector } from './inspector.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { createMetricReader } from './reader.ts'
import { parseTarget } from './target.ts'

export interface PostgresSettings {
  readonly connectionString: string
  /** PEM; the system's own authorities when absent. */
  readonly caCertificate?: string | undefined
  readonly catalogue: Catalogue
  readonly evidenceFiles: readonly EvidenceFile[]
  readonly limits?: Partial<Limits>
}

export interface Postgres {
  readonly metrics: MetricReader
  readonly evidence: EvidenceExporter
  readonly database: DatabaseInspector
}

/**
 * The user's database behind its three ports. Nothing is connected before it is asked, and nothing
 * stays connected after the answer.
 * @throws InputError when connection string or certificate cannot be used; neither is shown
 */
export function createPostgres(settings: PostgresSettings): Postgres {
  const target = parseTarget(settings.connectionString, settings.caCertificate)
  const limits = { ...DEFAULT_LIMITS, ...settings.limits }
  const { catalogue, evidenceFiles } = settings
  return {
    metrics: createMetricReader({ target, catalogue, limits }),
    evidence: createEvidenceExporter({ target, files: evidenceFiles, limits }),
    database: createDatabaseInspector({ target, limits })
  }
}
