import type { Definition, Phase } from '../rollout/definition.ts'
import { type NextMove, nextMove } from '../rollout/next-move.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { dueLook, nextCheckpoint } from '../rollout/schedule.ts'
import { currentPhase, type PhaseState, type RollbackState, type State } from '../rollout/state.ts'
import { instantText } from './instant.ts'

/** What happens next with a rollout, in plain text. */
export interface Next {
  /** A sentence without its full stop; it goes on with "at" and `when`, where there is one. */
  readonly what: string
  /** ISO 8601; absent when no clock decides it, in the past when it is overdue. */
  readonly when?: string
  /** Who must do what; absent when nobody must. */
  readonly who?: string
}

export interface NextInput {
  readonly definition: Definition
  readonly state: State
  /** ISO 8601. */
  readonly now: string
}

/** What every report says about the future of a rollout. */
export function whatNext(input: NextInput): Next {
  const { definition, state } = input
  switch (state.status) {
    case 'not-started':
    case 'running':
      return onTheMove(input, nextMove(definition, state))
    case 'held':
      return afterHold(input)
    case 'rolling-back':
      return afterRollback(definition, state.rollback)
    case 'rollback-failed':
      return {
        what: 'nothing moves before the rollback is verified',
        who: `${definition.owner}: run rollback again, or finish it by hand`
      }
    case 'promoted':
      return afterPromotion(input)
    case 'graduated':
      return { what: 'the rollout is over' }
    case 'rolled-back':
    case 'aborted':
      return afterTheEnd(input)
  }
}

/** What happens next and when, as one sentence. */
export function nextText({ what, when }: Next, timeZone: string): string {
  return when === undefined ? what : `${what} at ${instantText(when, timeZone)}`
}

function onTheMove(input: NextInput, move: NextMove): Next {
  const { definition, state } = input
  switch (move.kind) {
    case 'start':
      return {
        what: `the rollout starts as ${rolloutId(definition.name, move.number)} with ${move.phase.name}`,
        who: `${definition.owner}: run apply`
      }
    case 'apply':
      return beforePhase(definition, move.phase, currentPhase(state))
    case 'soaking':
      return afterLooks(input, move.phase)
    case 'blocked':
      return { what: `nothing moves: ${move.why}`, who: `${definition.owner}: ${move.way}` }
    case 'done':
      return { what: 'nothing is left to do' }
  }
}

function beforePhase(definition: Definition, phase: Phase, current: PhaseState | undefined): Next {
  if (current?.name === phase.name && current.status === 'applying') {
    return {
      what: `${phase.name} is being applied`,
      who: `${definition.owner}: if its run was cut off, run apply again; it is taken up where it stopped`
    }
  }
  if (current?.name === phase.name && current.status === 'failed') {
    return {
      what: `${phase.name} is tried again`,
      who: `${definition.owner}: put right what failed, then run apply`
    }
  }
  return phase.gate === undefined
    ? { what: `${phase.name} is applied` }
    : {
        what: `${phase.name} waits for its gate`,
        who: `a reviewer of the environment ${phase.gate.environment}: approve ${phase.name}, or reject it`
      }
}

/** The next look at a phase that soaks. */
function afterLooks(input: NextInput, phase: Phase): Next {
  return nextLook(input, phase) ?? afterSoak(input, phase)
}

/** The earliest look that is due or will be; undefined when only sentinels are left. */
function nextLook({ state, now }: NextInput, phase: Phase): Next | undefined {
  const current = currentPhase(state)
  if (current === undefined || current.since === undefined) return undefined
  const due = dueLook(phase, current, Date.parse(now))
  if (due.dueMs !== undefined) {
    const names = due.checkpoints.map(({ name }) => name).join(', ')
    return {
      what: `${names} of ${phase.name} waits for a wake-up and was due`,
      when: iso(due.dueMs)
    }
  }
  const next = nextCheckpoint(phase, current, Date.parse(now))
  return next === undefined
    ? undefined
    : { what: `the look ${next.name} of ${phase.name} is due`, when: iso(next.dueMs) }
}

/** Every checkpoint was looked at and the phase still soaks: its evidence is thin. */
function afterSoak({ state, now }: NextInput, phase: Phase): Next {
  const untilMs = Date.parse(currentPhase(state)?.since ?? '') + phase.soakMs + phase.extendMs
  return Date.parse(now) < untilMs
    ? {
        what: `every wake-up looks at ${phase.name} until there is evidence enough; its extended soak ends`,
        when: iso(untilMs)
      }
    : { what: `the next wake-up looks at ${phase.name}` }
}

function afterHold(input: NextInput): Next {
  const { definition, state } = input
  const look = lookWhileHeld(input)
  const when = look.when === undefined ? {} : { when: look.when }
  switch (state.hold?.cause) {
    case 'frozen':
      return { what: `the hold ends with the freeze${look.what}`, ...when }
    case 'error':
    case 'integrity':
    case 'blind':
      return {
        what: `the next clean look ends the hold${look.what}`,
        ...when,
        who: `${definition.owner}: put right what the reason names, or roll it back`
      }
    case 'person':
    case 'warn':
    case 'insufficient':
    case undefined:
      return {
        what: `nothing moves forward while it is held${look.what}`,
        ...when,
        who: `${definition.owner}: resume it with a reason, or roll it back`
      }
  }
}

/** A hold stops no look: what goes on, as the rest of the sentence. */
function lookWhileHeld(input: NextInput): Next {
  const current = currentPhase(input.state)
  const phase = input.definition.phases.find(({ name }) => name === current?.name)
  if (phase === undefined || current?.status !== 'soaking') return { what: '' }
  const next = nextLook(input, phase)
  return next === undefined
    ? { what: `; every wake-up still looks at ${phase.name}` }
    : { ...next, what: `; ${next.what}` }
}

function afterRollback(definition: Definition, rollback: RollbackState | undefined): Next {
  const sinceMs = Date.parse(rollback?.since ?? '')
  const who = `${definition.owner}: if its run was cut off, run rollback again; nothing is done twice`
  return Number.isFinite(sinceMs)
    ? {
        what: 'the watch after the rollback ends',
        when: iso(sinceMs + definition.rollback.watchMs),
        who
      }
    : { what: 'the rollback puts the flags back and deploys without them', who }
}

function afterPromotion({ definition, state }: NextInput): Next {
  const { graduation, owner } = definition
  const endedMs = Date.parse(currentPhase(state)?.endedAt ?? '')
  if (graduation === undefined) return { what: 'every phase is promoted and nothing is left to do' }
  return {
    what: 'every phase is promoted; the time until graduation ends',
    ...(Number.isFinite(endedMs) ? { when: iso(endedMs + graduation.afterMs) } : {}),
    who: `${owner}: when it has ended well, do what was put off until then: ${graduation.issue.title}`
  }
}

function afterTheEnd({ definition, state }: NextInput): Next {
  const move = nextMove(definition, state)
  const again =
    move.kind === 'start'
      ? `; a new attempt is ${rolloutId(definition.name, move.number)}, from ${move.phase.name} on`
      : ''
  const what = `the rollout is over${again}`
  if (state.status !== 'rolled-back') return { what }
  return state.rollback?.finished?.outcome === 'unproven'
    ? {
        what,
        who: `${definition.owner}: make sure that the old behaviour is back; nothing proved it`
      }
    : { what, who: `${definition.owner}: find the cause before a new attempt` }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
