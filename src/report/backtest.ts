import { criteriaOf, type ImaginaryPhase, type Outcome, type Walk } from '../rollout/backtest.ts'
import type { Definition } from '../rollout/definition.ts'
import { checkpointName, formatDuration } from '../rollout/duration.ts'
import type { Blindness } from '../rollout/judge.ts'
import type { PastSpan } from '../rollout/past.ts'
import { roughly } from '../rollout/sample-size.ts'
import { countText, manyText } from '../verdict/wording.ts'
import { type PastShare, pastShares } from './backtest-share.ts'
import {
  decisive,
  firstSaid,
  phasesWithData,
  type Said,
  type Streak,
  silentCriteria,
  streaksOf,
  type Tallies,
  talesOf,
  talliesOf,
  unansweredIn
} from './backtest-story.ts'
import { needsText } from './criterion-cells.ts'
import { utcText } from './instant.ts'
import { details, list, type Markup, md, NOTHING, type Text, table } from './markdown.ts'
import { fitPage } from './page.ts'
import { tallyText } from './share.ts'
import { verdictText } from './verdict-mark.ts'

export interface BacktestInput {
  readonly definition: Definition
  readonly span: PastSpan
  readonly walks: readonly Walk[]
  /** Why the database was not asked to the end. */
  readonly stopped: Blindness | undefined
}

const MOST_STREAKS = 100
const MOST_TURNS = 500
const MOST_ERRORS = 5

/** What the criteria would have said about the past: how phases would have ended, why, and when. */
export function renderBacktest(input: BacktestInput): string {
  const { definition, span, walks } = input
  return fitPage(
    [
      `## ${md`Backtest of ${definition.name}: ${instant(span.fromMs)} to ${instant(span.untilMs)}`.markdown}`,
      stoppedText(input),
      list(walks.map(conclusion)),
      INTRODUCTION,
      ...walks.flatMap(walk => sections(definition, walk))
    ],
    undefined,
    'The result as JSON has all of it.'
  )
}

const INTRODUCTION =
  'That time is cut into imaginary phases, one after another, and each is looked at every hour and at its checkpoints, as it would have been. A look then stood before the same rows, unless they have been changed or deleted since; rows that came late count as if they had been in time. Flags and deployments are taken to have been in order, and nobody to have held or accepted anything. Nothing was written anywhere.'

function stoppedText({ stopped }: BacktestInput): string {
  return stopped === undefined
    ? ''
    : md`**Not walked to the end:** the database did not answer any more: ${stopped.message}`
        .markdown
}

/** "production-full, judged by full: 18 imaginary phases, 756 looks: 14 promoted, 3 rolled back". */
function conclusion({ course: { phase }, phases }: Walk): Markup {
  const looks = phases.reduce((sum, one) => sum + one.looks, 0)
  const counted = `${manyText(phases.length, 'imaginary phase')}, ${manyText(looks, 'look')}`
  return md`**${phase.name}, judged by ${phase.criteria}:** ${counted}: ${tallyLine(talliesOf(phases))}`
}

function sections(definition: Definition, walk: Walk): readonly string[] {
  const { course, phases } = walk
  const shares = pastShares(walk)
  return [
    `### ${md`${course.phase.name}`.markdown}`,
    list(facts(definition, walk, shares)),
    criterionTable(walk),
    shares.length === 0 ? '' : shareTable(walk, shares),
    phaseTable(phases),
    changes(phases)
  ]
}

function facts(
  definition: Definition,
  walk: Walk,
  shares: readonly PastShare[]
): readonly Markup[] {
  const { course, phases } = walk
  return [
    md`**Each lasts** ${formatDuration(course.phase.soakMs)}${extension(walk)}, unless it is rolled back before`,
    ...reasons(phases, 'rolled-back', 'Rolled back by'),
    ...reasons(phases, 'held', 'Held by'),
    ...unanswered(walk),
    ...leftOut(definition, walk),
    ...silence(walk, shares),
    ...lateStart(walk)
  ]
}

function tallyLine(tallies: Tallies): string {
  const parts = (Object.keys(OUTCOMES) as Outcome[])
    .filter(outcome => tallies[outcome] > 0 || outcome === 'promoted')
    .map(outcome => `${countText(tallies[outcome])} ${OUTCOMES[outcome]}`)
  const extended = `${countText(tallies.extended)} went on after the soak for want of evidence`
  return [parts.join(', '), ...(tallies.extended > 0 ? [extended] : [])].join('; ')
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  promoted: 'promoted',
  'rolled-back': 'rolled back',
  held: 'held',
  blind: 'blind',
  unfinished: 'unfinished'
}

