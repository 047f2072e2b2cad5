import type { Definition } from '../rollout/definition.ts'
import type { State } from '../rollout/state.ts'
import { provenText } from './effect.ts'
import { flagsText } from './flag.ts'
import { utcText } from './instant.ts'
import { outcomeText } from './look-line.ts'
import { details, link, list, md, NOTHING, type Text, table } from './markdown.ts'
import { durationText, type PhaseLine, phaseLines } from './phase-line.ts'
import { renderTimeline } from './timeline.ts'

/** Every phase with its flags, as a diagram and as a table with the same facts; folded. */
export function phaseDetails(definition: Definition, state: State): string {
  const phases = phaseLines(definition, state)
  const columns = ['phase', 'target', 'status', 'started', 'completed', 'duration', 'flags', 'live']
  const rows = phases.map((phase, index) => phaseRow(phase, index + 1))
  const proofs = state.phases.flatMap(({ name, effect = [] }) => {
    const proven = provenText(effect)
    return proven === undefined ? [] : [md`**${name}** ${proven}`]
  })
  const proof = proofs.length === 0 ? '' : list(proofs)
  const body = [renderTimeline(phases), table(columns, rows), proof].filter(part => part !== '')
  return details('Phases', body.join('\n\n'))
}

/** What a rollback has done so far, folded; empty when there is none. */
export function rollbackDetails({ rollback }: State): string {
  if (rollback === undefined) return ''
  const { intent, steps, looks } = rollback
  const rows: readonly (readonly Text[])[] = [
    [utcText(intent.at), 'requested', `${intent.phase} on ${intent.target}, by ${intent.by}`],
    ...steps.map(({ at, step, message }) => [utcText(at), step, message]),
    ...looks.map(look => [utcText(look.at), 'watch', md`${outcomeText(look)}: ${look.reason}`])
  ]
  return details('What the rollback did', table(['time', 'step', 'what'], rows))
}

function phaseRow(phase: PhaseLine, number: number): readonly Text[] {
  const { name, target, status, started, ended, soakEnds, deployment } = phase
  const due = soakEnds === undefined ? NOTHING : `due ${utcText(soakEnds)}`
  return [
    `${number} ${name}`,
    target,
    status,
    started === undefined ? NOTHING : utcText(started),
    ended === undefined ? due : utcText(ended),
    durationText(phase) ?? NOTHING,
    flagsText(phase.flags),
    deployment === undefined ? NOTHING : link(deployment.replace(/^https?:\/\//u, ''), deployment)
  ]
}
