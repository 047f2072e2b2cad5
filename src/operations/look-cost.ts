import { metricsOf, type Phase, parametersOf } from '../rollout/definition.ts'
import type { QueryEstimate } from '../rollout/ports.ts'
import { horizonMs } from '../rollout/schedule.ts'
import type { World } from './world.ts'

/**
 * What looks at these phases of one target would cost, over the longest window that one of them can
 * come to before now, by the database's clock: the criteria of the phases and of a rollback, what is
 * shown, and what proves an effect. Nothing is read.
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
  const parameters = parametersOf(definition, target)
  const { graceMs } = definition.database
  const estimates = await metrics.estimate({
    metrics: [...new Set([...judged, ...Object.keys(definition.shown)])],
    parameters,
    since: new Date(sinceMs).toISOString(),
    graceMs
  })
  const proofs = phases.map(async ({ effect }) =>
    effect?.exposure === undefined
      ? []
      : metrics.estimate({
          metrics: [effect.exposure.metric],
          parameters: { ...parameters, ...effect.exposure.parameters },
          since: new Date(Date.parse(now) - effect.deadlineMs).toISOString(),
          graceMs
        })
  )
  return [...estimates, ...(await Promise.all(proofs)).flat()]
}
