import type { EventBody } from './events.ts'
import { InputError } from './rollgate-error.ts'
import { phaseInForce, type State } from './state.ts'

type Request = Extract<EventBody, { kind: 'rollback-requested' }>

/**
 * The intent to roll back the phase in force, to be appended; none when a rollback is under way, or the
 * rollout is over. `served` is the deployment that its target serves now, where that is known.
 * @throws InputError (`nothing_to_roll_back`)
 */
export function rollbackRequest(
  state: State,
  reason: string,
  served: string | undefined
): readonly [] | readonly [Request] {
  if (state.status === 'rolling-back' || state.status === 'rollback-failed') return []
  if (state.status === 'rolled-back' || state.status === 'aborted') return []
  const intent = phaseInForce(state)?.intent
  if (intent === undefined) throw nothingToRollBack(state)
  const { phase, target } = intent
  const baseline = baselineOf(state, target)
  const request: Request = {
    kind: 'rollback-requested',
    phase,
    target,
    reason,
    ...(baseline === undefined ? {} : { baseline }),
    ...(served === undefined ? {} : { served })
  }
  return [request]
}

/** What served the target before this rollout's first step on it. */
function baselineOf(state: State, target: string): Request['baseline'] {
  const first = state.phases.find(phase => phase.intent?.target === target)
  return first?.intent?.before.deployment
}

function nothingToRollBack(state: State): InputError {
  return new InputError(
    'nothing_to_roll_back',
    state.status === 'not-started'
      ? 'No rollout was ever started.'
      : 'The rollout has not changed anything yet.',
    'Nothing needs to be done.'
  )
}
