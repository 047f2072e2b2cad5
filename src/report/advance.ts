import type { Definition, Gate, Phase } from '../rollout/definition.ts'
import { link, list, type Markup, md, table } from './markdown.ts'
import { fitPage } from './page.ts'

/** What the job in front of all others found out. */
export interface AheadInput {
  readonly definition: Definition
  readonly phase: Phase
  /** That is due now; undefined when there is none, or when it was passed already. */
  readonly gate: Gate | undefined
  /** A cut-off application is taken up, or a soak starts anew. */
  readonly how: 'begin' | 'resume' | 'restart'
  /** Why it stops here, and the way on; undefined when it goes on. */
  readonly waiting: { readonly message: string; readonly remedy: string } | undefined
}

/** Which phase comes next, who lets it pass, and whether it goes on now. */
export function renderAhead({ definition, phase, gate, how, waiting }: AheadInput): string {
  return fitPage([
    `## ${md`Next: ${phase.name} of ${definition.name}`.markdown}`,
    list([
      md`**What:** ${HOW[how]} on the target **${phase.target}**`,
      md`**Gate:** ${gateText(gate)}`,
      ...goesOn(waiting)
    ])
  ])
}

/** Above a briefing that a second person has to confirm. */
export function renderWaiting(
  waiting: { readonly message: string; readonly remedy: string } | undefined
): string {
  return waiting === undefined ? '' : `${list(goesOn(waiting))}\n\n`
}

const HOW = {
  begin: 'a fresh deployment with its flags',
  resume: 'taking up what an earlier run had begun, as it was approved',
  restart: 'starting its soak anew, which ends the hold'
} as const

function gateText(gate: Gate | undefined): string {
  if (gate === undefined) return 'none is due'
  return gate.mode === 'environment'
    ? `a reviewer of the environment ${gate.environment}`
    : `a second person of ${gate.allow.join(', ')}, who types the name: weaker than a review`
}

function goesOn(waiting: AheadInput['waiting']): readonly Markup[] {
  return waiting === undefined
    ? [md`**Now:** it is planned, and its briefing is written`]
    : [md`**It stops here:** ${waiting.message}`, md`**What to do:** ${waiting.remedy}`]
}

/** Definitions that need a look, and those that nobody could find out about. */
export function renderDue(found: {
  readonly due: readonly {
    readonly definition: string
    readonly keys: string
    readonly why: string
  }[]
  readonly failed: readonly {
    readonly definition: string
    readonly message: string
    readonly remedy: string
  }[]
}): string {
  const { due, failed } = found
  const rows = due.map(({ definition, keys, why }) => [definition, keys, why])
  return fitPage([
    due.length === 0 ? nothingDue(failed.length > 0) : '## Due',
    due.length === 0 ? '' : table(['definition', 'keys', 'why'], rows),
    list(
      failed.map(
        ({ definition, message, remedy }) =>
          md`**${definition} could not be looked into:** ${message} ${remedy}`
      )
    )
  ])
}

function nothingDue(doubtful: boolean): string {
  return doubtful ? '## Nobody knows whether anything is due' : '## Nothing is due'
}

/** A monitor that was woken up. */
export function renderWoken(url: string | undefined): string {
  const where = url === undefined ? [] : [md`${link(url, url)}`.markdown]
  return fitPage(['## The monitor is woken up', ...where])
}
