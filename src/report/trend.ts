import type { Definition } from '../rollout/definition.ts'
import type { Judgement, LookBody } from '../rollout/events.ts'
import { countText } from '../verdict/wording.ts'
import { criterionOf, passBound } from './criterion-cells.ts'
import { type RecordedProportion, readFinding } from './recorded-finding.ts'
import { measureText, tallyText } from './share.ts'

/** One criterion at two looks of one phase. */
export interface Trend {
  readonly definition: Definition
  readonly look: LookBody
  readonly judgement: Judgement
  /** The look before; undefined when there was none. */
  readonly previous: LookBody | undefined
}

/** How a criterion has moved since the look before: "better, was 53 of 55 (96.4%), warn". */
export function trendText(trend: Trend): string {
  const before = trend.previous?.judgements.find(
    ({ criterion }) => criterion === trend.judgement.criterion
  )
  if (before === undefined) return 'first look'
  const changed = before.verdict === trend.judgement.verdict ? [] : [`was ${before.verdict}`]
  const moved = movement(trend, before)
  return [...moved, ...changed].join('; ') || 'unchanged'
}

function movement(trend: Trend, before: Judgement): readonly string[] {
  const [was, is] = [readFinding(before), readFinding(trend.judgement)]
  if (was.kind === 'proportion' && is.kind === 'proportion') {
    const bound = passBound(criterionOf(trend.definition, trend.look, trend.judgement))
    const same = was.hits === is.hits && was.all === is.all
    return same ? [] : [`${direction(was, is)} ${tallyText(was.hits, was.all, bound)}`]
  }
  if (was.kind === 'value' && is.kind === 'value') {
    return was.value === null || was.value === is.value
      ? []
      : [`after ${measureText(was, undefined)}`]
  }
  if ('events' in was && 'events' in is) return difference(was.events, is.events)
  if ('illegal' in was && 'illegal' in is) return difference(was.illegal, is.illegal)
  return []
}

function difference(was: number, is: number): readonly string[] {
  if (was === is) return []
  return [is > was ? `${countText(is - was)} more` : `${countText(was - is)} fewer`]
}

function direction(was: RecordedProportion, is: RecordedProportion): string {
  if (was.all === 0 || is.all === 0) return 'after'
  const change = is.good / is.all - was.good / was.all
  if (change === 0) return 'level with'
  return change > 0 ? 'better than' : 'worse than'
}
