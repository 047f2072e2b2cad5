import { type ControlFinding, judgeControl } from '../verdict/control.ts'
import { type Finding, unanswered } from '../verdict/finding.ts'
import type { Control } from './definition.ts'
import type { Reading } from './ports.ts'
import { ageMinutes, answerOf, slotOf, windowMs } from './reading.ts'

const MINUTE_MS = 60_000

type ControlAnswer =
  | { readonly kind: 'answered'; readonly finding: ControlFinding }
  | ReturnType<typeof unanswered>

/**
 * Judges a criterion beside its control. What was seen is told whatever the control says; only silence
 * needs the control's answer.
 */
export function underControl(
  control: Control,
  reading: Reading,
  judgeWith: (control: { readonly control?: ControlFinding }) => Finding
): Finding {
  const answer = controlOf(control, reading)
  if (answer.kind === 'answered') return judgeWith({ control: answer.finding })
  const finding = judgeWith({})
  return finding.verdict === 'insufficient' ? answer : finding
}

function controlOf(control: Control, reading: Reading): ControlAnswer {
  const answer = answerOf(reading, control.metric)
  if (answer.kind === 'unanswered') {
    return unanswered(answer.code, `control ${control.metric}: ${answer.message}`)
  }
  const newest = answer.rows
    .filter(row => row.hits > 0)
    .map(row => ageMinutes(reading, row.latest ?? row.bucket))
    .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  return {
    kind: 'answered',
    finding: judgeControl({
      slots: answer.rows.map(row => ({
        slot: slotOf(reading, row, control.slotMs),
        events: row.hits
      })),
      slotMinutes: control.slotMs / MINUTE_MS,
      windowMinutes: windowMs(reading) / MINUTE_MS,
      ...(Number.isFinite(newest) ? { lastEventAgeMinutes: newest } : {})
    })
  }
}
