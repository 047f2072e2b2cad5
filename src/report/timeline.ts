import type { PhaseStatus } from '../rollout/state.ts'
import type { PhaseLine } from './phase-line.ts'

const TAGS: Readonly<Record<PhaseStatus, string>> = {
  pending: '',
  planned: '',
  applying: 'active, ',
  soaking: 'active, ',
  promoted: 'done, ',
  'rolled-back': 'crit, ',
  failed: 'crit, '
}

const MINUTE_MS = 60_000

/**
 * The phases that were begun, as a Mermaid gantt in a fence; empty when there is none. It says
 * nothing that the phase table does not say, because GitHub promises no diagrams in summaries.
 */
export function renderTimeline(phases: readonly PhaseLine[]): string {
  const bars = phases.flatMap((phase, index) => bar(phase, index + 1))
  if (bars.length === 0) return ''
  const head = [
    'gantt',
    '    title Phases, in UTC',
    '    dateFormat YYYY-MM-DD HH:mm',
    '    axisFormat %d.%m. %H:%M',
    '    todayMarker off'
  ]
  return ['```mermaid', ...head, ...bars, '```'].join('\n')
}

function bar(phase: PhaseLine, number: number): readonly string[] {
  const from = Date.parse(phase.started ?? '')
  if (!Number.isFinite(from)) return []
  const to = Date.parse(phase.ended ?? phase.soakEnds ?? '')
  // One bad or backward date takes the whole diagram down.
  const end = Number.isFinite(to) ? Math.max(to, from + MINUTE_MS) : from + MINUTE_MS
  // The number keeps a phase named `title` or `section` from being read as the keyword.
  const name = `${number} ${plain(phase.name)} ${phase.status}`
  return [`    ${name} :${TAGS[phase.status]}p${number}, ${day(from)}, ${day(end)}`]
}

/** The only characters that no Mermaid grammar gives a meaning inside a name. */
function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9 .-]+/gu, '-').slice(0, 63)
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
