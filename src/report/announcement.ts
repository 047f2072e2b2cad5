import type { Definition } from '../rollout/definition.ts'
import type { Announcement } from '../rollout/ports.ts'
import { baselineByHand } from '../rollout/rollback-way.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { type ByHand, renderByHand } from './by-hand.ts'
import { CRITERION_COLUMNS, criterionCells } from './criterion-cells.ts'
import { utcText } from './instant.ts'
import { lookName } from './look-line.ts'
import { list, md, table } from './markdown.ts'
import { fitPage } from './page.ts'
import { rolloutName } from './rollout-name.ts'

/** An issue may not have more than 65,536 characters. */
const BODY_LIMIT_BYTES = 60_000

/** A rollback whose steps are all done: why, on what evidence, and what was done. */
export function rolledBack(definition: Definition, state: State): Announcement {
  const rollout = rolloutName(definition, state)
  const intent = state.rollback?.intent
  return {
    kind: 'rolled-back',
    rollout,
    title: `${rollout} is rolled back from ${intent?.phase ?? 'its phase'}`,
    body: page([
      md`${intent?.reason ?? 'no reason given'}`.markdown,
      ...evidence(definition, state),
      md`${definition.owner}: find the cause before a new attempt. The old state is watched now; the ledger has the evidence.`
        .markdown
    ])
  }
}

export interface Failed {
  /** What was not put back, or not proven. */
  readonly why: string
  readonly remedy?: string
  /** What the commands to finish it by hand are made from. */
  readonly byHand?: ByHand
}

/**
 * A rollback that could not be finished, or that took no effect, with the commands to finish it by
 * hand. `state` is undefined when not even the ledger could be read.
 */
export function rollbackFailed(
  definition: Definition,
  state: State | undefined,
  { why, remedy, byHand = byHandOf(state) }: Failed
): Announcement {
  const { name, owner } = definition
  const rollout = state === undefined ? name : rolloutName(definition, state)
  const reason = state?.rollback?.intent.reason
  return {
    kind: 'rollback-failed',
    rollout,
    title: `The rollback of ${rollout} needs a person`,
    body: page([
      [md`${why}`.markdown, ...(remedy === undefined ? [] : [md`${remedy}`.markdown])].join('\n'),
      md`${owner}: run rollback again, or finish it by hand.`.markdown,
      ...(byHand === undefined ? [] : [renderByHand(definition, byHand)]),
      ...(reason === undefined ? [] : [md`It was rolled back because: ${reason}`.markdown]),
      ...(state === undefined ? [] : evidence(definition, state))
    ])
  }
}

function byHandOf(state: State | undefined): ByHand | undefined {
  const rollback = state?.rollback
  return rollback && { target: rollback.intent.target, baseline: baselineByHand(rollback) }
}

/** Something that follows by itself could not be set going; a person can. */
export function notSetGoing(
  { name, owner }: Definition,
  state: State,
  failed: { readonly what: string; readonly why: string }
): Announcement {
  const rollout = rolloutId(name, state.number)
  return {
    kind: 'warning',
    rollout,
    title: `${rollout}: ${failed.what} was not started`,
    body: md`${failed.why} The next wake-up tries again; ${owner} can start it from the Actions tab meanwhile.`
      .markdown
  }
}

/** What was asked for did not come about, and what served before serves on. */
export function notDone(
  { name, owner }: Definition,
  state: State,
  failed: { readonly what: string; readonly why: string; readonly remedy: string }
): Announcement {
  const rollout = rolloutId(name, state.number)
  return {
    kind: 'failed',
    rollout,
    title: `${rollout}: ${failed.what}`,
    body: md`${failed.why} ${owner}: ${failed.remedy}`.markdown
  }
}

/** The criteria of the last look and the steps since. */
function evidence(definition: Definition, state: State): readonly string[] {
  const { rollback } = state
  const phase = state.phases.find(({ name }) => name === rollback?.intent.phase)
  const look = phase?.looks.at(-1)
  const steps = rollback?.steps ?? []
  const seen =
    look === undefined
      ? []
      : [
          md`At ${lookName(look)} of ${look.phase}, ${utcText(look.at)}:`.markdown,
          table(
            CRITERION_COLUMNS,
            look.judgements.map(judgement => criterionCells(definition, look, judgement))
          )
        ]
  const done = list(steps.map(({ at, message }) => md`${utcText(at)}: ${message}`))
  return [...seen, ...(steps.length === 0 ? [] : [done])]
}

function page(sections: readonly string[]): string {
  return fitPage(sections, BODY_LIMIT_BYTES)
}
