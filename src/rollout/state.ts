import { isAnswered } from './answered.ts'
import type {
  Acceptance,
  EffectPart,
  EventOf,
  HoldCause,
  LedgerEvent,
  LookEvent
} from './events.ts'
import { isFlagTrouble } from './integrity.ts'

export type RolloutStatus =
  | 'not-started'
  | 'running'
  | 'held'
  | 'rolling-back'
  | 'rolled-back'
  | 'rollback-failed'
  | 'promoted'
  | 'graduated'
  | 'aborted'

export type PhaseStatus =
  | 'pending'
  | 'planned'
  | 'applying'
  | 'soaking'
  | 'promoted'
  | 'rolled-back'
  | 'failed'

export interface DeploymentRef {
  readonly id: string
  readonly url: string
}

export interface PhaseState {
  readonly name: string
  readonly status: PhaseStatus
  /** The open or answered `phase-applying`. */
  readonly intent?: EventOf<'phase-applying'>
  readonly planned?: EventOf<'phase-planned'>
  readonly deployment?: DeploymentRef
  /** Start of the soak, ISO 8601, by the database's clock. */
  readonly since?: string
  /** How it was proven that its deployment has an effect; empty in ledgers that did not keep it. */
  readonly effect?: readonly EffectPart[]
  /** It was live already when it was begun: what serves its target has its flags until it is put back. */
  readonly begunAnew?: true
  /** Why the last application failed. */
  readonly failure?: EventOf<'phase-failed'>
  /** When the phase was promoted or rolled back. */
  readonly endedAt?: string
  /** Names of the checkpoints that were really looked at. */
  readonly checkpoints: readonly string[]
  readonly looks: readonly LookEvent[]
  /** Which soak of the phase this is, from 2 on; absent in the first. */
  readonly soak?: number
  /** What people have taken upon themselves in this soak; another soak forgets it. */
  readonly accepted?: readonly Accepted[]
}

/** A finding that somebody took upon themselves, and why. */
export interface Accepted extends Acceptance {
  readonly by: string
  readonly reason: string
  readonly at: string
}

export interface Hold {
  readonly cause: HoldCause
  readonly reason: string
  readonly at: string
  readonly by: string
}

export interface RollbackState {
  readonly intent: EventOf<'rollback-requested'>
  /** How often it had to be given up; whatever is done after that is a new attempt. */
  readonly failures: number
  readonly steps: readonly EventOf<'rollback-step'>[]
  readonly looks: readonly LookEvent[]
  /** Start of the watch, once the flags-off deployment is live. */
  readonly since?: string
  readonly finished?: EventOf<'rollback-finished'>
}

/** Everything that is known about a rollout: `fold` of its events and nothing else. */
export interface State {
  readonly definition: string
  readonly number: number
  readonly digest: string
  readonly status: RolloutStatus
  readonly startedAt?: string
  readonly startedBy?: string
  /** Phases that were ever planned or applied, in the order they were begun. */
  readonly phases: readonly PhaseState[]
  readonly hold?: Hold
  /** When a person ended a hold last. */
  readonly resumedAt?: string
  readonly rollback?: RollbackState
  /** What was set going last, by itself. A hold may have refused it, so its end forgets it. */
  readonly dispatched?: EventOf<'dispatched'>
  /** What somebody is setting going, or was cut off at. */
  readonly dispatching?: EventOf<'dispatching'>
  readonly graduated?: EventOf<'graduated'>
  readonly endedAt?: string
  readonly lastSeq: number
}

const NOTHING: State = {
  definition: '',
  number: 0,
  digest: '',
  status: 'not-started',
  phases: [],
  lastSeq: 0
}

/**
 * The state that a rollout's events amount to, or that they turn an earlier state into. `lastPhase` is
 * the name of the last phase that the definition enables: promoting it promotes the rollout.
 */
