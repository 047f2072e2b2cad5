import { type Definition, phaseNamed } from './definition.ts'
import { formatDuration } from './duration.ts'
import { followUp } from './follow-up.ts'
import { keysOf } from './keys.ts'
import { HEARTBEAT_MS } from './recording.ts'
import { dueLook, isCutOff } from './schedule.ts'
import {
  currentPhase,
  failedInWatch,
  type PhaseState,
  type State,
  takenUpMs,
  watchedPhase
} from './state.ts'

/** What a wake-up is for: worth a job that has the secrets of a target. */
export interface DueWork {
  /** The environment that holds these secrets. */
  readonly keys: string
  readonly why: string
}

/**
 * What is to be looked at or carried on now, from the ledger and the clock alone; undefined when this
 * wake-up has nothing to do. Never silent while a checkpoint is due or a rollback is open, unless that
 * rollback waits for a person.
 */
export function dueWork(definition: Definition, state: State, nowMs: number): DueWork | undefined {
  const why = reason(definition, state, nowMs)
  return why === undefined ? undefined : { keys: keysOf(definition, state), why }
}

function reason(definition: Definition, state: State, nowMs: number): string | undefined {
  switch (state.status) {
    case 'rolling-back':
    case 'rollback-failed':
      return ofRollback(state)
    case 'running':
    case 'held':
    case 'promoted':
      return forward(definition, state, nowMs)
    case 'not-started':
    case 'rolled-back':
    case 'graduated':
    case 'aborted':
      return undefined
  }
}

function ofRollback({ rollback }: State): string | undefined {
  // It took no effect, and once more would take none: a person is needed.
  if (rollback === undefined || failedInWatch(rollback)) return undefined
  if (rollback.finished !== undefined) return 'the rollback failed and is tried again'
  return rollback.since === undefined
    ? 'the rollback is to be carried on'
    : 'the rollback is watched'
}

function forward(definition: Definition, state: State, nowMs: number): string | undefined {
  const reasons = [
    cutOff(definition, state, nowMs),
    toLookAt(definition, watchedPhase(state), nowMs),
    toSetGoing(definition, state, nowMs)
  ].filter(why => why !== undefined)
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

function cutOff(definition: Definition, state: State, nowMs: number): string | undefined {
  const current = currentPhase(state)
  if (current?.status !== 'applying' || current.intent === undefined) return undefined
  const workedOnMs = nowMs - takenUpMs(state, current.intent)
  const begunMs = nowMs - Date.parse(current.intent.at)
  return isCutOff(definition, current.name, workedOnMs)
    ? `${current.name} was begun ${formatDuration(begunMs)} ago and has not gone live`
    : undefined
}

function toLookAt(
  definition: Definition,
  watched: PhaseState | undefined,
  nowMs: number
): string | undefined {
  if (watched === undefined) return undefined
  if (watched.status === 'soaking') return ofSoak(definition, watched, nowMs)
  const lookedMs = Date.parse(watched.looks.at(-1)?.at ?? watched.since ?? '')
  return nowMs - lookedMs >= HEARTBEAT_MS
    ? `${watched.name} serves and was last looked at ${formatDuration(nowMs - lookedMs)} ago`
    : undefined
}

function ofSoak(definition: Definition, soaking: PhaseState, nowMs: number): string {
  const phase = phaseNamed(definition, soaking.name)
  const checkpoints = phase === undefined ? [] : dueLook(phase, soaking, nowMs).checkpoints
  return checkpoints.length === 0
    ? `${soaking.name} soaks`
    : `${checkpoints.map(({ name }) => name).join(', ')} of ${soaking.name} is due`
}

function toSetGoing(definition: Definition, state: State, nowMs: number): string | undefined {
  const next = followUp(definition, state, nowMs)
  if (next === undefined) return undefined
  return next.operation === 'advance'
    ? `${next.phase} is to be set going`
    : 'the graduation is to be set going'
}
