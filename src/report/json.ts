import type { DecisionMade } from '../rollout/decide.ts'
import type { Definition } from '../rollout/definition.ts'
import type { Decision, Figure, Judgement, LookBody } from '../rollout/events.ts'
import { currentPhase, type RolloutStatus, type State } from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { whatNext } from './next.ts'
import { phaseLines } from './phase-line.ts'
import { type RecordedFinding, readFinding } from './recorded-finding.ts'
import { rolloutName } from './rollout-name.ts'

export interface ResultInput {
  readonly definition: Definition
  readonly state: State
  /** The look that this run made. */
  readonly look?: LookBody
  /** What this run decided, when no look carries it. */
  readonly decision?: DecisionMade
  /** ISO 8601. */
  readonly now: string
}

/**
 * The `result` output and `--json`: public, for machines. Every key is always there, null when it
 * does not apply; a change that breaks a reader raises the version.
 */
export interface Result {
  readonly version: 1
  readonly rollout: string
  readonly definition: string
  readonly number: number
  readonly digest: string
  readonly status: RolloutStatus
  readonly phase: string | null
  readonly target: string | null
  readonly deploymentUrl: string | null
  readonly decision: Decision | null
  /** The worst verdict of the look. */
  readonly verdict: Verdict | null
  readonly rule: string | null
  readonly reason: string | null
  readonly checkpoints: readonly string[]
  readonly criteria: readonly CriterionResult[]
  /** Shares shown beside the criteria, never judged. */
  readonly shown: readonly Figure[]
  readonly integrity: readonly {
    readonly code: string
    readonly ok: boolean
    readonly message: string
  }[]
  readonly rollback: string | null
  readonly next: {
    readonly what: string
    readonly when: string | null
    readonly who: string | null
    /** The run that is at it, or the page where it is to be done. */
    readonly url: string | null
  }
  /** How it ended for good. */
  readonly graduated: { readonly issue: string | null; readonly proposal: string | null } | null
}

export interface CriterionResult {
  readonly criterion: string
  readonly metric: string
  readonly verdict: Verdict
  readonly code: string
  readonly message: string
  /** The numbers behind it, by the kind of criterion; infinite ones are left out. */
  readonly finding: RecordedFinding
}

/** What a run found and what happens next, as one plain object. */
export function toResult(input: ResultInput): Result {
  const { definition, state } = input
  const { what, when, who, url } = whatNext(input)
  const { graduated } = state
  return {
    version: 1,
    rollout: rolloutName(definition, state),
    definition: definition.name,
    number: state.number,
    digest: state.digest,
    status: state.status,
    ...placeOf(input),
    ...decisionOf(input),
    rollback: state.rollback?.finished?.outcome ?? null,
    next: { what, when: when ?? null, who: who ?? null, url: url ?? null },
    graduated: graduated
      ? { issue: graduated.issue ?? null, proposal: graduated.proposal ?? null }
      : null
  }
}

function placeOf({
  definition,
  state,
  look
}: ResultInput): Pick<Result, 'phase' | 'target' | 'deploymentUrl'> {
  const name = look?.phase ?? state.rollback?.intent.phase ?? currentPhase(state)?.name
  const line = phaseLines(definition, state).find(phase => phase.name === name)
  return {
    phase: name ?? null,
    target: line?.target ?? null,
    deploymentUrl: line?.deployment ?? null
  }
}

function decisionOf({
  state,
  look,
  decision
}: ResultInput): Pick<
  Result,
  'decision' | 'verdict' | 'rule' | 'reason' | 'checkpoints' | 'criteria' | 'shown' | 'integrity'
> {
  const made = look ?? decision
  const judgements = look?.judgements ?? []
  return {
    decision: made?.decision ?? null,
    verdict: look === undefined ? null : worstVerdict(judgements),
    rule: made?.rule ?? null,
    reason: made?.reason ?? state.rollback?.intent.reason ?? state.hold?.reason ?? null,
    checkpoints: look?.checkpoints ?? [],
    criteria: judgements.map(toCriterion),
    shown: look?.shown ?? [],
    integrity: look?.integrity ?? []
  }
}

function toCriterion(judgement: Judgement): CriterionResult {
  const { criterion, metric, verdict, code, message } = judgement
  return { criterion, metric, verdict, code, message, finding: readFinding(judgement) }
}