function extension({ course: { phase } }: Walk): string {
  return phase.extendMs === 0
    ? ''
    : `, and up to ${formatDuration(phase.extendMs)} more while evidence is thin`
}

/** How often which criterion ended a phase like that: "success-rate 2 × (red), errors 1 × (red)". */
function reasons(
  phases: readonly ImaginaryPhase[],
  outcome: Outcome,
  heading: string
): readonly Markup[] {
  const ended = phases.filter(phase => phase.outcome === outcome)
  if (ended.length === 0) return []
  const times = new Map<string, number>()
  for (const { criterion, verdict } of ended.flatMap(decisive)) {
    const name = `${criterion} (${verdict})`
    times.set(name, (times.get(name) ?? 0) + 1)
  }
  const told = [...times].map(([name, count]) => `${name} ${countText(count)} ×`).join(', ')
  return [md`**${heading}:** ${told}`]
}

function unanswered(walk: Walk): readonly Markup[] {
  const messages = unansweredIn(walk)
  if (messages.length === 0) return []
  const count = walk.phases.reduce((sum, phase) => sum + phase.unanswered, 0)
  const more = messages.length - MOST_ERRORS
  const told = [...messages.slice(0, MOST_ERRORS), ...(more > 0 ? [`and ${more} more`] : [])]
  return [md`**Not answered in full:** ${manyText(count, 'look')}: ${told.join('; ')}`]
}

function leftOut(definition: Definition, { course }: Walk): readonly Markup[] {
  const all = definition.criteria[course.phase.criteria] ?? []
  const walked = criteriaOf(course)
  const names = all.filter(criterion => !walked.includes(criterion)).map(({ name }) => name)
  return names.length === 0
    ? []
    : [
        md`**Left out:** ${names.join(', ')}: what was reported on GitHub is not asked about in a backtest`
      ]
}

/** Nothing to judge is no reason to be content, and mostly means that the new path was never live. */
function silence(walk: Walk, shares: readonly PastShare[]): readonly Markup[] {
  const empty = shares.filter(({ all }) => all === 0).map(({ criterion }) => criterion.name)
  const silent = silentCriteria(walk)
  if (silent.length === criteriaOf(walk.course).length && silent.length > 0) {
    return [md`**No data in that time; the criteria have nothing to say.** ${REMEDY}`]
  }
  return empty.length === 0
    ? []
    : [md`**No data in that time:** ${empty.join(', ')} counted nothing and cannot pass. ${REMEDY}`]
}

/** Most often somebody asks for a longer past than the table has. */
function lateStart(walk: Walk): readonly Markup[] {
  const [first] = phasesWithData(walk)
  if (first === undefined || first === walk.phases[0]) return []
  const silent = walk.phases.indexOf(first)
  const begin = new Date(first.beganMs).toISOString().replace('.000', '')
  return [
    md`**No data before ${instant(first.beganMs)}:** ${manyText(silent, 'imaginary phase')} had nothing to go by. The table may not reach back further; begin there (--since ${begin})`
  ]
}

const REMEDY =
  'A new path has no past before its first rollout: let a metric of your own count the path that exists today, name it in a copy of the definition, and backtest that one (--definition, --metrics)'

function criterionTable(walk: Walk): string {
  const rows = talesOf(walk).map(({ criterion, said }): readonly Text[] => [
    criterion.name,
    said.pass === undefined ? NOTHING : `${inPhases(said.pass)}, after ${between(said.pass)}`,
    firstIn(said.warn),
    firstIn(said.red),
    firstIn(said.error)
  ])
  return table(['criterion', 'passed', 'warned', 'red', 'not answered'], rows)
}

function firstIn(said: Said | undefined): string {
  return said === undefined ? NOTHING : `${inPhases(said)}, first ${instant(said.firstMs)}`
}

function inPhases({ phases }: Said): string {
  return `in ${manyText(phases, 'phase')}`
}

function between({ soonestMs, latestMs }: Pick<Said, 'soonestMs' | 'latestMs'>): string {
  const [soonest, latest] = [soonestMs, latestMs].map(checkpointName)
  return soonest === latest ? `${soonest}` : `${soonest} to ${latest}`
}

