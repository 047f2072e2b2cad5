import { type Definition, enabledPhases, phaseNamed } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import type { PhaseState, PhaseStatus, State } from '../rollout/state.ts'

/** What is known about one phase of a rollout, begun or not. */
export interface PhaseLine {
  readonly name: string
  readonly target: string
  readonly status: PhaseStatus
  /** Start of the soak; of the applying while there is no soak. */
  readonly started?: string
  readonly ended?: string
  /** When the soak is over, while it lasts. */
  readonly soakEnds?: string
  readonly flags: Readonly<Record<string, string>>
  readonly deployment?: string
}

/** The definition's enabled phases in order, then what was begun and is no longer among them. */
export function phaseLines(definition: Definition, state: State): readonly PhaseLine[] {
  const planned = enabledPhases(definition).map(({ name }) => name)
  const begun = state.phases.map(({ name }) => name)
  return [...new Set([...planned, ...begun])].map(name => phaseLine(definition, state, name))
}

/** How long a phase lasted; undefined while it has not ended. */
export function durationText({ started, ended }: PhaseLine): string | undefined {
  return started === undefined || ended === undefined
    ? undefined
    : formatDuration(Date.parse(ended) - Date.parse(started))
}

function phaseLine(definition: Definition, state: State, name: string): PhaseLine {
  const phase = phaseNamed(definition, name)
  const known = state.phases.find(one => one.name === name)
  const started = known?.since ?? known?.intent?.at
  const soakEnds = phase && known ? endOfSoak(known, phase.soakMs) : undefined
  return {
    name,
    target: known?.intent?.target ?? phase?.target ?? '',
    status: known?.status ?? 'pending',
    ...(started === undefined ? {} : { started }),
    ...(known?.endedAt === undefined ? {} : { ended: known.endedAt }),
    ...(soakEnds === undefined ? {} : { soakEnds }),
    flags: known?.intent?.flags ?? phase?.flags ?? {},
    ...(known?.deployment === undefined ? {} : { deployment: known.deployment.url })
  }
}

function endOfSoak({ status, since }: PhaseState, soakMs: number): string | undefined {
  return status === 'soaking' && since !== undefined
    ? new Date(Date.parse(since) + soakMs).toISOString()
    : undefined
}
