import { acceptedAtPromotion, findingText } from '../rollout/acceptance.ts'
import { type Definition, enabledPhases, type Phase } from '../rollout/definition.ts'
import { checkpointName, formatDuration } from '../rollout/duration.ts'
import type { Gates } from '../rollout/ports.ts'
import type { State } from '../rollout/state.ts'
import { CRITERION_COLUMNS, criterionCells, needsText } from './criterion-cells.ts'
import { wantedText } from './effect.ts'
import { flagText } from './flag.ts'
import { instantText } from './instant.ts'
import { lookName } from './look-line.ts'
import { code, list, type Markup, md, table } from './markdown.ts'
import { fitPage } from './page.ts'
import { durationText, phaseLines } from './phase-line.ts'
import { rolloutName } from './rollout-name.ts'

export interface BriefingInput {
  readonly definition: Definition
  readonly state: State
  /** The phase that is to be approved. */
  readonly phase: Phase
  /** The flags as they stand on its target; null for one that is absent. */
  readonly before: Readonly<Record<string, string | null>>
  /** What the approval binds to. */
  readonly digest: string
  /** ISO 8601. */
  readonly now: string
  /** How a gate is passed here; by a review of its environment unless told. */
  readonly approvals?: Gates['kind']
}

/** What an approver reads: every flag before and after, what is proven, what is asked, what is at risk. */
export function renderBriefing(input: BriefingInput): string {
  const { definition, state, phase } = input
  const previous = previousPhase(definition, phase)
  return fitPage([
    firstScreen(input, previous),
    flagTable(input),
    checklist(phase),
    proof(definition, state, previous),
    judging(definition, phase),
    risk(definition, phase),
    binding(input)
  ])
}

function firstScreen(input: BriefingInput, previous: Phase | undefined): string {
  const { definition, state, phase, before } = input
  const flags = Object.entries(phase.flags)
  const changes = flags.filter(([flag, value]) => before[flag] !== value)
  const asked = askedText(input)
  return [
    `## ${md`Briefing: ${phase.name} of ${rolloutName(definition, state)}`.markdown}`,
    list([
      md`**What changes:** ${changes.length} of ${flags.length} flags on the target **${phase.target}**, by a fresh deployment`,
      ...(phase.effect === undefined
        ? []
        : [md`**Put back unless this is seen:** ${wantedText(phase.effect)}`]),
      md`**Proven so far:** ${claim(definition, state, previous)}`,
      ...doubts(state),
      md`**Asked of you:** ${asked}`
    ])
  ].join('\n\n')
}

/** Who has to do what, and where. */
function askedText({ definition, phase, approvals }: BriefingInput): Markup {
  const { gate, name } = phase
  if (gate === undefined) return md`nothing; this phase has no gate`
  if (approvals === 'typed') {
    return md`to type ${code(definition.name)} as the confirmation of apply; nobody reviews it here`
  }
  if (gate.mode === 'environment') {
    return md`to approve or reject the environment ${code(gate.environment)}, with Review deployments on the page of this run`
  }
  const who = gate.allow.join(', ')
  return md`that a second person (${who}), not the one who planned it, starts ${name} with ${code(definition.name)} in the field confirm; weaker than a review`
}

/** Flag by flag: now, after the approval, after a rollback. */
function flagTable({ definition, phase, before }: BriefingInput): string {
  const undone = definition.rollback.flags
  const names = [...new Set([...Object.keys(phase.flags), ...Object.keys(undone)])]
  const rows = names.map(flag => {
    const now = Object.hasOwn(before, flag) ? before[flag] : undefined
    const then = phase.flags[flag] ?? now
    return [
      code(flag),
      flagText(now),
      then === now ? md`${flagText(then)}, as it is` : md`**${flagText(then)}**`,
      flagText(undone[flag] ?? then)
    ]
  })
  return table(['flag', 'now', 'after the approval', 'after a rollback'], rows)
}

