import { type ApprovalCase, requireBriefing } from './briefing.ts'
import { notConfirmed } from './confirmation.ts'
import type { DispatchGate, Gate } from './definition.ts'
import { initiatorsOf, isBot, isOneOf, same } from './initiators.ts'
import type { Approval } from './ports.ts'
import { proveReview } from './review.ts'
import { InputError } from './rollgate-error.ts'

export { type ApprovalCase, briefingStands, openPlan } from './briefing.ts'
export { approvalsIn } from './review.ts'

/**
 * Proof that the phase's gate was passed: by this briefing, for what would be changed now, in this run
 * and attempt, by somebody who may. Undefined when the phase has no gate.
 * @throws InputError that says who or what is missing; see docs/troubleshooting.md for the codes
 */
export function proveApproval(given: ApprovalCase): Approval | undefined {
  const { gate } = given.phase
  if (gate === undefined) return undefined
  if (given.kind === 'typed') return proveTyped(given, gate)
  return gate.mode === 'environment' ? proveReview(given, gate) : proveDispatch(given, gate)
}

/** There are no reviewers here: it proves that somebody meant it, not that a second person agreed. */
function proveTyped(given: ApprovalCase, gate: Gate): Approval {
  requireBriefing(given, gate)
  const { name } = given.definition
  if (given.confirm !== name) {
    throw notConfirmed(
      `${given.phase.name} has a gate, and nobody has confirmed it.`,
      name,
      `Read the briefing (plan), then apply with the confirmation ${name}.`
    )
  }
  return {
    by: given.actor.by,
    comment: `confirmed by typing ${name}`,
    how: 'typed confirmation, by the person who started it: weaker than a review'
  }
}

/** Nobody on the list is left: whoever started the rollout can brief anew, or the list is too short. */
function wayOfNobody({ state, phase, definition }: ApprovalCase, gate: DispatchGate, way: string) {
  const { startedBy = '' } = state
  const others = gate.allow.filter(login => !same(login, startedBy))
  return startedBy === '' || isBot(startedBy) || others.length === 0
    ? `Add a second login to allow in the gate of ${phase.name}. ${way}`
    : `${startedBy} starts ${phase.name} again, for a briefing that ${others.join(' or ')} did not plan; then one of them starts it with ${definition.name} in the field confirm.`
}

/** A second person starts the phase, having read the briefing of the first. */
function proveDispatch(given: ApprovalCase, gate: DispatchGate): Approval {
  const { definition, phase, actor, confirm } = given
  const planned = requireBriefing(given, gate)
  const initiators = initiatorsOf(given.state, planned)
  const others = gate.allow.filter(login => !isOneOf(login, initiators))
  const who = others.length > 0 ? `One of ${others.join(', ')}` : 'Somebody else'
  const way = `${who} reads the briefing of run ${planned.run}, then starts ${phase.name} with ${definition.name} in the field confirm.`
  const remedy = others.length > 0 ? way : wayOfNobody(given, gate, way)
  if (confirm !== definition.name) {
    const message = `${phase.name} has a gate, and nobody has confirmed it.`
    throw notConfirmed(message, definition.name, remedy)
  }
  if (isOneOf(actor.by, initiators)) {
    throw new InputError(
      'approved_by_initiator',
      `${phase.name} was confirmed by ${actor.by}, who started the rollout or planned the phase; the gate wants somebody else.`,
      remedy
    )
  }
  if (!isOneOf(actor.by, gate.allow)) {
    throw new InputError(
      'not_allowed',
      `${phase.name} was confirmed by ${actor.by}, who is not on the list of its gate (${gate.allow.join(', ')}).`,
      remedy
    )
  }
  return {
    by: actor.by,
    comment: `confirmed by typing ${definition.name}`,
    how: `started in run ${actor.run} by somebody on the gate's list who had neither started the rollout nor planned the phase: weaker than a review`
  }
}
