import { isAllAccepted, wayToAccept } from '../rollout/acceptance.ts'
import type { Definition, Phase } from '../rollout/definition.ts'
import { frozenBy } from '../rollout/freeze.ts'
import { type NextMove, nextMove } from '../rollout/next-move.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { dueLook, nextCheckpoint } from '../rollout/schedule.ts'
import { currentPhase, type RollbackState, type State } from '../rollout/state.ts'
import { instantText } from './instant.ts'
import { link, type Markup, md } from './markdown.ts'

/** What happens next with a rollout, in plain text. */
export interface Next {
  /** A sentence without its full stop; it goes on with "at" and `when`, where there is one. */
  readonly what: string
  /** ISO 8601; absent when no clock decides it, in the past when it is overdue. */
  readonly when?: string
  /** Who must do what; absent when nobody must. */
  readonly who?: string
  /** The run that is at it, or the page where it is to be done. */
  readonly url?: string
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
      return afterGraduation(input)
    case 'rolled-back':
    case 'aborted':
      return afterTheEnd(input)
  }
}

/** What happens next and when, as one sentence. */
export function nextText({ what, when }: Next, timeZone: string): string {
  return when === undefined ? what : `${what} at ${instantText(when, timeZone)}`
}

/** The same, with the page where it happens. */
export function nextMarkup(next: Next, timeZone: string): Markup {
  const text = nextText(next, timeZone)
  return next.url === undefined ? md`${text}` : md`${text} (${link(pageName(next.url), next.url)})`
}

/** `run 4711`, `issue 12`: what a person calls a page of GitHub. */
function pageName(url: string): string {
  const [, kind = '', number = ''] = /\/(runs|issues|pull)\/(\d+)/u.exec(url) ?? []
  const names: Readonly<Record<string, string>> = { runs: 'run', issues: 'issue', pull: 'proposal' }
  return kind === '' ? 'the page' : `${names[kind]} ${number}`
}

function onTheMove(input: NextInput, move: NextMove): Next {
  const { definition } = input
  switch (move.kind) {
    case 'start':
      return {
        what: `the rollout starts as ${rolloutId(definition.name, move.number)} with ${move.phase.name}`,
        ...starting(input, move.phase)
      }
    case 'apply':
      return beforePhase(input, move.phase)
    case 'soaking':
      return afterLooks(input, move.phase)
    case 'blocked':
      return { what: `nothing moves: ${move.why}`, who: `${definition.owner}: ${move.way}` }
    case 'done':
      return { what: 'nothing is left to do' }
  }
}

/** How a person sets the next step going, wherever they are. */
const BY_HAND = 'advance in the Actions tab, or rollgate apply'

function beforePhase(input: NextInput, phase: Phase): Next {
  const { definition, state } = input
  const current = currentPhase(state)
  const mine = current?.name === phase.name ? current.status : undefined
  if (mine === 'applying') {
    return {
      what: `${phase.name} is being applied`,
      who: `${definition.owner}: if its run was cut off, start it again (${BY_HAND}); it is taken up where it stopped`
    }
  }
  if (mine === 'failed') {
    return {
      what: `${phase.name} is tried again`,
      who: `${definition.owner}: put right what failed, then start it again (${BY_HAND})`
    }
  }
  const what = `${phase.name} ${phase.gate === undefined ? 'is applied' : 'waits for its gate'}`
  return mine === 'planned' ? afterPlan(input, phase, what) : { what, ...starting(input, phase) }
}

/** Whether a run is still at it is not known here, only what is asked for when there is none. */
function afterPlan(input: NextInput, phase: Phase, what: string): Next {
  const { definition, state, now } = input
  const again = `start it again (${BY_HAND})`
  const planned = currentPhase(state)?.planned
  const { gate } = phase
  if (gate === undefined) {
    const who = `${definition.owner}: when no run is at it any more, ${again}`
    return { what, ...atGate(input, phase), who }
  }
  const ageMs = Date.parse(now) - Date.parse(planned?.at ?? now)
  return ageMs > gate.validForMs
    ? {
        what: `the briefing of ${phase.name} is too old to be approved`,
        who: `${definition.owner}: ${again}`
      }
    : { what, ...atGate(input, phase) }
}

