import { type Finding, unanswered } from '../verdict/finding.ts'
import { findingOf, type JudgingFrame } from './criterion-finding.ts'
import type { Criterion } from './definition.ts'
import type { Figure, Judgement } from './events.ts'
import type { Reading } from './ports.ts'
import { answerOf, eventsIn } from './reading.ts'

export type { JudgingFrame } from './criterion-finding.ts'

/** Why nothing could be asked. */
export interface Blindness {
  readonly code: string
  readonly message: string
}

/** One judgement per criterion, in the order of the definition. Nothing is ever skipped. */
export function judge(
  criteria: readonly Criterion[],
  reading: Reading,
  frame: JudgingFrame
): readonly Judgement[] {
  return criteria.map(criterion => toJudgement(criterion, findingOf(criterion, reading, frame)))
}

/** The judgements of a look that the database did not answer: every criterion is an error. */
export function judgeBlind(
  criteria: readonly Criterion[],
  { code, message }: Blindness
): readonly Judgement[] {
  return criteria.map(criterion => toJudgement(criterion, unanswered(code, message)))
}

/** The shares to show beside the judgements; a metric that has no answer, or nothing to count, is left out. */
export function showFigures(
  shown: Readonly<Record<string, string>>,
  reading: Reading
): readonly Figure[] {
  return Object.entries(shown).flatMap(([metric, label]) => {
    const answer = answerOf(reading, metric)
    const rows = answer.kind === 'answered' ? answer.rows : []
    const total = rows.reduce((sum, row) => sum + (row.total ?? 0), 0)
    const hits = eventsIn(rows)
    return total === 0 ? [] : [{ metric, label, hits, total }]
  })
}

function toJudgement(criterion: Criterion, finding: Finding): Judgement {
  const { verdict, code, message } = finding
  return {
    criterion: criterion.name,
    metric: criterion.metric,
    verdict,
    code,
    message,
    finding: { ...finding }
  }
}