export function fold(
  events: readonly LedgerEvent[],
  lastPhase: string,
  earlier: State = NOTHING
): State {
  return events.reduce<State>(
    (state, event) => ({ ...step(state, event, lastPhase), lastSeq: event.seq }),
    earlier
  )
}

/** The phase in that state that was begun last. */
export function currentPhase(state: State): PhaseState | undefined {
  return state.phases.at(-1)
}

/** The phase that changed its target last and was not put back: what a rollback undoes. */
export function phaseInForce({ phases }: State): PhaseState | undefined {
  const begun = phases.filter(({ intent }) => intent !== undefined)
  return begun.findLast(({ status }) => IN_FORCE.has(status)) ?? begun.at(-1)
}

/** The phase that the target of an application was in before. */
export function phaseBefore(
  { phases }: State,
  { phase, target }: EventOf<'phase-applying'>
): PhaseState | undefined {
  return phases.findLast(
    ({ name, status, intent }) =>
      name !== phase && intent?.target === target && IN_FORCE.has(status)
  )
}

const IN_FORCE: ReadonlySet<PhaseStatus> = new Set(['applying', 'soaking', 'promoted'])

/**
 * What the flags-off deployment carries as its intent: the rollback's id, and a new one for every
 * attempt after a failed one, because the deployment of that one may not be clean.
 */
export function cleanIntent({ intent, failures }: RollbackState): string {
  return failures === 0 ? intent.id : `${intent.id}-${failures + 1}`
}

/** The phase whose deployment serves its target, as far as the ledger knows: what looks are about. */
export function watchedPhase(state: State): PhaseState | undefined {
  const phase = phaseInForce(state)
  return phase?.status === 'soaking' || phase?.status === 'promoted' ? phase : undefined
}

/** When the phase was last seen in full, or began; milliseconds since the epoch. */
export function lastSeenMs({ looks, since = '' }: PhaseState): number {
  return Date.parse(looks.findLast(isAnswered)?.window?.databaseNow ?? since)
}

/**
 * From when on a newer deployment that serves the phase's target was made with the phase's flags: since
 * the phase is live, or, after they had drifted, since a look saw them as they should be again.
 */
export function acceptableSince({ since = '', looks }: PhaseState): string {
  const drift = looks.findLastIndex(look => look.integrity.some(isFlagTrouble))
  return drift === -1 ? since : (looks[drift + 1]?.at ?? NEVER)
}

const NEVER = '9999-12-31T23:59:59.999Z'

/** When the open application was begun, or could be taken up again; milliseconds since the epoch. */
export function takenUpMs({ resumedAt }: State, { at }: EventOf<'phase-applying'>): number {
  return Math.max(Date.parse(at), Date.parse(resumedAt ?? at))
}

/** The last attempt was carried out in full, and then its watch saw that it had not taken effect. */
export function failedInWatch({ finished, looks }: RollbackState): boolean {
  const last = looks.at(-1)
  return (
    finished?.outcome === 'failed' && last?.rule === 'watch-red' && last.seq === finished.seq - 1
  )
}

/** True when nothing that belongs to this rollout will ever happen again. */
export function isOver(state: State): boolean {
  switch (state.status) {
    case 'rolled-back':
    case 'graduated':
    case 'aborted':
      return true
    case 'not-started':
    case 'running':
    case 'held':
    case 'rolling-back':
    case 'rollback-failed':
    case 'promoted':
      return false
  }
}

/** A hold that came from a freeze, from not seeing, or from a drifted world ends with its cause. */
export function endsByItself({ cause }: Pick<Hold, 'cause'>): boolean {
  return cause === 'frozen' || cause === 'error' || cause === 'integrity' || cause === 'blind'
}

