import type { ControlFinding } from './control.ts'

/** What it means that nothing was seen. */
export interface SilenceRuling {
  readonly verdict: 'pass' | 'insufficient'
  readonly code: 'none_seen' | 'control_dead'
  readonly message: string
}

/**
 * Nothing seen is a pass only while the control is alive, since silence alone proves nothing. `nothing`
 * begins the sentence: "no event seen".
 */
export function ruleOnSilence(nothing: string, control: ControlFinding | undefined): SilenceRuling {
  if (control?.alive === true) {
    return { verdict: 'pass', code: 'none_seen', message: `${nothing}, and ${control.message}` }
  }
  const why = control === undefined ? 'no control was read' : control.message
  const message = `${nothing}, but silence proves nothing: ${why}`
  return { verdict: 'insufficient', code: 'control_dead', message }
}
