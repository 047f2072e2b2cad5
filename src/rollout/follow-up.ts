import { type Definition, phaseNamed } from './definition.ts'
import { frozenBy } from './freeze.ts'
import { graduationDue } from './graduation.ts'
import { isBot } from './initiators.ts'
import { nextMove } from './next-move.ts'
import { currentPhase, type PhaseState, type State } from './state.ts'

/** What is to be set going by itself; `phase` is the one to come, or the last one at a graduation. */
export interface FollowUp {
  readonly operation: 'advance' | 'graduate'
  readonly phase: string
}

/** What was set going and came to nothing is set going again, once a day. */
const PATIENCE_MS = 86_400_000

/** Nobody who has not been cut off needs longer to set something going. */
const DISPATCH_MS = 900_000

/**
 * What follows from the ledger without anybody asking: the phase after a promoted one, and graduation
 * when its time has come; and once more a phase without a gate that a run had planned by itself and never
 * begun. Undefined when it was set going less than a day ago or somebody is at it, while a freeze is
 * on, and while the rollout is held or put back.
 */
export function followUp(
  definition: Definition,
  state: State,
  nowMs: number
): FollowUp | undefined {
  const next = coming(definition, state, nowMs)
  if (next === undefined || frozenBy(definition, nowMs) !== undefined) return undefined
  const { dispatching, dispatched } = state
  const taken = isRecent(next, dispatching, nowMs - DISPATCH_MS)
  return taken || isRecent(next, dispatched, nowMs - PATIENCE_MS) ? undefined : next
}

function isRecent(
  { operation, phase }: FollowUp,
  event: (FollowUp & { readonly at: string }) | undefined,
  sinceMs: number
): boolean {
  return event?.operation === operation && event.phase === phase && Date.parse(event.at) > sinceMs
}

function coming(definition: Definition, state: State, nowMs: number): FollowUp | undefined {
  const current = currentPhase(state)
  if (current === undefined) return undefined
  if (current.status !== 'promoted' && !cameToNothing(definition, state, current)) return undefined
  if (state.status === 'promoted') {
    const { due } = graduationDue(definition, state, nowMs)
    return due ? { operation: 'graduate', phase: current.name } : undefined
  }
  if (state.status !== 'running') return undefined
  const move = nextMove(definition, state)
  return move.kind === 'apply' ? { operation: 'advance', phase: move.phase.name } : undefined
}

/** Planned by the run that was set going, with nobody to wait for: it ended before it began the phase. */
function cameToNothing(
  definition: Definition,
  { phases }: State,
  { name, status, planned }: PhaseState
): boolean {
  // A rollout is never begun by itself.
  if (phases.at(-2)?.status !== 'promoted') return false
  if (status !== 'planned' || planned === undefined || !isBot(planned.by)) return false
  const phase = phaseNamed(definition, name)
  return phase !== undefined && phase.gate === undefined
}