function step(state: State, event: LedgerEvent, lastPhase: string): State {
  switch (event.kind) {
    case 'rollout-started':
      return start(state, event)
    case 'phase-planned':
      return plan(state, event)
    case 'phase-applying':
      return restart(state, event)
    case 'phase-applied':
      return withPhase(state, event.phase, {
        status: 'soaking',
        deployment: event.deployment,
        since: event.since,
        effect: event.effect ?? []
      })
    case 'phase-failed':
      return withPhase(state, event.phase, { status: 'failed', failure: event })
    case 'look':
      return seen(state, event, lastPhase)
    case 'held':
      return hold(state, event.cause, event)
    case 'resumed':
      return resume(state, event)
    case 'rollback-requested':
      return rollBack(state, event)
    case 'rollback-step':
      return stepped(state, event)
    case 'rollback-finished':
      return rolledBack(state, event)
    case 'dispatching':
      return { ...state, dispatching: event }
    case 'dispatched':
      return { ...withoutIntent(state), dispatched: event }
    case 'graduated':
      return { ...state, status: 'graduated', graduated: event, endedAt: event.at }
    case 'aborted':
      return { ...release(state), status: 'aborted', endedAt: event.at }
  }
}

function start(state: State, event: EventOf<'rollout-started'>): State {
  return {
    ...state,
    definition: event.definition,
    number: event.number,
    digest: event.digest,
    status: 'running',
    startedAt: event.at,
    startedBy: event.by
  }
}

function withPhase(state: State, name: string, change: Partial<PhaseState>): State {
  const known = state.phases.find(phase => phase.name === name)
  const blank: PhaseState = { name, status: 'pending', checkpoints: [], looks: [] }
  const next = { ...(known ?? blank), ...change }
  return {
    ...state,
    phases: known
      ? state.phases.map(phase => (phase.name === name ? next : phase))
      : [...state.phases, next]
  }
}

/** A newer briefing takes the place of an older one. What is being applied, or is live, stays that. */
function plan(state: State, event: EventOf<'phase-planned'>): State {
  const known = state.phases.find(({ name }) => name === event.phase)
  const begun = known?.status === 'applying' || known?.status === 'soaking'
  return withPhase(state, event.phase, {
    status: begun ? known.status : 'planned',
    planned: event
  })
}

/** A phase that is applied again starts its soak anew; what it saw before stays in the ledger only. */
function restart(state: State, event: EventOf<'phase-applying'>): State {
  const others = state.phases.filter(phase => phase.name !== event.phase)
  const known = state.phases.find(phase => phase.name === event.phase)
  const phase: PhaseState = {
    name: event.phase,
    status: 'applying',
    intent: event,
    ...(known?.planned === undefined ? {} : { planned: known.planned }),
    ...(known?.status === 'soaking' ? { begunAnew: true } : {}),
    ...soakAfter(known),
    checkpoints: [],
    looks: []
  }
  return { ...state, phases: [...others, phase] }
}

/** An application that failed had no soak. */
function soakAfter(known: PhaseState | undefined): Pick<PhaseState, 'soak'> {
  const { soak, since } = known ?? {}
  if (since !== undefined) return { soak: (soak ?? 1) + 1 }
  return soak === undefined ? {} : { soak }
}

function seen(state: State, event: LookEvent, lastPhase: string): State {
  switch (event.purpose) {
    case 'soak':
      return looked(state, event, lastPhase)
    case 'watch':
      return watched(state, event)
    case 'graduation':
      return reviewed(state, event)
  }
}

/** What it came to is told by the event beside it, if anything follows from it. */
function reviewed(state: State, event: LookEvent): State {
  const looks = state.phases.find(({ name }) => name === event.phase)?.looks ?? []
  return withPhase(state, event.phase, { looks: [...looks, event] })
}

