import type { Definition } from '../rollout/definition.ts'
import type { LookBody } from '../rollout/events.ts'
import { rolloutFolder } from '../rollout/rollout-id.ts'
import { isNote } from '../rollout/standing.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { CRITERION_COLUMNS, criterionCells } from './criterion-cells.ts'
import { graduation } from './graduation-line.ts'
import { instantText } from './instant.ts'
import { changeDetails, integrityDetails, originDetails } from './look-details.ts'
import { isRecorded, lastLook, lookName, outcomeText, previousLook } from './look-line.ts'
import { code, list, type Markup, md, type Text, table } from './markdown.ts'
import { nextMarkup, whatNext } from './next.ts'
import { fitPage } from './page.ts'
import { phaseDetails, rollbackDetails } from './rollout-details.ts'
import { rolloutName } from './rollout-name.ts'
import { tallyText } from './share.ts'
import { trendText } from './trend.ts'

export interface SummaryInput {
  readonly definition: Definition
  readonly state: State
  /** The look that this run made; without it the last one on record stands for it. */
  readonly look?: LookBody
  /** What this run did, in the words of its operation; stands above everything. */
  readonly headline?: string
  /** ISO 8601. */
  readonly now: string
  /** Where in the ledger the evidence of the look is; without it, where the look itself says. */
  readonly evidenceFolder?: string
}

/**
 * The page that a run leaves behind: what was found, why, what happens next and who must act on the
 * first screen, the criteria in one table, everything else folded. Always short enough for GitHub.
 */
export function renderSummary(input: SummaryInput): string {
  const { definition, state } = input
  const look = input.look ?? lastLook(state)
  return fitPage([
    firstScreen(input, look),
    look === undefined ? '' : criteriaTable(definition, state, look),
    look === undefined ? '' : shownBeside(look),
    look === undefined ? '' : changeDetails(look, reasonOf(input) ?? ''),
    look === undefined ? '' : integrityDetails(look),
    rollbackDetails(state),
    phaseDetails(definition, state),
    look === undefined ? '' : originDetails(look, evidenceOf(input, look))
  ])
}

function firstScreen(input: SummaryInput, look: LookBody | undefined): string {
  const { definition, state, headline } = input
  const heading = `## ${md`${headline ?? standing(definition, state)}`.markdown}`
  const status = headline === undefined ? [] : [`${md`${standing(definition, state)}`.markdown}.`]
  const facts = [
    md`**Why:** ${reasonOf(input) ?? 'nothing was judged yet'}`,
    ...(look?.integrity ?? []).filter(isNote).map(({ message }) => md`**Noted:** ${message}`),
    ...undoing(state),
    ...graduation(state),
    ...ahead(input)
  ]
  return [heading, ...status, verdictLine(input, look).markdown, list(facts)].join('\n\n')
}

function evidenceOf({ state, evidenceFolder }: SummaryInput, look: LookBody): Text | undefined {
  if (evidenceFolder !== undefined) return code(evidenceFolder)
  if (!isRecorded(state, look)) return 'not kept; this look said nothing new'
  return look.evidence === undefined
    ? undefined
    : code(`${rolloutFolder(state.definition, state.number)}/${look.evidence}`)
}

/** "assignment-pipeline-v3#1 is held in staging-full". */
function standing(definition: Definition, state: State): string {
  const phase = state.rollback?.intent.phase ?? currentPhase(state)?.name
  const place = phase === undefined ? '' : ` in ${phase}`
  return `${rolloutName(definition, state)} is ${state.status}${place}`
}

function verdictLine({ definition, look: made }: SummaryInput, look: LookBody | undefined): Markup {
  if (look === undefined) return md`No look was made yet.`
  const outcome = md`**${outcomeText(look)}** at ${lookName(look)} of ${look.phase}, by the rule ${look.rule}`
  return made === undefined
    ? md`${outcome}; the last look, ${instantText(look.at, definition.timeZone)}.`
    : md`${outcome}.`
}

/** The one reason that the page gives; undefined while there is none. */
function reasonOf({ state, look: made }: SummaryInput): string | undefined {
  const current = currentPhase(state)
  const failure =
    current?.status === 'failed'
      ? `applying the phase failed, and its target was put back: ${current.failure?.message}`
      : undefined
  const look = made ?? lastLook(state)
  // The table below says how; a list of every pass would bury the fact.
  const judged = look?.rule === 'all-pass' ? 'every criterion passes' : look?.reason
  const found = made === undefined ? (state.hold?.reason ?? judged) : judged
  return state.rollback?.intent.reason ?? failure ?? found
}

function undoing(state: State): readonly Markup[] {
  const finished = state.rollback?.finished
  return finished === undefined ? [] : [md`**Rollback:** ${finished.outcome}: ${finished.message}`]
}

function ahead(input: SummaryInput): readonly Markup[] {
  const next = whatNext(input)
  return [
    md`**Next:** ${nextMarkup(next, input.definition.timeZone)}`,
    md`**Who:** ${next.who ?? 'nobody has to do anything'}`
  ]
}

/** Figures that people will look for, labelled as what they are. */
function shownBeside({ shown = [] }: LookBody): string {
  const lines = shown.map(
    ({ label, hits, total }) =>
      md`Shown, never judged: ${label}: ${tallyText(hits, total, undefined)}`
  )
  return list(lines)
}

function criteriaTable(definition: Definition, state: State, look: LookBody): string {
  const previous = previousLook(state, look)
  const rows = look.judgements.map(judgement => [
    ...criterionCells(definition, look, judgement),
    trendText({ definition, look, judgement, previous })
  ])
  return table([...CRITERION_COLUMNS, 'trend'], rows)
}
