import type { Definition } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import type { EventOf, LedgerEvent, LookEvent } from '../rollout/events.ts'
import { isNote } from '../rollout/standing.ts'
import type { State } from '../rollout/state.ts'
import { CRITERION_COLUMNS, criterionCells } from './criterion-cells.ts'
import { provenText } from './effect.ts'
import { flagsText } from './flag.ts'
import { graduation } from './graduation-line.ts'
import { instantText, utcText } from './instant.ts'
import { issuesOf } from './issue.ts'
import { lookName, outcomeText } from './look-line.ts'
import { code, link, list, type Markup, md, NOTHING, type Text, table } from './markdown.ts'
import { durationText, type PhaseLine, phaseLines } from './phase-line.ts'
import { rolloutName } from './rollout-name.ts'

export interface VerificationLogInput {
  readonly definition: Definition
  readonly state: State
  /** All events of the rollout; the state is their fold. */
  readonly events: readonly LedgerEvent[]
}

/** The runbook's `verification.md`, filled in from the ledger alone: the same events, the same text. */
export function renderVerificationLog(input: VerificationLogInput): string {
  const { definition, state, events } = input
  const sections = [
    `# ${md`Verification log: ${rolloutName(definition, state)}`.markdown}`,
    list(facts(input)),
    section(
      'Phases',
      PHASE_COLUMNS,
      phaseLines(definition, state).map(phase => phaseRow(phase, events))
    ),
    section('Checks', CHECK_COLUMNS, looksIn(events).map(checkRow)),
    section('Rollback log', ['time', 'step', 'what', 'by'], events.flatMap(rollbackRow)),
    section('Issues log', ISSUE_COLUMNS, issueRows(events)),
    section(
      'Sign-offs',
      ['time', 'phase', 'approved by', 'comment', 'proof'],
      events.flatMap(signOffRow)
    ),
    section(
      'Accepted findings',
      ['time', 'phase', 'criterion', 'verdict', 'accepted by', 'reason'],
      events.flatMap((event, index) => acceptanceRows(event, events.slice(0, index)))
    ),
    section('Runs', ['time', 'what', 'phase', 'run'], events.flatMap(runRow)),
    section('Final metrics', METRIC_COLUMNS, metricRows(definition, state))
  ]
  return `${sections.join('\n\n')}\n`
}

const PHASE_COLUMNS = [
  'phase',
  'target',
  'status',
  'started',
  'completed',
  'duration',
  'flags',
  'notes'
]
const CHECK_COLUMNS = [
  'phase',
  'check',
  'due',
  'ran',
  'late by',
  'woken by',
  'captured by',
  'outcome',
  'evidence'
]
const ISSUE_COLUMNS = ['opened', 'ended', 'phase', 'issue', 'what', 'by']
const METRIC_COLUMNS = ['phase', 'look', ...CRITERION_COLUMNS]

function section(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly Text[])[]
): string {
  return `## ${title}\n\n${rows.length === 0 ? 'None.' : table(columns, rows)}`
}

function facts({ definition, state, events }: VerificationLogInput): readonly Markup[] {
  const at = (instant: string) => instantText(instant, definition.timeZone)
  const started =
    state.startedAt === undefined
      ? md`Not started`
      : md`Started: ${at(state.startedAt)} by ${state.startedBy ?? 'nobody known'}`
  const last = events.at(-1)
  return [
    md`Status: **${state.status}**`,
    started,
    ...(state.endedAt === undefined ? [] : [md`Ended: ${at(state.endedAt)}`]),
    ...graduation(state),
    md`Owner: ${definition.owner}`,
    md`Definition: ${code(state.digest === '' ? definition.digest : state.digest)}`,
    last === undefined
      ? md`No event yet`
      : md`Written from ${events.length} events, the last of ${at(last.at)}`
  ]
}

function phaseRow(phase: PhaseLine, events: readonly LedgerEvent[]): readonly Text[] {
  const { name, target, status, started, ended, flags } = phase
  return [
    name,
    target,
    status,
    started === undefined ? NOTHING : utcText(started),
    ended === undefined ? NOTHING : utcText(ended),
    durationText(phase) ?? NOTHING,
    flagsText(flags),
    phaseNotes(name, events)
  ]
}

