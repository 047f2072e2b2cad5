import type { Criterion, Definition } from './definition.ts'
import type { IntegrityFinding, Judgement, LookEvent } from './events.ts'
import { checkClocks } from './integrity.ts'
import { type Blindness, type JudgingFrame, judge, judgeBlind, showFigures } from './judge.ts'
import type { Reading } from './ports.ts'

/** What one look saw: the database's answers, or why there are none. */
export type Sight =
  | {
      readonly kind: 'seen'
      readonly reading: Reading
      /** The process's clock before and after the question. */
      readonly askedMs: number
      readonly answeredMs: number
    }
  | { readonly kind: 'blind'; readonly blindness: Blindness }

/** What a look is made from, besides the ledger and the definition. */
export interface Seen {
  readonly sight: Sight
  /** The instant that everything is measured to, in milliseconds since the epoch. */
  readonly nowMs: number
  readonly integrity: readonly IntegrityFinding[]
  /** When it was made, by the process's clock, ISO 8601. */
  readonly at: string
  readonly wokenBy: string
}

/** One judgement per criterion, also of a look that nobody answered. */
export function judgeSight(
  criteria: readonly Criterion[],
  sight: Sight,
  frame: JudgingFrame
): readonly Judgement[] {
  return sight.kind === 'seen'
    ? judge(criteria, sight.reading, frame)
    : judgeBlind(criteria, sight.blindness)
}

/** The part of a look event that is shown beside the judgements; absent when there is nothing. */
export function figuresOf(
  { shown }: Pick<Definition, 'shown'>,
  sight: Sight
): Pick<LookEvent, 'shown'> {
  const figures = sight.kind === 'seen' ? showFigures(shown, sight.reading) : []
  return figures.length === 0 ? {} : { shown: [...figures] }
}

/** The part of a look event that says which rows it was made from. */
export function windowOf(sight: Sight): Pick<LookEvent, 'window' | 'digests'> {
  if (sight.kind === 'blind') return { digests: {} }
  const { since, until, databaseNow, version, snapshot, digests } = sight.reading
  return { window: { since, until, databaseNow, version, snapshot }, digests: { ...digests } }
}

/** Whether database and process agree on the time; nothing when the database did not answer. */
export function clocksOf(sight: Sight): readonly IntegrityFinding[] {
  return sight.kind === 'seen'
    ? [checkClocks(sight.reading.databaseNow, sight.askedMs, sight.answeredMs)]
    : []
}
