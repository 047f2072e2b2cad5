import type { ControlFinding } from './control.ts'
import { isCount } from './count.ts'
import { ruleOnSilence } from './silence.ts'
import type { Verdict } from './verdict.ts'
import { manyText } from './wording.ts'

/** What is counted: events of the telemetry, or issues that people have filed. */
export type Noun = 'event' | 'issue'

/** The verdict on a criterion that allows no event at all. */
export interface ZeroToleranceFinding {
  readonly kind: 'zero-tolerance'
  readonly verdict: Verdict
  readonly code: 'bad-counts' | 'event_seen' | 'none_seen' | 'control_dead'
  readonly message: string
  readonly events: number
  readonly noun: Noun
  readonly control?: ControlFinding
}

/** What is known at one look: the events since the phase start, and whether silence means anything. */
export interface ZeroToleranceLook {
  readonly events: number
  /** `event` unless told. */
  readonly noun?: Noun
  readonly control?: ControlFinding
}

/** One event is red; none is a pass only while the control is alive, since silence alone proves nothing. */
export function judgeZeroTolerance(look: ZeroToleranceLook): ZeroToleranceFinding {
  const { events, noun = 'event', control } = look
  return {
    kind: 'zero-tolerance',
    ...ruleOn(events, noun, control),
    events: isCount(events) ? events : 0,
    noun,
    ...(control === undefined ? {} : { control })
  }
}

function ruleOn(
  events: number,
  noun: Noun,
  control: ControlFinding | undefined
): Pick<ZeroToleranceFinding, 'verdict' | 'code' | 'message'> {
  if (!isCount(events)) {
    return { verdict: 'error', code: 'bad-counts', message: `${events} is no number of ${noun}s` }
  }
  if (events > 0) {
    const message = `${manyText(events, noun)} seen where none is allowed`
    return { verdict: 'red', code: 'event_seen', message }
  }
  return ruleOnSilence(`no ${noun} seen`, control)
}
