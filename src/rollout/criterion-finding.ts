import type { ControlFinding } from '../verdict/control.ts'
import { type Finding, unanswered } from '../verdict/finding.ts'
import { judgeProportion, type ProportionLook } from '../verdict/proportion.ts'
import { judgeStateMachine, type TransitionCount } from '../verdict/state-machine.ts'
import { judgeSustained, type SustainedRule } from '../verdict/sustained.ts'
import { judgeValue } from '../verdict/value.ts'
import { judgeZeroTolerance } from '../verdict/zero-tolerance.ts'
import { underControl } from './control-answer.ts'
import type {
  Criterion,
  ProportionCriterion,
  StateMachineCriterion,
  SustainedCriterion,
  SustainedSettings,
  ValueCriterion,
  ZeroToleranceCriterion
} from './definition.ts'
import type { Answer, Reading, SeriesRow } from './ports.ts'
import { ageMinutes, answerOf, eventsIn, lastSlot, slotOf } from './reading.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** What the criteria of a phase are judged by, apart from the rows. */
export interface JudgingFrame {
  /** The longest the phase can last, in milliseconds, fixed at its start; or how long it has stood already. */
  readonly horizonMs: number
  /** Offset of the last checkpoint that was looked at; undefined before the first. */
  readonly checkpointMs: number | undefined
}

/** A list of issues is complete or not given at all, so that none in it means none. */
const LISTED: ControlFinding = {
  alive: true,
  share: 1,
  expected: 0,
  withEvents: 0,
  message: 'GitHub listed all that have the label'
}

type Answered = Extract<Answer, { kind: 'answered' }>

/** What one look found out about one criterion. Nothing is ever skipped: no answer is an error. */
export function findingOf(criterion: Criterion, reading: Reading, frame: JudgingFrame): Finding {
  const answer = answerOf(reading, criterion.metric)
  if (answer.kind === 'unanswered') {
    return unanswered(answer.code, `${criterion.metric}: ${answer.message}`)
  }
  switch (criterion.kind) {
    case 'proportion':
      return proportionFinding(criterion, reading, answer, frame)
    case 'zero-tolerance':
      return zeroToleranceFinding(criterion, reading, answer)
    case 'sustained':
      return sustainedFinding(criterion, reading, answer)
    case 'value':
      return valueFinding(criterion, reading, answer)
    case 'state-machine':
      return stateMachineFinding(criterion, reading, answer)
    case 'reports':
      return judgeZeroTolerance({ events: eventsIn(answer.rows), noun: 'issue', control: LISTED })
  }
}

/** Its control is asked only while there is no unit: one that came is proof that telemetry arrives. */
function proportionFinding(
  criterion: ProportionCriterion,
  reading: Reading,
  { rows }: Answered,
  frame: JudgingFrame
): Finding {
  const look = proportionLook(criterion, reading, rows, frame)
  const isEmpty = look.counts.every(({ total }) => total === 0)
  return criterion.control === undefined || !isEmpty
    ? judgeProportion(look)
    : underControl(criterion.control, reading, control => judgeProportion({ ...look, ...control }))
}

function proportionLook(
  { pass, warn, red, strictMinN }: ProportionCriterion,
  reading: Reading,
  rows: readonly SeriesRow[],
  { horizonMs, checkpointMs }: JudgingFrame
): ProportionLook {
  const nowHour = lastSlot(reading, HOUR_MS)
  return {
    rule: {
      pass,
      ...(warn === undefined ? {} : { warn }),
      red,
      strictMinN,
      horizonHours: Math.max(1, Math.ceil(horizonMs / HOUR_MS))
    },
    counts: rows.map(row => ({
      hour: slotOf(reading, row, HOUR_MS),
      hits: row.hits,
      total: row.total ?? Number.NaN
    })),
    nowHour,
    ...(checkpointMs === undefined
      ? {}
      : { checkpointHour: Math.min(nowHour, Math.floor(checkpointMs / HOUR_MS)) })
  }
}

function zeroToleranceFinding(
  criterion: ZeroToleranceCriterion,
  reading: Reading,
  { rows }: Answered
): Finding {
  return underControl(criterion.control, reading, control =>
    judgeZeroTolerance({ events: eventsIn(rows), ...control })
  )
}

function sustainedFinding(
  criterion: SustainedCriterion,
  reading: Reading,
  { rows }: Answered
): Finding {
  const { bucketMs } = criterion
  return underControl(criterion.control, reading, control =>
    judgeSustained({
      rule: sustainedRule(criterion),
      counts: rows.map(row => ({ bucket: slotOf(reading, row, bucketMs), events: row.hits })),
      nowBucket: lastSlot(reading, bucketMs),
      ...control
    })
  )
}

function sustainedRule(settings: SustainedSettings): SustainedRule {
  const { run, of, bucketMs, healMs, healed } = settings
  return { run, of, bucketMinutes: bucketMs / MINUTE_MS, healMinutes: healMs / MINUTE_MS, healed }
}

function valueFinding(
  criterion: ValueCriterion,
  reading: Reading,
  { rows, whole }: Answered
): Finding {
  const { pass, warn, red, minSamples, sustained } = criterion
  const bucketMs = sustained?.bucketMs ?? HOUR_MS
  return judgeValue({
    rule: {
      pass,
      ...(warn === undefined ? {} : { warn }),
      red,
      minSamples,
      ...(sustained === undefined ? {} : { sustained: sustainedRule(sustained) })
    },
    buckets: rows.map(row => ({
      bucket: slotOf(reading, row, bucketMs),
      value: row.hits,
      samples: row.total ?? Number.NaN
    })),
    nowBucket: lastSlot(reading, bucketMs),
    ...(whole === undefined ? {} : { whole: { value: whole.hits, samples: whole.total } })
  })
}

function stateMachineFinding(
  criterion: StateMachineCriterion,
  reading: Reading,
  { rows }: Answered
): Finding {
  const { legal, stuck } = criterion
  return underControl(criterion.control, reading, control =>
    judgeStateMachine({
      rule: {
        legal,
        ...(stuck === undefined
          ? {}
          : {
              stuck: {
                state: stuck.state,
                warnMinutes: stuck.warnMs / MINUTE_MS,
                redMinutes: stuck.redMs / MINUTE_MS
              }
            })
      },
      transitions: rows.map(row => toTransition(row, reading)),
      ...control
    })
  )
}

/** A row without states, or from outside the window, is no answer: what it counts is no number. */
function toTransition(row: SeriesRow, reading: Reading): TransitionCount {
  const { from, to, hits, waiting, oldest } = row
  const slot = slotOf(reading, row, MINUTE_MS)
  const isInside = slot >= 0 && slot <= lastSlot(reading, MINUTE_MS)
  const isTransition = from !== undefined && to !== undefined
  return {
    from: from ?? '',
    to: to ?? '',
    events: isTransition && isInside ? hits : Number.NaN,
    waiting: waiting ?? 0,
    ...(oldest === undefined ? {} : { oldestAgeMinutes: ageMinutes(reading, oldest) })
  }
}
