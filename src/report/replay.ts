import {
  lookOutcome,
  type ReplayedLook,
  type ReplayedRollout,
  type ReplayOutcome,
  replayOutcome
} from '../rollout/replay.ts'
import type { Difference } from '../rollout/replay-difference.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { countText, manyText } from '../verdict/wording.ts'
import { lookName } from './look-line.ts'
import { code, list, md, NOTHING, type Text, table } from './markdown.ts'

/** A ledger made again; `place` is where it lies. */
export interface ReplayReport {
  readonly place: string
  readonly rollouts: readonly ReplayedRollout[]
}

/** Rows of one table; the document has all of them. */
const MOST_ROWS = 100

/** Per rollout how many looks came to the same again, and everything in which they did not. */
export function renderReplay({ place, rollouts }: ReplayReport): string {
  const found = FOUND[replayOutcome(rollouts)]
  const sections = [
    `## ${md`Replay of ${place}: ${found}`.markdown}`,
    table(COLUMNS, rollouts.map(row)),
    ...rollouts.filter(one => replayOutcome([one]) !== 'agrees').map(details)
  ]
  return `${sections.join('\n\n')}\n`
}

const FOUND: Readonly<Record<ReplayOutcome, string>> = {
  agrees: 'every verdict and decision agrees',
  incomplete: 'nothing differs, but not everything can be made again',
  differs: 'not everything agrees'
}

const COLUMNS = [
  'rollout',
  'looks',
  'verdicts',
  'looks that agree',
  'that differ',
  'that cannot be made again',
  'outcome'
]

function row(rollout: ReplayedRollout): readonly Text[] {
  const { looks } = rollout
  const outcome = replayOutcome([rollout])
  return [
    idOf(rollout),
    countText(looks.length),
    countText(looks.reduce((sum, { look }) => sum + look.judgements.length, 0)),
    countOf(looks, 'agrees'),
    countOf(looks, 'differs'),
    countOf(looks, 'incomplete'),
    outcome === 'agrees' ? outcome : md`**${outcome}**`
  ]
}

function countOf(looks: readonly ReplayedLook[], outcome: ReplayOutcome): string {
  return countText(looks.filter(look => lookOutcome(look) === outcome).length)
}

function details(rollout: ReplayedRollout): string {
  const { looks, contradictions, obstacles } = rollout
  const rows = looks.flatMap(differenceRows)
  return [
    `### ${md`${idOf(rollout)}`.markdown}`,
    list([...contradictions, ...obstacles]),
    rows.length === 0 ? '' : capped(['event', 'phase', 'look', ...DIFFERENCE], rows),
    lostTable(looks)
  ]
    .filter(section => section !== '')
    .join('\n\n')
}

const DIFFERENCE = ['differs in', 'recorded', 'recomputed']

function differenceRows({ look, differences }: ReplayedLook): readonly (readonly Text[])[] {
  // What it was decided on and came to, before the numbers in between.
  const ordered = [...withoutEchoes(differences)].sort((a, b) => rank(a) - rank(b))
  return ordered.map(({ field, recorded, recomputed }) => [
    look.seq,
    look.phase,
    lookName(look),
    code(field),
    recorded === undefined ? NOTHING : code(recorded),
    recomputed === undefined ? NOTHING : code(recomputed)
  ])
}

/** A judgement tells the verdict, the code and the message of its finding once more. */
function withoutEchoes(differences: readonly Difference[]): readonly Difference[] {
  const fields = new Set(differences.map(({ field }) => field))
  return differences.filter(({ field }) => {
    const told = field.replace(/\.finding(?=\.(?:verdict|code|message)$)/u, '')
    return told === field || !fields.has(told)
  })
}

const FIRST = [/^reading$/u, /^(?:decision|rule|cause|final)$/u, /\.verdict$/u]

function rank({ field }: Difference): number {
  const index = FIRST.findIndex(pattern => pattern.test(field))
  return index === -1 ? FIRST.length : index
}

/** Looks that the same keeps from being made again share a row. */
function lostTable(looks: readonly ReplayedLook[]): string {
  const byObstacle = new Map<string, number[]>()
  for (const { look, obstacle } of looks) {
    if (obstacle === undefined) continue
    byObstacle.set(obstacle, [...(byObstacle.get(obstacle) ?? []), look.seq])
  }
  const rows = [...byObstacle].map(([obstacle, seqs]) => [
    manyText(seqs.length, 'look'),
    eventsText(seqs),
    obstacle
  ])
  return rows.length === 0 ? '' : capped(['cannot be made again', 'events', 'because'], rows)
}

/** "7", "4 to 61". */
function eventsText(seqs: readonly number[]): string {
  const [first, last] = [seqs[0], seqs.at(-1)]
  return first === last ? String(first) : `${first} to ${last}`
}

function capped(columns: readonly string[], rows: readonly (readonly Text[])[]): string {
  const shown = table(columns, rows.slice(0, MOST_ROWS))
  const left = rows.length - MOST_ROWS
  return left > 0 ? `${shown}\n\n${countText(left)} more; the JSON document has them all.` : shown
}

/** The same as one document; the values that differ are JSON in it too. */
export function replayDocument({ place, rollouts }: ReplayReport): object {
  return {
    version: 1,
    operation: 'replay',
    place,
    outcome: replayOutcome(rollouts),
    rollouts: rollouts.map(rolloutDocument)
  }
}

function rolloutDocument(rollout: ReplayedRollout): object {
  const { definition, number, looks, contradictions, obstacles } = rollout
  return {
    rollout: idOf(rollout),
    definition,
    number,
    outcome: replayOutcome([rollout]),
    looks: looks.length,
    contradictions,
    obstacles,
    disagreeing: looks.filter(look => lookOutcome(look) !== 'agrees').map(lookDocument)
  }
}

function lookDocument(replayed: ReplayedLook): object {
  const { look, obstacle, differences } = replayed
  const { seq, at, phase, purpose, checkpoints } = look
  return {
    seq,
    at,
    phase,
    purpose,
    checkpoints,
    outcome: lookOutcome(replayed),
    obstacle: obstacle ?? null,
    differences: differences.map(differenceDocument)
  }
}

/** What is missing on one side is absent. */
function differenceDocument({ field, recorded, recomputed }: Difference): object {
  return {
    field,
    ...(recorded === undefined ? {} : { recorded: JSON.parse(recorded) }),
    ...(recomputed === undefined ? {} : { recomputed: JSON.parse(recomputed) })
  }
}

function idOf({ definition, number }: ReplayedRollout): string {
  return rolloutId(definition, number)
}