function checklist({ gate }: Phase): string {
  if (gate === undefined || gate.checklist.length === 0) return ''
  return `### Before you approve\n\n${list(gate.checklist.map(item => md`[ ] ${item}`))}`
}

/** What the last look of the phase before found. */
function proof(definition: Definition, state: State, previous: Phase | undefined): string {
  const look = state.phases.find(({ name }) => name === previous?.name)?.looks.at(-1)
  if (look === undefined) return ''
  const rows = look.judgements.map(judgement => criterionCells(definition, look, judgement))
  const heading = md`### What ${look.phase} showed at ${lookName(look)}`
  return `${heading.markdown}\n\n${table(CRITERION_COLUMNS, rows)}`
}

function judging(definition: Definition, phase: Phase): string {
  const criteria = definition.criteria[phase.criteria] ?? []
  const rows = criteria.map(criterion => [criterion.name, criterion.metric, needsText(criterion)])
  const looks = phase.checkpointsMs.map(checkpointName).join(', ')
  const soak = md`It soaks for ${formatDuration(phase.soakMs)} and is looked at ${looks}${extension(phase)}.`
  return `### How it will be judged\n\n${soak.markdown}\n\n${table(['criterion', 'metric', 'needs'], rows)}`
}

function extension({ extendMs }: Phase): string {
  return extendMs === 0
    ? ''
    : `, and for up to ${formatDuration(extendMs)} more if evidence is thin`
}

function risk({ rollback, deployDeadlineMs }: Definition, { target }: Phase): string {
  const atOnce =
    target === 'production'
      ? [
          md`The deployment that served ${target} before this rollout is live again within seconds, without a build.`
        ]
      : []
  const items = [
    md`A red verdict rolls back at once and asks nobody; a person can do so at any time.`,
    ...atOnce,
    md`The flags are put back and deployed afresh, which takes ${formatDuration(deployDeadlineMs)} at most.`,
    md`Then ${target} is watched for ${formatDuration(rollback.watchMs)}.`
  ]
  return `### What a rollback would do\n\n${list(items)}`
}

function binding({ definition, state, phase, digest, now }: BriefingInput): string {
  const written = instantText(now, definition.timeZone)
  const bound = md`The approval binds to ${code(digest)}: definition, phase and flag changes as they were at ${written}.`
  const { gate } = phase
  if (gate === undefined) return bound.markdown
  const planned = state.phases.find(({ name }) => name === phase.name)?.planned
  const endMs = Date.parse(planned?.digest === digest ? planned.at : now) + gate.validForMs
  const end = instantText(new Date(endMs).toISOString(), definition.timeZone)
  return md`${bound} It can be given until ${end}.`.markdown
}

/** The enabled phase before this one. */
function previousPhase(definition: Definition, phase: Phase): Phase | undefined {
  const phases = enabledPhases(definition)
  return phases[phases.findIndex(({ name }) => name === phase.name) - 1]
}

function claim(definition: Definition, state: State, previous: Phase | undefined): string {
  if (previous === undefined) return 'nothing; this is the first phase'
  const line = phaseLines(definition, state).find(({ name }) => name === previous.name)
  if (line?.status !== 'promoted') {
    return `nothing; ${previous.name} is ${line?.status ?? 'pending'}, not promoted`
  }
  const took = durationText(line)
  return `${previous.name} was promoted${took === undefined ? '' : ` after ${took}`}`
}

/** What of any phase before was not proven, and who took that upon themselves. */
function doubts({ phases }: State): readonly Markup[] {
  const accepted = phases.flatMap(phase =>
    acceptedAtPromotion(phase).map(
      one => `${phase.name}: ${findingText(one)}, which ${one.by} accepted, because: ${one.reason}`
    )
  )
  return accepted.length === 0 ? [] : [md`**Not proven, but accepted:** ${accepted.join('; ')}`]
}
