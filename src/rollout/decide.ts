import { acceptanceOf, openFindings } from './acceptance.ts'
import type { BlindRule } from './definition.ts'
import { formatDuration } from './duration.ts'
import type { Decision, HoldCause, IntegrityFinding, Judgement } from './events.ts'
import type { DueLook } from './schedule.ts'
import { type Accepted, endsByItself, type Hold } from './state.ts'

/** Everything a decision depends on, and nothing else. */
export interface Circumstances {
  readonly judgements: readonly Judgement[]
  readonly integrity: readonly IntegrityFinding[]
  readonly due: DueLook
  readonly hold: Hold | undefined
  /** What people have taken upon themselves in this soak. */
  readonly accepted: readonly Accepted[]
  /** Why nothing may move forward at the moment; undefined when it may. */
  readonly frozen: string | undefined
  readonly blind: BlindRule
  /** Since the last look that was answered in full, or since the phase began. */
  readonly unseenMs: number
}

export interface DecisionMade {
  readonly decision: Decision
  /** The one rule that fired. */
  readonly rule: string
  readonly reason: string
  /** Why it holds, when it does. */
  readonly cause?: HoldCause
}

type Rule = (circumstances: Circumstances) => DecisionMade | undefined

/** Highest first; the first rule that has an answer is the decision (docs/verdicts.md). */
const PRECEDENCE: readonly Rule[] = [
  anyRed,
  blindTooLong,
  integrityBroken,
  anyError,
  heldOrFrozen,
  soakOver
]

/**
 * Turns the verdicts of one look into its decision. Total: whatever the input, there is exactly one
 * decision, and `promote` only ever follows from at least one criterion, of which each passes or says
 * just what a person has accepted of it.
 */
export function decide(circumstances: Circumstances): DecisionMade {
  for (const rule of PRECEDENCE) {
    const made = rule(circumstances)
    if (made !== undefined) return made
  }
  return goOn(circumstances)
}

function anyRed({ judgements }: Circumstances): DecisionMade | undefined {
  const red = judgements.filter(({ verdict }) => verdict === 'red')
  if (red.length === 0) return undefined
  return { decision: 'rollback', rule: 'any-red', reason: tell(red) }
}

function blindTooLong({ judgements, blind, unseenMs }: Circumstances): DecisionMade | undefined {
  const errors = errorsIn(judgements)
  if (errors.length === 0 || unseenMs <= blind.maxMs) return undefined
  const reason = `nobody could look for ${formatDuration(unseenMs)} (allowed: ${formatDuration(blind.maxMs)}): ${tell(errors)}`
  return blind.decision === 'rollback'
    ? { decision: 'rollback', rule: 'blind', reason }
    : { decision: 'hold', rule: 'blind', reason, cause: 'blind' }
}

function integrityBroken({ integrity }: Circumstances): DecisionMade | undefined {
  const broken = integrity.filter(({ ok }) => !ok)
  if (broken.length === 0) return undefined
  const reason = broken.map(({ message }) => message).join('; ')
  return { decision: 'hold', rule: 'integrity', reason, cause: 'integrity' }
}

function anyError({ judgements, due }: Circumstances): DecisionMade | undefined {
  const errors = errorsIn(judgements)
  if (errors.length === 0) return undefined
  const rule = 'any-error'
  return isCheckpoint(due)
    ? { decision: 'hold', rule, reason: tell(errors), cause: 'error' }
    : { decision: 'continue', rule, reason: `the next look tries again: ${tell(errors)}` }
}

function heldOrFrozen(circumstances: Circumstances): DecisionMade | undefined {
  const { hold, frozen } = circumstances
  if (hold !== undefined && !endsByItself(hold)) {
    const { cause } = hold
    return { decision: 'hold', rule: 'held', reason: heldReason(hold, circumstances), cause }
  }
  return frozen === undefined
    ? undefined
    : { decision: 'hold', rule: 'frozen', reason: frozen, cause: 'frozen' }
}

/** What the look itself finds, where findings hold it: they may be others than those it was held for. */
function heldReason({ cause, reason }: Hold, { judgements, due, accepted }: Circumstances): string {
  const open = openFindings(judgements, accepted)
  const byFindings = cause === 'warn' || cause === 'insufficient'
  return byFindings && due.final && open.length > 0 ? tell(open) : reason
}

function soakOver(circumstances: Circumstances): DecisionMade | undefined {
  const { judgements, due, accepted } = circumstances
  if (!due.final) return undefined
  const open = openFindings(judgements, accepted)
  const warnings = open.filter(({ verdict }) => verdict === 'warn')
  if (warnings.length > 0) {
    return { decision: 'hold', rule: 'final-warn', reason: tell(warnings), cause: 'warn' }
  }
  return open.length > 0 ? extendOrHold(open, due) : promote(circumstances)
}

function extendOrHold(thin: readonly Judgement[], due: DueLook): DecisionMade {
  const rule = 'final-insufficient'
  return due.extensionOver
    ? { decision: 'hold', rule, reason: tell(thin), cause: 'insufficient' }
    : { decision: 'continue', rule, reason: `the soak is extended: ${tell(thin)}` }
}

/**
 * A conjunction of explicit passes and of findings accepted by name, in a world that was looked at:
 * nothing follows from no finding.
 */
function promote({ judgements, integrity, accepted }: Circumstances): DecisionMade {
  if (judgements.length === 0 || integrity.length === 0) {
    return { decision: 'hold', rule: 'unproven', reason: 'nothing was judged', cause: 'error' }
  }
  const taken = judgements.flatMap(one => takenText(one, accepted) ?? [])
  if (taken.length === 0) {
    const reason = `every criterion passes: ${tell(judgements)}`
    return { decision: 'promote', rule: 'all-pass', reason }
  }
  const rest = taken.length < judgements.length ? ['every other criterion passes'] : []
  return { decision: 'promote', rule: 'accepted', reason: [...taken, ...rest].join('; ') }
}

function takenText(judgement: Judgement, accepted: readonly Accepted[]): string | undefined {
  const acceptance = acceptanceOf(judgement, accepted)
  if (acceptance === undefined) return undefined
  const { criterion, verdict, code, message } = judgement
  const { by, reason } = acceptance
  return `${criterion} is ${verdict} (${code}), which ${by} accepted, because: ${reason} (${message})`
}

function goOn({ judgements }: Circumstances): DecisionMade {
  const open = judgements.filter(({ verdict }) => verdict !== 'pass')
  const reason = open.length === 0 ? 'every criterion passes so far' : tell(open)
  return { decision: 'continue', rule: 'soaking', reason }
}

function isCheckpoint(due: DueLook): boolean {
  return due.final || due.checkpoints.length > 0
}

function errorsIn(judgements: readonly Judgement[]): readonly Judgement[] {
  return judgements.filter(({ verdict }) => verdict === 'error')
}

function tell(judgements: readonly Judgement[]): string {
  const messages = judgements.map(({ criterion, message }) => `${criterion}: ${message}`)
  return [...new Set(messages)].join('; ')
}