/** What a person would note beside a phase: failed attempts, what others deployed, a promotion with doubts. */
function phaseNotes(name: string, events: readonly LedgerEvent[]): string {
  const attempts = events.filter(event => event.kind === 'phase-applying' && event.phase === name)
  const looks = looksIn(events).filter(({ phase, purpose }) => phase === name && purpose === 'soak')
  const promotion = looks.find(({ decision }) => decision === 'promote')
  const changes = looks.flatMap(({ integrity }) => integrity.filter(isNote))
  const applied = events.findLast(event => event.kind === 'phase-applied' && event.phase === name)
  const proven = provenText((applied?.kind === 'phase-applied' && applied.effect) || [])
  const notes = [
    ...(attempts.length > 1 ? [`applied ${attempts.length} times`] : []),
    ...(proven === undefined ? [] : [proven]),
    ...new Set(changes.map(({ message }) => message)),
    ...(promotion?.rule === 'accepted' ? [`promoted on acceptance: ${promotion.reason}`] : [])
  ]
  return notes.join('; ') || NOTHING
}

function checkRow(look: LookEvent): readonly Text[] {
  return [
    look.phase,
    lookName(look),
    look.dueAt === undefined ? NOTHING : utcText(look.dueAt),
    utcText(look.at),
    look.dueAt === undefined ? NOTHING : formatDuration(look.lateMs),
    look.wokenBy,
    `${look.by}, run ${look.run}`,
    outcomeText(look),
    look.evidence === undefined ? NOTHING : link(look.evidence, look.evidence)
  ]
}

function rollbackRow(event: LedgerEvent): readonly (readonly Text[])[] {
  const row = (step: string, what: string) => [[utcText(event.at), step, what, event.by]]
  switch (event.kind) {
    case 'rollback-requested':
      return row('requested', `${event.phase} on ${event.target}: ${event.reason}`)
    case 'rollback-step':
      return row(event.step, event.message)
    case 'rollback-finished':
      return row(event.outcome, event.message)
    default:
      return []
  }
}

function issueRows(events: readonly LedgerEvent[]): readonly (readonly Text[])[] {
  return issuesOf(events).map(({ opened, ended, phase, issue, what, by }) => [
    utcText(opened),
    ended === undefined ? NOTHING : utcText(ended),
    phase ?? NOTHING,
    issue,
    what,
    by
  ])
}

function signOffRow(event: LedgerEvent): readonly (readonly Text[])[] {
  if (event.kind !== 'phase-applying' || event.approval === undefined) return []
  const { by, comment, how } = event.approval
  return [[utcText(event.at), event.phase, by, comment || NOTHING, how]]
}

/** What people took upon themselves: findings of the last look before, at the phase of that look. */
function acceptanceRows(
  event: LedgerEvent,
  earlier: readonly LedgerEvent[]
): readonly (readonly Text[])[] {
  if (event.kind !== 'resumed') return []
  const phase = looksIn(earlier).at(-1)?.phase ?? NOTHING
  const { at, by, reason, accepted = [] } = event
  return accepted.map(({ criterion, verdict, code: found }) => [
    utcText(at),
    phase,
    criterion,
    `${verdict} (${found})`,
    by,
    reason
  ])
}

/** What was set going by itself. */
function runRow(event: LedgerEvent): readonly (readonly Text[])[] {
  if (event.kind !== 'dispatched') return []
  const { at, operation, phase, url } = event
  return [[utcText(at), operation, phase, url === undefined ? NOTHING : link(url, url)]]
}

/** The last look of every phase, what it was let go or stopped on; and what it was graduated on. */
function metricRows(definition: Definition, { phases }: State): readonly (readonly Text[])[] {
  return phases.flatMap(({ looks }) => {
    const last = [
      looks.findLast(({ purpose }) => purpose === 'soak'),
      looks.findLast(({ purpose }) => purpose === 'graduation')
    ].filter(look => look !== undefined)
    return last.flatMap(look => metricsOfLook(definition, look))
  })
}

function metricsOfLook(definition: Definition, look: LookEvent): readonly (readonly Text[])[] {
  return look.judgements.map(judgement => [
    look.phase,
    lookName(look),
    ...criterionCells(definition, look, judgement)
  ])
}

function looksIn(events: readonly LedgerEvent[]): readonly EventOf<'look'>[] {
  return events.filter(event => event.kind === 'look')
}
