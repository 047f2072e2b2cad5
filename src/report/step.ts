import type { Definition } from '../rollout/definition.ts'
import type { Judgement } from '../rollout/events.ts'
import type { Deployment, FlagReading, FlagState } from '../rollout/ports.ts'
import { type PreflightItem, worst } from '../rollout/preflight.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import { code, details, link, list, md, NOTHING, type Text, table } from './markdown.ts'
import { verdictText } from './verdict-mark.ts'

/** Whatever stands in the way of a rollout with its remedy, the worst first; the rest is folded. */
export function renderPreflight(definition: Definition, items: readonly PreflightItem[]): string {
  const standing = [...having(items, 'fail'), ...having(items, 'warn')]
  const fine = having(items, 'ok')
  const fold = `${fine.length} ${fine.length === 1 ? 'is' : 'are'} in order`
  return page(`Preflight of ${definition.name}: ${PREFLIGHT[worst(items)]}`, [
    standing.length === 0 ? '' : prerequisites(standing),
    fine.length === 0 ? '' : details(fold, prerequisites(fine))
  ])
}

/** Above whatever else an operation tells; empty when there is nothing to warn of. */
export function renderWarnings(items: readonly PreflightItem[]): string {
  const lines = items.map(({ message, remedy = '' }) => md`**Warning:** ${message}. ${remedy}`)
  return lines.length === 0 ? '' : `${list(lines)}\n\n`
}

function having(items: readonly PreflightItem[], wanted: PreflightItem['outcome']) {
  return items.filter(({ outcome }) => outcome === wanted)
}

function prerequisites(items: readonly PreflightItem[]): string {
  const rows = items.map(({ outcome, name, message, remedy }): readonly Text[] => [
    name,
    outcome,
    message,
    remedy ?? NOTHING
  ])
  return table(['prerequisite', 'state', 'found', 'what to do'], rows)
}

const PREFLIGHT = {
  ok: 'everything is in order',
  warn: 'nothing stops a rollout, but look at the warnings',
  fail: 'a rollout would fail'
} as const

/** Flags as they are on one target, and what stands in their way. */
export function renderFlags({ target, flags, obstacles }: FlagReading): string {
  const rows = Object.entries(flags).map(([name, state]): readonly Text[] => [
    code(name),
    stateText(state)
  ])
  const warnings = obstacles.map(({ message, remedy }) => md`**${message}.** ${remedy}`)
  return page(`Flags on ${target}`, [table(['flag', 'value'], rows), list(warnings)])
}

function stateText(state: FlagState): Text {
  switch (state.kind) {
    case 'set':
      return code(state.value)
    case 'absent':
      return 'absent'
    case 'unreadable':
      return `unreadable: ${state.reason}`
  }
}

/** A deployment that is live. */
export function renderDeployment({ target, url, id }: Deployment): string {
  return page(`Deployed to ${target}`, [md`${link(url, url)} (${code(id)})`.markdown])
}

/** Criteria of a phase, judged over a window of somebody's choice. */
export function renderVerification(verified: {
  readonly phase: string
  readonly since: string
  readonly judgements: readonly Judgement[]
}): string {
  const { phase, since, judgements } = verified
  const rows = judgements.map(({ criterion, verdict, message }): readonly Text[] => [
    criterion,
    verdictText(verdict),
    message
  ])
  return page(`${phase} since ${since}: ${worstVerdict(judgements)}`, [
    table(['criterion', 'verdict', 'found'], rows)
  ])
}

function page(title: string, sections: readonly string[]): string {
  const heading = md`${title}`.markdown
  return `${[`## ${heading}`, ...sections.filter(section => section !== '')].join('\n\n')}\n`
}