function looked(state: State, event: LookEvent, lastPhase: string): State {
  const phase = state.phases.find(p => p.name === event.phase)
  const seen = withPhase(state, event.phase, {
    // One that the database did not answer is still due.
    checkpoints: [...(phase?.checkpoints ?? []), ...(isAnswered(event) ? event.checkpoints : [])],
    looks: [...(phase?.looks ?? []), event]
  })
  switch (event.decision) {
    case 'promote':
      return promote(seen, event, lastPhase)
    case 'hold':
      return needsPerson(seen.hold) ? seen : hold(seen, event.cause ?? 'error', event)
    case 'continue':
      return needsPerson(seen.hold) || !isAnswered(event) ? seen : release(seen)
    case 'rollback':
      // The rollback's own intent follows in the same commit and says where it goes.
      return seen
  }
}

/** A hold that no later look ends, nor turns into one that the next look would end. */
function needsPerson(held: Hold | undefined): boolean {
  return held !== undefined && !endsByItself(held)
}

function promote(state: State, event: LookEvent, lastPhase: string): State {
  const done = withPhase(release(state), event.phase, { status: 'promoted', endedAt: event.at })
  return event.phase === lastPhase ? { ...done, status: 'promoted' } : done
}

function hold(
  state: State,
  cause: HoldCause,
  event: { readonly reason: string; readonly at: string; readonly by: string }
): State {
  if (state.status !== 'running' && state.status !== 'held') return state
  const { reason, at, by } = event
  // A hold that is confirmed look by look is one hold, counted from its beginning.
  const since = state.hold?.cause === cause ? state.hold.at : at
  return { ...state, status: 'held', hold: { cause, reason, at: since, by } }
}

function release(state: State): State {
  const { hold: _ended, ...rest } = state
  if (state.status !== 'held') return rest
  const { dispatched: _refused, ...free } = withoutIntent(rest)
  return { ...free, status: 'running' }
}

/** What is accepted is a finding of the phase that soaks, and stays with its soak. */
function resume(state: State, { at, by, reason, accepted = [] }: EventOf<'resumed'>): State {
  const resumed = { ...release(state), resumedAt: at }
  const phase = watchedPhase(resumed)
  if (accepted.length === 0 || phase?.status !== 'soaking') return resumed
  const taken = accepted.map(one => ({ ...one, by, reason, at }))
  return withPhase(resumed, phase.name, { accepted: [...(phase.accepted ?? []), ...taken] })
}

function withoutIntent({ dispatching: _done, ...rest }: State): State {
  return rest
}

function rollBack(state: State, event: EventOf<'rollback-requested'>): State {
  const stopped = withPhase(release(state), event.phase, {
    status: 'rolled-back',
    endedAt: event.at
  })
  return {
    ...stopped,
    status: 'rolling-back',
    rollback: { intent: event, failures: 0, steps: [], looks: [] }
  }
}

function stepped(state: State, event: EventOf<'rollback-step'>): State {
  if (state.rollback === undefined) return state
  const since = event.since === undefined ? {} : { since: event.since }
  const steps = [...state.rollback.steps, event]
  if (state.status !== 'rollback-failed') {
    return { ...state, rollback: { ...state.rollback, steps, ...since } }
  }
  // Somebody is at it again: it is open until that attempt ends.
  const { finished: _given, ...again } = state.rollback
  return { ...state, status: 'rolling-back', rollback: { ...again, steps, ...since } }
}

function watched(state: State, event: LookEvent): State {
  if (state.rollback === undefined) return state
  return {
    ...state,
    rollback: { ...state.rollback, looks: [...state.rollback.looks, event] }
  }
}

function rolledBack(state: State, event: EventOf<'rollback-finished'>): State {
  if (state.rollback === undefined) return state
  const rollback = { ...state.rollback, finished: event }
  if (event.outcome !== 'failed') {
    return { ...state, status: 'rolled-back', rollback, endedAt: event.at }
  }
  // The next attempt deploys anew, and its watch begins with that.
  const { since: _over, ...given } = rollback
  const failures = given.failures + 1
  return { ...state, status: 'rollback-failed', rollback: { ...given, failures } }
}