function shareTable({ course }: Walk, shares: readonly PastShare[]): string {
  const rows = shares.map(({ criterion, hits, all, perDay, ...share }): readonly Text[] => [
    criterion.name,
    needsText(criterion),
    all === 0 ? 'nothing counted' : tallyText(hits, all, criterion.pass),
    all === 0 ? NOTHING : perDay.toFixed(1),
    passText({ criterion, hits, all, perDay, ...share }, course.phase.soakMs, course.phase.extendMs)
  ])
  const columns = ['criterion', 'needs', 'in all that time', 'units a day', 'can pass after']
  return table(columns, rows)
}

function passText({ all, pass }: PastShare, soakMs: number, extendMs: number): string {
  if (all === 0) return NOTHING
  if (pass === undefined) return 'never at this rate'
  const { units, ms } = pass
  const says = `≈ ${roughly(ms)} at this rate and volume (${manyText(units, 'unit')})`
  if (ms <= soakMs) return says
  return ms <= soakMs + extendMs
    ? `${says}: in the extension`
    : `${says}: too late, a phase lasts ${formatDuration(soakMs + extendMs)} at most`
}

function phaseTable(phases: readonly ImaginaryPhase[]): string {
  const columns = ['', 'began', 'ended', 'decision', 'why', 'first warned', 'first red']
  const streaks = streaksOf(phases)
  const rows = streaks.slice(0, MOST_STREAKS).map(streakRow)
  const more = streaks.slice(MOST_STREAKS).reduce((sum, streak) => sum + streak.phases.length, 0)
  return withRest(table(columns, rows), more)
}

function streakRow({ number, phases }: Streak): readonly Text[] {
  const [first] = phases
  const last = phases.at(-1) ?? first
  const lasted = between(extremes(phases.map(phase => phase.endedMs - phase.beganMs)))
  const several = phases.length > 1
  return [
    several ? `${number}–${number + phases.length - 1}` : number,
    instant(first.beganMs),
    `${lasted}${several ? ' each' : ''}, ${instant(last.endedMs)}`,
    OUTCOMES[first.outcome],
    several && first.outcome !== 'promoted' ? `the first: ${whyText(first)}` : whyText(first),
    firstText(phases, 'warn'),
    firstText(phases, 'red')
  ]
}

function extremes(values: readonly number[]): Pick<Said, 'soonestMs' | 'latestMs'> {
  return { soonestMs: Math.min(...values), latestMs: Math.max(...values) }
}

function whyText({ outcome, decided }: ImaginaryPhase): string {
  return outcome === 'promoted' ? 'every criterion passes' : decided.reason
}

/** After how long a criterion said that for the first time: "success-rate T+1h, errors T+1h to T+3h". */
function firstText(phases: readonly ImaginaryPhase[], verdict: 'warn' | 'red'): string {
  const after = new Map<string, readonly number[]>()
  for (const phase of phases) {
    for (const [name, atMs] of firstSaid(phase, verdict)) {
      after.set(name, [...(after.get(name) ?? []), atMs - phase.beganMs])
    }
  }
  return [...after].map(([name, ms]) => `${name} ${between(extremes(ms))}`).join(', ') || NOTHING
}

function changes(phases: readonly ImaginaryPhase[]): string {
  const rows = phases.flatMap((phase, index) =>
    phase.turns.map((turn): readonly Text[] => [
      index + 1,
      `${offset(phase, turn.atMs)}, ${instant(turn.atMs)}`,
      turn.criterion,
      `${turn.was} → ${verdictText(turn.verdict)}`,
      turn.message
    ])
  )
  if (rows.length === 0) return ''
  const shown = table(['phase', 'at', 'criterion', 'verdict', 'found'], rows.slice(0, MOST_TURNS))
  return details(
    `Every change of a verdict: ${countText(rows.length)}`,
    withRest(shown, rows.length - MOST_TURNS)
  )
}

function withRest(shown: string, more: number): string {
  return more > 0 ? `${shown}\n\n… and ${countText(more)} more; the result as JSON has all.` : shown
}

function offset({ beganMs }: ImaginaryPhase, atMs: number): string {
  return checkpointName(atMs - beganMs)
}

function instant(ms: number): string {
  return utcText(new Date(ms).toISOString())
}
