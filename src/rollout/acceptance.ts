import type { Acceptance, Judgement, LookEvent } from './events.ts'
import { isBot } from './initiators.ts'
import { InputError } from './rollgate-error.ts'
import { type Accepted, type PhaseState, type State, watchedPhase } from './state.ts'

/** What a person may take upon themselves, by the words of the input `accept`. */
export const ACCEPTANCE_KINDS = ['thin', 'warnings'] as const

export type AcceptanceKind = (typeof ACCEPTANCE_KINDS)[number]

type Finding = Pick<Judgement, 'criterion' | 'verdict' | 'code'>

/**
 * Thin evidence is there, meets the bound and is too little. Neither silence nor blindness nor a red
 * verdict is anybody's to accept.
 */
export function acceptanceKind({
  verdict,
  code
}: Pick<Finding, 'verdict' | 'code'>): AcceptanceKind | undefined {
  if (verdict === 'warn') return 'warnings'
  return verdict === 'insufficient' && code === 'thin' ? 'thin' : undefined
}

/** The newest acceptance of just what the criterion says; undefined when nobody has accepted that. */
export function acceptanceOf(
  finding: Finding,
  accepted: readonly Accepted[]
): Accepted | undefined {
  if (acceptanceKind(finding) === undefined) return undefined
  return accepted.findLast(
    ({ criterion, verdict, code }) =>
      criterion === finding.criterion && verdict === finding.verdict && code === finding.code
  )
}

/** What neither passes nor was accepted. */
export function openFindings<One extends Finding>(
  judgements: readonly One[],
  accepted: readonly Accepted[]
): readonly One[] {
  return judgements.filter(
    one => one.verdict !== 'pass' && acceptanceOf(one, accepted) === undefined
  )
}

/**
 * What can be accepted at the moment: findings of the last look on record at the phase that soaks, once
 * its soak is over. Before that they hold nothing.
 */
export function acceptableNow(state: State): readonly Judgement[] {
  const look = lastFinalLook(watchedPhase(state))
  return look?.judgements.filter(one => acceptanceKind(one) !== undefined) ?? []
}

/** What the promotion of a phase was made on beside passes; none when every criterion passed. */
export function acceptedAtPromotion({ looks, accepted = [] }: PhaseState): readonly Accepted[] {
  const promotion = looks.findLast(({ decision }) => decision === 'promote')
  return promotion?.judgements.flatMap(one => acceptanceOf(one, accepted) ?? []) ?? []
}

const OPTIONS: Readonly<Record<AcceptanceKind, string>> = {
  thin: '--accept-thin',
  warnings: '--accept-warning'
}

/**
 * How somebody takes upon themselves whatever a look at the end of a soak is held by; undefined where
 * something of it is nobody's to accept, or nothing is in the way.
 */
export function wayToAccept({
  final,
  judgements
}: Pick<LookEvent, 'final' | 'judgements'>): string | undefined {
  const open = judgements.filter(({ verdict }) => verdict !== 'pass').map(acceptanceKind)
  if (!final || open.length === 0 || open.includes(undefined)) return undefined
  const kinds = ACCEPTANCE_KINDS.filter(kind => open.includes(kind))
  const options = kinds.map(kind => OPTIONS[kind]).join(' ')
  return `rollgate resume ${options} --reason "…" (in the Actions tab: resume, accept: ${kinds.join(', ')})`
}

/** Whether a look that finds the same as this one at the end of the soak would promote on acceptances. */
export function isAllAccepted(
  { final, judgements }: Pick<LookEvent, 'final' | 'judgements'>,
  accepted: readonly Accepted[]
): boolean {
  const passes = judgements.every(({ verdict }) => verdict === 'pass')
  return final && !passes && openFindings(judgements, accepted).length === 0
}

/** `success-rate is insufficient (thin)` */
export function findingText({ criterion, verdict, code }: Finding): string {
  return `${criterion} is ${verdict} (${code})`
}

/**
 * The findings of these kinds, as `resumed` keeps them: every one that is there. No kind: none.
 * @throws InputError (`nothing_to_accept`) when one of the kinds is not there, with what is;
 * (`not_a_person`) when a program asks
 */
export function acceptancesFor(
  state: State,
  kinds: readonly AcceptanceKind[],
  by: string
): readonly Acceptance[] {
  if (kinds.length === 0) return []
  if (isBot(by)) throw notAPerson(by)
  const found = acceptableNow(state)
  const missing = kinds.filter(kind => found.every(one => acceptanceKind(one) !== kind))
  if (missing.length > 0) throw nothingToAccept(state, missing)
  return found.flatMap(({ criterion, verdict, code }) => {
    const kind = acceptanceKind({ verdict, code })
    if (kind === undefined || !kinds.includes(kind)) return []
    return [{ criterion, verdict: verdict === 'warn' ? verdict : 'insufficient', code }]
  })
}

function lastFinalLook(phase: PhaseState | undefined): LookEvent | undefined {
  const look = phase?.status === 'soaking' ? phase.looks.at(-1) : undefined
  return look?.final === true ? look : undefined
}

const WANTED: Readonly<Record<AcceptanceKind, string>> = {
  thin: 'no criterion has evidence that is good and merely thin',
  warnings: 'no criterion warns'
}

function nothingToAccept(state: State, missing: readonly AcceptanceKind[]): InputError {
  const why = missing.map(kind => WANTED[kind]).join(', and ')
  const { message, remedy } = whatIsThere(state)
  return new InputError(
    'nothing_to_accept',
    `There is nothing to accept: ${why}; ${message}. It is still held.`,
    remedy
  )
}

const OTHERWISE = 'resume it without an acceptance, begin its soak anew, or roll it back.'

function whatIsThere(state: State): { readonly message: string; readonly remedy: string } {
  const phase = watchedPhase(state)
  if (phase?.status !== 'soaking') {
    return {
      message: 'no phase is soaking',
      remedy: 'Resume it without an acceptance, or roll it back.'
    }
  }
  const look = phase.looks.at(-1)
  if (look === undefined || !look.final) {
    return {
      message: `at the last look on record the soak of ${phase.name} was not over, and until then neither is in its way`,
      remedy: 'Resume it without an acceptance; accept what is left when the soak is over.'
    }
  }
  const open = look.judgements.filter(({ verdict }) => verdict !== 'pass').map(findingText)
  if (open.length === 0) {
    return {
      message: 'at the last look on record every criterion passes',
      remedy: `Nothing has to be accepted: ${OTHERWISE}`
    }
  }
  const kinds = [...new Set(look.judgements.flatMap(one => acceptanceKind(one) ?? []))]
  return {
    message: `at the last look on record ${open.join(', ')}`,
    remedy:
      kinds.length > 0
        ? `Accept what is there (${kinds.join(', ')}), or ${OTHERWISE}`
        : `Put right what it says, then ${OTHERWISE}`
  }
}

function notAPerson(by: string): InputError {
  return new InputError(
    'not_a_person',
    `${by} is a program, and only a person can take a finding upon themselves.`,
    'Let a person resume it.'
  )
}
