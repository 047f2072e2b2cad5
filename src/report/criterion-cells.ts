import type { Criterion, Definition, SustainedSettings } from '../rollout/definition.ts'
import { phaseNamed } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import type { Judgement, LookBody } from '../rollout/events.ts'
import type { Threshold } from '../verdict/threshold.ts'
import { isFloor, thresholdText } from '../verdict/threshold.ts'
import { valueBoundText } from '../verdict/value-look.ts'
import { countText, manyText } from '../verdict/wording.ts'
import { NOTHING } from './markdown.ts'
import {
  type RecordedFinding,
  type RecordedProportion,
  type RecordedStateMachine,
  readFinding
} from './recorded-finding.ts'
import { measureText, sequenceText, tallyText } from './share.ts'
import { verdictText } from './verdict-mark.ts'

/** The columns of every table of criteria; a report may add its own. */
export const CRITERION_COLUMNS = ['criterion', 'value', 'needs', '95 % sequence', 'verdict']

/** The cells of one judgement of a look under those columns. */
export function criterionCells(
  definition: Definition,
  look: LookBody,
  judgement: Judgement
): readonly string[] {
  const criterion = criterionOf(definition, look, judgement)
  const finding = readFinding(judgement)
  return [
    judgement.criterion,
    valueText(finding, criterion),
    needsText(criterion),
    finding.kind === 'proportion' ? shownSequence(finding, criterion) : NOTHING,
    verdictText(judgement.verdict)
  ]
}

/** The criterion that a judgement is about; undefined when the definition no longer has it. */
export function criterionOf(
  definition: Definition,
  { purpose, phase }: LookBody,
  judgement: Judgement
): Criterion | undefined {
  const set =
    purpose === 'watch' ? definition.rollback.criteria : phaseNamed(definition, phase)?.criteria
  return definition.criteria[set ?? '']?.find(({ name }) => name === judgement.criterion)
}

/** What was counted or measured: "97 of 100 (97%)", "0 events", "1,840 from 3,000 samples". */
function valueText(finding: RecordedFinding, criterion: Criterion | undefined): string {
  switch (finding.kind) {
    case 'proportion':
      return tallyText(finding.hits, finding.all, passBound(criterion))
    case 'zero-tolerance':
      return manyText(finding.events, finding.noun)
    case 'sustained':
      return finding.events === 0
        ? manyText(0, 'error')
        : `${manyText(finding.events, 'error')} in ${manyText(finding.bucketsWithErrors, 'bucket')}`
    case 'value':
      return measureText(finding, criterion?.kind === 'value' ? criterion.pass : undefined)
    case 'state-machine':
      return stateMachineText(finding)
    case 'none':
      return NOTHING
  }
}

/** "3 illegal of 1,204 transitions, 2 units waiting for up to 12 min". */
function stateMachineText(finding: RecordedStateMachine): string {
  const { transitions, illegal, waiting, oldestMinutes } = finding
  const all = manyText(transitions, 'transition')
  const seen = illegal === 0 ? all : `${countText(illegal)} illegal of ${all}`
  if (waiting === undefined || oldestMinutes === undefined) return seen
  return `${seen}, ${manyText(waiting, 'unit')} waiting for up to ${countText(Math.floor(oldestMinutes))} min`
}

/** The bound that a share must keep; undefined for criteria that are not about a share. */
export function passBound(criterion: Criterion | undefined): Threshold | undefined {
  return criterion?.kind === 'proportion' ? criterion.pass : undefined
}

/** What the definition asks of a criterion. */
export function needsText(criterion: Criterion | undefined): string {
  switch (criterion?.kind) {
    case 'proportion':
      return `pass ${thresholdText(criterion.pass)}; red ${thresholdText(criterion.red)}`
    case 'zero-tolerance':
      return `none, while ${criterion.control.metric} arrives`
    case 'sustained':
      return `none; red in ${burstText(criterion)}`
    case 'value': {
      const { pass, red, sustained } = criterion
      const burst = sustained === undefined ? '' : ` in all, or in ${burstText(sustained)}`
      return `pass ${valueBoundText(pass)}; red ${valueBoundText(red)}${burst}`
    }
    case 'state-machine': {
      const { stuck, control } = criterion
      const wait =
        stuck === undefined
          ? ''
          : `, nobody in ${stuck.state} for ${formatDuration(stuck.warnMs)} (red: ${formatDuration(stuck.redMs)})`
      return `only legal transitions${wait}, while ${control.metric} arrives`
    }
    case 'reports':
      return `no issue labelled ${criterion.label}`
    case undefined:
      return NOTHING
  }
}

function burstText({ run, of: [enough, window], bucketMs }: SustainedSettings): string {
  return `${run} buckets of ${formatDuration(bucketMs)} in a row, or in ${enough} of ${window}`
}

/** On the side that the definition counts, like the value beside it. */
function shownSequence(finding: RecordedProportion, criterion: Criterion | undefined): string {
  if (finding.sequence === undefined) return NOTHING
  const [low, high] = finding.sequence
  const pass = passBound(criterion)
  return sequenceText(pass === undefined || isFloor(pass) ? [low, high] : [1 - high, 1 - low])
}
