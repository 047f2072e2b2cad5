import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import type { Verdict } from './verdict.ts'
import { manyText } from './wording.ts'

/** The verdict on a criterion that allows no event at all. */
export interface ZeroToleranceFinding {
  readonly kind: 'zero-tolerance'
  readonly verdict: Verdict
  readonly code: 'bad-counts' | 'event_seen' | 'none_seen' | 'control_dead'
  readonly message: string
  readonly events: number
  readonly control?: ControlFinding
}

/** What is known at one look: the events since the phase start, and whether silence means anything. */
export interface ZeroToleranceLook {
  readonly events: number
  readonly control?: ControlFinding
}

/** One event is red; none is a pass only while the control is alive, since silence alone proves nothing. */
export function judgeZeroTolerance(look: ZeroToleranceLook): ZeroToleranceFinding {
  const { events, control } = look
  const shown = control === undefined ? {} : { control }
  return { kind: 'zero-tolerance', ...ruleOn(look), events: isCount(events) ? events : 0, ...shown }
}

function ruleOn(
  look: ZeroToleranceLook
): Pick<ZeroToleranceFinding, 'verdict' | 'code' | 'message'> {
  const { events, control } = look
  if (!isCount(events)) {
    return { verdict: 'error', code: 'bad-counts', message: `${events} is no number of events` }
  }
  if (events > 0) {
    const message = `${manyText(events, 'event')} seen where none is allowed`
    return { verdict: 'red', code: 'event_seen', message }
  }
  if (control?.alive === true) {
    return { verdict: 'pass', code: 'none_seen', message: `no event seen, and ${control.message}` }
  }
  const why = control === undefined ? 'no control was read' : control.message
  const message = `no event seen, but silence proves nothing: ${why}`
  return { verdict: 'insufficient', code: 'control_dead', message }
}
