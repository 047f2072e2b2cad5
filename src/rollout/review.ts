import { type ApprovalCase, type Planned, requireBriefing, requirePlanned } from './briefing.ts'
import type { EnvironmentGate } from './definition.ts'
import { requireGate, reviewerText } from './gate.ts'
import { initiatorsOf, isBot, isOneOf, same } from './initiators.ts'
import type { Approval, GateFacts, Review } from './ports.ts'
import { InputError } from './rollgate-error.ts'

/**
 * How many approvals there are among the reviews: what `phase-planned.approvalsBefore` keeps. A record
 * of a review has no time and no attempt, so an approval counts when it is one more than these.
 */
export function approvalsIn(reviews: readonly Review[]): number {
  return reviews.filter(isApproval).length
}

/**
 * Proof that a reviewer of the gate's environment approved in this run and attempt.
 * @throws InputError that says who or what is missing
 */
export function proveReview(given: ApprovalCase, gate: EnvironmentGate): Approval {
  const { facts } = given
  requireGate(gate, facts)
  const planned = requirePlanned(given)
  if (planned.run !== given.actor.run) throw ofAnotherRun(given, planned)
  requireBriefing(given, gate)
  const [newest, ...possible] = newestApprovals(given, gate, planned)
  for (const review of possible) judgeReview({ ...given, facts, gate, planned, review })
  return judgeReview({ ...given, facts, gate, planned, review: newest })
}

interface ReviewCase extends ApprovalCase {
  readonly facts: GateFacts
  readonly gate: EnvironmentGate
  readonly planned: Planned
  readonly review: Review
}

function judgeReview(given: ReviewCase): Approval {
  const { facts, gate, phase, planned, review, state } = given
  refuseBot(given, gate, review.by)
  const initiators = initiatorsOf(state, planned)
  const alone = isOneOf(review.by, initiators)
  if (alone && facts.preventsSelfReview) {
    throw new InputError(
      'approved_by_initiator',
      `${phase.name} was approved by ${review.by}, who started the rollout or planned the phase; ${gate.environment} wants somebody else.`,
      `Start ${phase.name} again and let ${othersText(facts, initiators)} approve it.`
    )
  }
  const listed = facts.reviewers.some(({ kind, name }) => kind === 'user' && same(name, review.by))
  const byTeam = facts.reviewers.some(({ kind }) => kind === 'team')
  if (!listed && !byTeam) {
    throw new InputError(
      'approver_unknown',
      `${phase.name} was let pass by ${review.by}, who is none of the reviewers of ${gate.environment} (${facts.reviewers.map(reviewerText).join(', ')}), as an administrator can.`,
      `Let one of the reviewers approve it: start ${phase.name} again.`
    )
  }
  const how = [
    `review of the environment ${gate.environment} in run ${given.actor.run}`,
    ...(listed ? [] : [teamText(facts)]),
    ...(alone ? ['by the person who started it, and by nobody else: the gate allows that'] : [])
  ].join('; ')
  return { by: review.by, comment: review.comment, how }
}

/** The token of a job cannot ask who is in a team. */
function teamText({ reviewers, adminsCanBypass }: GateFacts): string {
  const teams = reviewers.filter(({ kind }) => kind === 'team').map(reviewerText)
  const trust = adminsCanBypass === false ? '' : ', unless an administrator passed it by'
  return `GitHub checked that it was somebody of ${teams.join(' or ')}${trust}`
}

/**
 * The approval that this attempt was given. They are taken to come oldest first, which GitHub does not
 * promise: the one at the other end may be the newest too, so whoever gave it must be one who may.
 */
function newestApprovals(
  { reviews, phase }: ApprovalCase,
  { environment }: EnvironmentGate,
  { approvalsBefore = 0 }: Planned
): readonly [Review, ...Review[]] {
  const last = reviews.at(-1)
  if (last?.state === 'rejected') {
    const said = last.comment === '' ? '' : `: ${last.comment}`
    throw new InputError(
      'gate_rejected',
      `${phase.name} was rejected by ${last.by} at ${environment}${said}.`,
      `Put right what ${last.by} did not like, then start ${phase.name} again.`
    )
  }
  const approvals = reviews.filter(isApproval)
  const [first] = approvals
  const newest = approvals.slice(approvalsBefore).at(-1)
  if (newest !== undefined && first !== undefined) return [newest, first]
  throw new InputError(
    'not_approved',
    approvalsBefore === 0
      ? `Nobody has approved ${phase.name} at ${environment} in this run.`
      : `Nobody has approved ${phase.name} at ${environment} in this attempt; an approval of an earlier one is used up.`,
    `Start ${phase.name} again and let a reviewer of ${environment} approve it; the job of the gate must name that environment.`
  )
}

function refuseBot(
  { phase }: Pick<ApprovalCase, 'phase'>,
  { environment }: EnvironmentGate,
  by: string
): void {
  if (!isBot(by)) return
  throw new InputError(
    'approver_unknown',
    `${phase.name} was approved by ${by}, which is nobody, at ${environment}.`,
    `Let a person approve it: start ${phase.name} again.`
  )
}

function ofAnotherRun({ phase, actor }: ApprovalCase, planned: Planned): InputError {
  return new InputError(
    'briefing_of_another_run',
    `The newest briefing of ${phase.name} was shown by run ${planned.run}, not by this one (${actor.run}): a run was repeated in part, or a newer briefing has taken its place.`,
    `Approve the newer run, or start ${phase.name} again; a job that is run again by itself proves nothing.`
  )
}

function isApproval({ state }: Review): boolean {
  return state === 'approved'
}

function othersText({ reviewers }: GateFacts, initiators: readonly string[]): string {
  const others = reviewers.filter(({ kind, name }) => kind === 'team' || !isOneOf(name, initiators))
  return others.length > 0
    ? others.map(reviewerText).join(' or ')
    : 'a reviewer who is still to be added'
}
