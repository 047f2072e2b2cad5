import type { BlindRule } from './definition.ts'
import { formatDuration } from './duration.ts'
import type { Decision, HoldCause, IntegrityFinding, Judgement } from './events.ts'
import type { DueLook } from './schedule.ts'
import { endsByItself, type Hold } from './state.ts'

/** Everything a decision depends on, and nothing else. */
export interface Circumstances {
  readonly judgements: readonly Judgement[]
  readonly integrity: readonly IntegrityFinding[]
  readonly due: DueLook
  readonly hold: Hold | undefined
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

/** Highest first; the first rule that has an answer is the decision (3-verdicts.md, 3.2). */
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
 * decision, and `promote` only ever follows from at least one criterion and passes in all of them.
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

function heldOrFrozen({ hold, frozen }: Circumstances): DecisionMade | undefined {
  if (hold !== undefined && !endsByItself(hold)) {
    const { cause, reason } = hold
    return { decision: 'hold', rule: 'held', reason, cause }
  }
  return frozen === undefined
    ? undefined
    : { decision: 'hold', rule: 'frozen', reason: frozen, cause: 'frozen' }
}

function soakOver(circumstances: Circumstances): DecisionMade | undefined {
  const { judgements, due } = circumstances
  if (!due.final) return undefined
  const warnings = judgements.filter(({ verdict }) => verdict === 'warn')
  if (warnings.length > 0) {
    return { decision: 'hold', rule: 'final-warn', reason: tell(warnings), cause: 'warn' }
  }
  const thin = judgements.filter(({ verdict }) => verdict === 'insufficient')
  if (thin.length > 0) return extendOrHold(thin, due)
  return promote(circumstances)
}

function extendOrHold(thin: readonly Judgement[], due: DueLook): DecisionMade {
  const rule = 'final-insufficient'
  return due.extensionOver
    ? { decision: 'hold', rule, reason: tell(thin), cause: 'insufficient' }
    : { decision: 'continue', rule, reason: `the soak is extended: ${tell(thin)}` }
}

/** A conjunction of explicit passes, in a world that was looked at: nothing follows from no finding. */
function promote({ judgements, integrity }: Circumstances): DecisionMade {
  const seen = judgements.length > 0 && integrity.length > 0
  const proven = seen && judgements.every(({ verdict }) => verdict === 'pass')
  return proven
    ? {
        decision: 'promote',
        rule: 'all-pass',
        reason: `every criterion passes: ${tell(judgements)}`
      }
    : { decision: 'hold', rule: 'unproven', reason: 'nothing was judged', cause: 'error' }
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