/** Nobody has to start what was started by itself; only its gate wants somebody. */
function starting(input: NextInput, phase: Phase): Omit<Next, 'what'> {
  const { definition, state, now } = input
  const frozen = frozenBy(definition, Date.parse(now))
  if (frozen !== undefined) {
    return {
      who: `${definition.owner}: start it when the freeze is over, where nothing does (${frozen})`
    }
  }
  if (state.dispatched?.operation === 'advance' && state.dispatched.phase === phase.name) {
    return atGate(input, phase)
  }
  const then = gateText(definition, phase)
  const start = `${definition.owner}: start it (${BY_HAND})`
  return { who: then === undefined ? start : `${start}; then ${then}` }
}

function atGate({ definition, state }: NextInput, phase: Phase): Omit<Next, 'what'> {
  const who = gateText(definition, phase)
  const { dispatched } = state
  const url = dispatched?.phase === phase.name ? dispatched.url : undefined
  return { ...(who === undefined ? {} : { who }), ...(url === undefined ? {} : { url }) }
}

/** Who lets a phase pass, and how. */
function gateText({ name }: Definition, { name: phase, gate }: Phase): string | undefined {
  switch (gate?.mode) {
    case undefined:
      return undefined
    case 'environment':
      return `a reviewer of the environment ${gate.environment}: approve ${phase}, or reject it`
    case 'dispatch':
      return `a second person (${gate.allow.join(', ')}): start ${phase} with ${name} in the field confirm`
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
  const { since = '', looks, accepted = [] } = currentPhase(state) ?? { looks: [] }
  const last = looks.at(-1)
  if (last !== undefined && isAllAccepted(last, accepted)) {
    return {
      what: `the next wake-up looks at ${phase.name}, and promotes it on what was accepted unless anything else has come up`
    }
  }
  const untilMs = Date.parse(since) + phase.soakMs + phase.extendMs
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
  // Nothing is live that a look could find in order.
  const looksEndIt = currentPhase(state)?.status !== 'applying'
  switch (looksEndIt ? state.hold?.cause : undefined) {
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
        who: `${definition.owner}: ${waysOut(input)}`
      }
  }
}

function waysOut({ state }: NextInput): string {
  const current = currentPhase(state)
  switch (current?.status) {
    case 'soaking': {
      const last = current.looks.at(-1)
      const accept = last === undefined ? undefined : wayToAccept(last)
      const anew = `advance to ${current.name} again to begin its soak anew`
      return accept === undefined
        ? `resume it with a reason, ${anew}, or roll it back`
        : `resume it with a reason and look again, ${anew}, roll it back, or take what was found upon yourself: ${accept}`
    }
    case 'applying':
      return `resume it with a reason and start ${current.name} again, or roll it back`
    default:
      return 'resume it with a reason, or roll it back'
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
  const { dispatched } = state
  if (dispatched?.operation === 'graduate') {
    return {
      what: 'every phase is promoted; its graduation was started',
      who: `${owner}: when its run has ended, it says what stands in the way; graduate it again when that is put right`,
      ...(dispatched.url === undefined ? {} : { url: dispatched.url })
    }
  }
  return {
    what: 'every phase is promoted; the time until graduation ends',
    ...(Number.isFinite(endedMs) ? { when: iso(endedMs + graduation.afterMs) } : {}),
    who: `${owner}: graduate it then, where no monitor does; that files: ${graduation.issue.title}`
  }
}

function afterGraduation({ definition, state }: NextInput): Next {
  const what = 'the rollout is over'
  const { issue, proposal } = state.graduated ?? {}
  const left = [
    ...(issue === undefined ? [] : ['do the clean-up that was filed']),
    ...(proposal === undefined ? [] : ['look at the new default values that were proposed'])
  ]
  if (left.length === 0) return { what }
  const url = issue ?? proposal
  return {
    what,
    who: `${definition.owner}: ${left.join(' and ')}`,
    ...(url === undefined ? {} : { url })
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
