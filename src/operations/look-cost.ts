import { metricsOf, type Phase, parametersOf } from '../rollout/definition.ts'
import type { QueryEstimate } from '../rollout/ports.ts'
import { horizonMs } from '../rollout/schedule.ts'
import type { World } from './world.ts'

/**
 * What looks at these phases of one target would cost, over the longest window that one of them can
 * come to before now, by the database's clock: the criteria of the phases and of a rollback, and what
 * is shown. Nothing is read.
 * @throws EvidenceError when the database cannot be asked
 */
export async function estimateLooks(
  { definition, metrics }: Pick<World, 'definition' | 'metrics'>,
  {
    target,
    phases,
    now
  }: { readonly target: string; readonly phases: readonly Phase[]; readonly now: string }
): Promise<readonly QueryEstimate[]> {
  const sets = [...phases.map(({ criteria }) => criteria), definition.rollback.criteria]
  const judged = sets.flatMap(set => metricsOf(definition.criteria[set] ?? []))
  // What was promoted last is looked at until it graduates.
  const afterMs = definition.graduation?.afterMs ?? 0
  const sinceMs = Date.parse(now) - Math.max(...phases.map(horizonMs)) - afterMs
  return metrics.estimate({
    metrics: [...new Set([...judged, ...Object.keys(definition.shown)])],
    parameters: parametersOf(definition, target),
    since: new Date(sinceMs).toISOString(),
    graceMs: definition.database.graceMs
  })
}
