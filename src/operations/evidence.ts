import { type Phase, parametersOf } from '../rollout/definition.ts'
import { soakFolder } from '../rollout/evidence-folder.ts'
import type { LedgerFile } from '../rollout/ports.ts'
import type { PhaseState } from '../rollout/state.ts'
import type { Observed } from './check.ts'
import type { World } from './world.ts'

/**
 * The evidence of every checkpoint that is due, each over its own window; nothing for a sentinel.
 * A checkpoint that is made up late ends its window where it was due, the newest one ends now.
 */
export async function collectEvidence(
  world: World,
  phase: Phase,
  current: PhaseState,
  { sight, due }: Observed
): Promise<readonly LedgerFile[]> {
  if (sight.kind === 'blind') return []
  const { until } = sight.reading
  const newest = due.checkpoints.at(-1)
  const collected: LedgerFile[] = []
  for (const checkpoint of due.checkpoints) {
    const ownEnd = new Date(checkpoint.dueMs).toISOString()
    const files = await world.evidence.collect({
      checkpoint: checkpoint.name,
      parameters: parametersOf(world.definition, phase.target),
      since: current.since ?? until,
      until: checkpoint === newest || ownEnd > until ? until : ownEnd
    })
    const folder = `${soakFolder(current)}/${checkpoint.name}`
    collected.push(...files.map(file => ({ ...file, path: `${folder}/${file.path}` })))
  }
  return collected
}
