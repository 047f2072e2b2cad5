import { type ControlFinding, judgeControl } from '../verdict/control.ts'
import { type Finding, unanswered } from '../verdict/finding.ts'
import { judgeProportion } from '../verdict/proportion.ts'
import { judgeSustained } from '../verdict/sustained.ts'
import { judgeZeroTolerance } from '../verdict/zero-tolerance.ts'
import type {
  Control,
  Criterion,
  ProportionCriterion,
  SustainedCriterion,
  ZeroToleranceCriterion
} from './definition.ts'
import type { Figure, Judgement } from './events.ts'
import type { Answer, Reading, SeriesRow } from './ports.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** What the criteria of a phase are judged by, apart from the rows. */
export interface JudgingFrame {
  /** The longest the phase can last, in milliseconds, fixed at its start. */
  readonly horizonMs: number
  /** Offset of the last checkpoint that was looked at; undefined before the first. */
  readonly checkpointMs: number | undefined
}

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
    const hits = rows.reduce((sum, row) => sum + row.hits, 0)
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

function findingOf(criterion: Criterion, reading: Reading, frame: JudgingFrame): Finding {
  const answer = answerOf(reading, criterion.metric)
  if (answer.kind === 'unanswered') {
    return unanswered(answer.code, `${criterion.metric}: ${answer.message}`)
  }
  switch (criterion.kind) {
    case 'proportion':
      return proportionFinding(criterion, reading, answer.rows, frame)
    case 'zero-tolerance':
      return zeroToleranceFinding(criterion, reading, answer.rows)
    case 'sustained':
      return sustainedFinding(criterion, reading, answer.rows)
  }
}

function answerOf(reading: Reading, metric: string): Answer {
  return (
    reading.answers[metric] ?? {
      kind: 'unanswered',
      code: 'not_asked',
      message: 'was not answered',
      remedy: 'Look at the SQL file of the metric.'
    }
  )
}

function proportionFinding(
  criterion: ProportionCriterion,
  reading: Reading,
  rows: readonly SeriesRow[],
  frame: JudgingFrame
): Finding {
  const { pass, warn, red, strictMinN } = criterion
  const nowHour = Math.max(0, Math.ceil(windowMs(reading) / HOUR_MS) - 1)
  return judgeProportion({
    rule: {
      pass,
      ...(warn === undefined ? {} : { warn }),
      red,
      strictMinN,
      horizonHours: Math.max(1, Math.ceil(frame.horizonMs / HOUR_MS))
    },
    counts: rows.map(row => ({
      hour: slotOf(reading, row, HOUR_MS),
      hits: row.hits,
      total: row.total ?? Number.NaN
    })),
    nowHour,
    ...(frame.checkpointMs === undefined
      ? {}
      : { checkpointHour: Math.min(nowHour, Math.floor(frame.checkpointMs / HOUR_MS)) })
  })
}

function zeroToleranceFinding(
  criterion: ZeroToleranceCriterion,
  reading: Reading,
  rows: readonly SeriesRow[]
): Finding {
  const events = rows.reduce((sum, row) => sum + row.hits, 0)
  const control = controlOf(criterion.control, reading)
  // An event is red whatever the control says; only silence needs the control's answer.
  if (control.kind === 'unanswered') return events > 0 ? judgeZeroTolerance({ events }) : control
  return judgeZeroTolerance({ events, control: control.finding })
}

function sustainedFinding(
  criterion: SustainedCriterion,
  reading: Reading,
  rows: readonly SeriesRow[]
): Finding {
  const { run, of, bucketMs, healMs, healed } = criterion
  const control = controlOf(criterion.control, reading)
  const finding = judgeSustained({
    rule: { run, of, bucketMinutes: bucketMs / MINUTE_MS, healMinutes: healMs / MINUTE_MS, healed },
    counts: rows.map(row => ({ bucket: slotOf(reading, row, bucketMs), events: row.hits })),
    nowBucket: Math.max(0, Math.ceil(windowMs(reading) / bucketMs) - 1),
    ...(control.kind === 'unanswered' ? {} : { control: control.finding })
  })
  return control.kind === 'unanswered' && finding.verdict === 'insufficient' ? control : finding
}

type ControlAnswer =
  | { readonly kind: 'answered'; readonly finding: ControlFinding }
  | ReturnType<typeof unanswered>

function controlOf(control: Control, reading: Reading): ControlAnswer {
  const answer = answerOf(reading, control.metric)
  if (answer.kind === 'unanswered') {
    return unanswered(answer.code, `control ${control.metric}: ${answer.message}`)
  }
  const untilMs = Date.parse(reading.until)
  const newest = answer.rows
    .filter(row => row.hits > 0)
    .map(row => Date.parse(row.latest ?? row.bucket))
    .reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  return {
    kind: 'answered',
    finding: judgeControl({
      slots: answer.rows.map(row => ({
        slot: slotOf(reading, row, control.slotMs),
        events: row.hits
      })),
      slotMinutes: control.slotMs / MINUTE_MS,
      windowMinutes: windowMs(reading) / MINUTE_MS,
      ...(Number.isFinite(newest)
        ? { lastEventAgeMinutes: Math.max(0, untilMs - newest) / MINUTE_MS }
        : {})
    })
  }
}

function windowMs(reading: Reading): number {
  return Date.parse(reading.until) - Date.parse(reading.since)
}

function slotOf(reading: Reading, row: SeriesRow, slotMs: number): number {
  return Math.floor((Date.parse(row.bucket) - Date.parse(reading.since)) / slotMs)
}
