import fc from 'fast-check'
import type { EventBody, HoldCause } from '../../src/rollout/events.ts'
import { nextMove } from '../../src/rollout/next-move.ts'
import { currentPhase, type PhaseState, type State } from '../../src/rollout/state.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import {
  aborted,
  applied,
  applying,
  dispatched,
  failed,
  graduated,
  held,
  look,
  planned,
  resumed,
  rollbackFinished,
  rollbackRequested,
  rollbackStep,
  started,
  stateAfter
} from './ledger-story.ts'
import { example, LAST_PHASE } from './worked-example.ts'

/** Stories that the operations could have written, of any length, with everything that can go wrong. */
export const anyStory: fc.Arbitrary<readonly EventBody[]> = fc
  .array(fc.nat(), { maxLength: 40 })
  .map(choices => choices.reduce<readonly EventBody[]>(tellOn, []))

function tellOn(story: readonly EventBody[], choice: number): readonly EventBody[] {
  const possible = continuations(stateAfter(...story))
  return [...story, ...(possible[choice % Math.max(1, possible.length)] ?? [])]
}

/** Every way in which the story can go on; the events of one way are one commit. */
function continuations(state: State): readonly (readonly EventBody[])[] {
  switch (state.status) {
    case 'not-started':
      return [[started()], [started(), planned('staging-shadow')]]
    case 'running':
      return [...forward(state), ...ofPhase(state), [held()], [aborted()]]
    case 'held':
      return [...ofPhase(state), ...anew(state), [held('again')], [resumed()], [aborted()]]
    case 'rolling-back':
    case 'rollback-failed':
      return ofRollback()
    case 'promoted':
      return [[graduated()], [dispatched('graduate', LAST_PHASE)], ...ofReview(), rollBack(state)]
    case 'rolled-back':
    case 'graduated':
    case 'aborted':
      return []
  }
}

function forward(state: State): readonly (readonly EventBody[])[] {
  const move = nextMove(example, state)
  if (move.kind !== 'apply') return []
  const { name } = move.phase
  return [[planned(name)], [planned(name), applying(name)], [dispatched('advance', name)]]
}

/** The soak of a held phase, planned or begun anew. */
function anew(state: State): readonly (readonly EventBody[])[] {
  const name = currentPhase(state)?.name
  const move = nextMove(example, state, name)
  if (name === undefined || move.kind !== 'apply' || !move.restarting) return []
  return [[planned(name)], [resumed(), applying(name)]]
}

function ofReview(): readonly (readonly EventBody[])[] {
  return [
    [look(LAST_PHASE, 'continue', { purpose: 'graduation' })],
    [look(LAST_PHASE, 'continue', { purpose: 'graduation', verdicts: ['error'] })]
  ]
}

function ofPhase(state: State): readonly (readonly EventBody[])[] {
  const phase = currentPhase(state)
  switch (phase?.status) {
    case 'planned':
      return [[applying(phase.name)]]
    case 'applying':
      return [[applied(phase.name)], [failed(phase.name)], rollBack(state)]
    case 'soaking':
      return [...looksAt(phase, state), rollBack(state)]
    default:
      return []
  }
}

const CAUSES: readonly HoldCause[] = [
  'frozen',
  'error',
  'integrity',
  'blind',
  'warn',
  'insufficient'
]

function looksAt({ name }: PhaseState, state: State): readonly (readonly EventBody[])[] {
  const verdicts: readonly Verdict[] = ['error']
  const red = look(name, 'rollback', { verdicts: ['red'] })
  const held = CAUSES.map(cause => [look(name, 'hold', { cause })])
  const on = [
    [look(name, 'continue', { checkpoints: ['T+0'] })],
    [look(name, 'continue', { verdicts })],
    [red, ...rollBack(state)]
  ]
  return state.status === 'held' ? [...held, ...on] : [...held, ...on, [look(name, 'promote')]]
}

function rollBack(state: State): readonly EventBody[] {
  return [rollbackRequested(currentPhase(state)?.name ?? '')]
}

function ofRollback(): readonly (readonly EventBody[])[] {
  return [
    [rollbackStep('reinstated')],
    [rollbackStep('flags-off')],
    [rollbackStep('redeployed', '2026-06-01T09:00:00.000Z')],
    [look('staging-full', 'continue', { purpose: 'watch' })],
    [rollbackFinished('verified')],
    [rollbackFinished('unproven')],
    [rollbackFinished('failed')]
  ]
}
