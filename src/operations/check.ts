import type { Phase } from '../rollout/definition.ts'
import { phaseNamed } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import { isProven, toEffectParts } from '../rollout/effect.ts'
import type { EffectPart, EventBody, EventOf, LookBody, LookEvent } from '../rollout/events.ts'
import { soakFolder } from '../rollout/evidence-folder.ts'
import { checkDefinition } from '../rollout/integrity.ts'
import { lookAnnouncements } from '../rollout/look-announcements.ts'
import type { Deployment, LedgerFile } from '../rollout/ports.ts'
import { isWorthRecording } from '../rollout/recording.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { type DueLook, dueLook, isCutOff } from '../rollout/schedule.ts'
import type { Sight } from '../rollout/sight.ts'
import { type LookMade, soakConsequences, soakLook } from '../rollout/soak-look.ts'
import {
  acceptableSince,
  currentPhase,
  type PhaseState,
  type RolloutStatus,
  type State,
  takenUpMs,
  watchedPhase
} from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import { show } from './board.ts'
import { collectEvidence } from './evidence.ts'
import { setGoing } from './follow.ts'
import { goLive, startOfWatch } from './go-live.ts'
import { inspect, recordedLook, see, timeOf } from './look.ts'
import { frozenNow } from './passage.ts'
import { findServing } from './prove.ts'
import { readState, record } from './record.ts'
import { continueRollback, rollbackIn } from './rollback.ts'
import { watch } from './watch.ts'
import type { World } from './world.ts'

export interface CheckRequest {
  /** What woke it: `cron`, `apply`, `dispatch`, a person. */
  readonly wokenBy: string
  /** Why nothing may move forward, when somebody said so; the definition's freeze counts beside it. */
  readonly frozen?: string | undefined
}

export interface Checked {
  /** The state after the look and everything that followed from it. */
  readonly state: State
  /** The look, recorded or not; absent when there was nothing to look at. */
  readonly look?: LookBody
}

/**
 * Looks at the live phase, decides, records, and acts on the decision: a red look rolls back in the
 * same run, and what follows by itself is set going. With nothing live it does nothing; a rollback
 * that was cut off is carried on.
 * @throws ProviderError when a rollback could not be finished
 */
export async function check(world: World, request: CheckRequest): Promise<Checked> {
  const frozen = frozenNow(world, request.frozen)
  const checked = await lookAtRollout(world, { ...request, frozen })
  const state = frozen === undefined ? await setGoing(world, checked.state) : checked.state
  return { ...checked, state }
}

async function lookAtRollout(world: World, request: CheckRequest): Promise<Checked> {
  const state = await readState(world)
  switch (state.status) {
    case 'rolling-back':
    case 'rollback-failed':
      return watch(world, state, request)
    case 'running':
    case 'held':
    case 'promoted':
      return lookAtPhase(world, state, request)
    case 'not-started':
    case 'rolled-back':
    case 'graduated':
    case 'aborted':
      return { state }
  }
}

/**
 * What serves is looked at, also after its promotion and while the next phase waits for its gate: such
 * a look can raise the alarm and promotes nothing.
 */
async function lookAtPhase(world: World, before: State, request: CheckRequest): Promise<Checked> {
  const state = await adopt(world, before)
  const current = watchedPhase(state)
  if (current === undefined) return { state }
  const phase = phaseNamed(world.definition, current.name)
  if (phase === undefined) throw unknownPhase(world, current)
  const observed = await observe(world, state, phase, current)
  const evidence = await collectEvidence(world, phase, current, observed)
  return conclude(world, { phase, current, observed, evidence, request })
}

/** An application that was cut off may have gone live all the same; then it is watched from now on. */
async function adopt(world: World, state: State): Promise<State> {
  const current = currentPhase(state)
  if (current?.status !== 'applying' || current.intent === undefined) return state
  const { intent } = current
  const live = await world.deployer.live(intent.target)
  const serves = live?.intent === intent.id
  const effect = serves ? await provenAlready(world, intent, live) : undefined
  if (serves && effect !== undefined) {
    return goLive(world, intent, { deployment: live, since: await startOfWatch(world), effect })
  }
  const nowMs = world.clock.now()
  const workedOnMs = nowMs - takenUpMs(state, intent)
  if (state.status !== 'running' || !isCutOff(world.definition, intent.phase, workedOnMs)) {
    return state
  }
  return holdCutOff(world, intent, {
    begunMs: nowMs - Date.parse(intent.at),
    lacks: serves ? `is not proven, though it serves ${intent.target}` : 'has not gone live'
  })
}

/** What takes time to prove is left to whoever applies the phase; undefined: not proven. */
async function provenAlready(
  world: World,
  { phase, target, flags }: EventOf<'phase-applying'>,
  deployment: Deployment
): Promise<EffectPart[] | undefined> {
  if (phaseNamed(world.definition, phase)?.effect !== undefined) return undefined
  const claim = { phase, target, flags, deployment }
  const findings = await findServing(world, claim)
  return isProven(findings) ? toEffectParts(findings) : undefined
}

/** Somebody has to take up what nobody works on any more. */
async function holdCutOff(
  world: World,
  intent: EventOf<'phase-applying'>,
  { begunMs, lacks }: { readonly begunMs: number; readonly lacks: string }
): Promise<State> {
  const reason = `${intent.phase} was begun ${formatDuration(begunMs)} ago and ${lacks}: resume and apply it again, or roll it back`
  const { state, events } = await record(world, now =>
    currentPhase(now)?.status === 'applying' && now.status === 'running'
      ? {
          message: `${rolloutId(now.definition, now.number)}: ${intent.phase} was cut off`,
          events: [{ kind: 'held', cause: 'error', reason }]
        }
      : undefined
  )
  if (events.length > 0) {
    const rollout = rolloutId(state.definition, state.number)
    const title = `${rollout} is held in ${intent.phase}`
    await world.announcer.announce({ kind: 'held', rollout, title, body: reason })
  }
  return state
}

function unknownPhase({ definition }: World, { name }: PhaseState): InputError {
  return new InputError(
    'phase_unknown',
    `${name} is live, and ${definition.name} has no such phase any more, so nobody can judge it.`,
    'Put the phase back into the definition under its old name, or roll back.'
  )
}

/** Everything a look saw, before the ledger is asked what it is for. */
export interface Observed {
  readonly sight: Sight
  readonly nowMs: number
  readonly integrity: LookEvent['integrity']
  /** The deployment that the target serves, where the provider told. */
  readonly serves: string | undefined
  readonly due: DueLook
}

async function observe(
  world: World,
  state: State,
  phase: Phase,
  current: PhaseState
): Promise<Observed> {
  const { target, flags, criteria } = phase
  const since = current.since ?? ''
  const sight = await see(world, world.definition.criteria[criteria] ?? [], { target, since })
  const nowMs = timeOf(world, sight)
  const { deployment: made = { id: '', url: '' }, intent } = current
  const deployment = intent === undefined ? made : { ...made, intent: intent.id }
  const expected = { target, flags, deployment, since: acceptableSince(current) }
  const { integrity: found, serves } = await inspect(world, expected, sight)
  const integrity = [...checkDefinition(state.digest, world.definition.digest), ...found]
  return { sight, nowMs, integrity, serves, due: dueLook(phase, current, nowMs) }
}

interface Conclusion {
  readonly phase: Phase
  readonly current: PhaseState
  readonly observed: Observed
  readonly evidence: readonly LedgerFile[]
  readonly request: CheckRequest
}

async function conclude(world: World, conclusion: Conclusion): Promise<Checked> {
  const { current, request, observed } = conclusion
  let made:
    | { readonly look: LookBody; readonly before: PhaseState; readonly status: RolloutStatus }
    | undefined
  const recorded = await record(world, state => {
    // Asked again after a lost race: what was decided on the older state counts for nothing.
    made = undefined
    const now = state.rollback === undefined ? watchedPhase(state) : undefined
    // A rollback, another phase or a new start of this one came in between: this look is of the past.
    if (now?.name !== current.name || now.since !== current.since) return undefined
    const one = lookOf(world, conclusion, state, now)
    made = { look: one.look, before: now, status: state.status }
    if (!isWorthRecording(one.look, now.looks.at(-1), state.status)) return undefined
    const { look, file } = recordedLook(world, one, observed)
    return {
      message: headline(state, look),
      events: [eventOf(look), ...soakConsequences(state, look, observed.serves)],
      files: [file, ...evidenceOf(conclusion, now, look)]
    }
  })
  if (made === undefined) return { state: recorded.state }
  const { look, before, status } = made
  const id = rolloutId(recorded.state.definition, recorded.state.number)
  const announcements = lookAnnouncements(id, look, before.looks.at(-1), status)
  // The rollback itself says when it is through, or that it is not.
  for (const announcement of announcements.filter(({ kind }) => kind !== 'rolled-back')) {
    await world.announcer.announce(announcement)
  }
  const rolledBack = rollbackIn(recorded.events)
  if (rolledBack === undefined && recorded.events.length > 0) await showLook(world, look, before)
  const state = rolledBack ? await continueRollback(world, {}) : recorded.state
  world.log.info(describe(look, observed.nowMs, current, request))
  return { state, look }
}

/** Only what people look out for: the checkpoints. */
async function showLook(
  world: World,
  look: LookBody,
  { deployment }: Pick<PhaseState, 'deployment'>
): Promise<void> {
  if (look.checkpoints.length === 0) return
  const { phase, checkpoints, decision } = look
  const verdict = worstVerdict(look.judgements)
  const says = `${checkpoints.join(', ')}: ${verdict}, ${decision}`
  const state = verdict === 'error' || verdict === 'red' ? 'failure' : 'success'
  // GitHub shows the address of the newest entry only.
  await show(world, { phase, state, says, url: deployment?.url })
}

function lookOf(
  { definition, clock }: World,
  { phase, observed, request }: Conclusion,
  state: State,
  current: PhaseState
): LookMade {
  const { frozen, wokenBy } = request
  const at = new Date(clock.now()).toISOString()
  return soakLook({ definition, phase, state, current, ...observed, frozen, at, wokenBy })
}

function eventOf({ at: _stampedLater, ...body }: LookBody): EventBody {
  return body
}

/** Another look may have been faster: its checkpoints keep the evidence that it was decided on. */
function evidenceOf(
  { evidence }: Conclusion,
  current: PhaseState,
  { checkpoints }: LookBody
): readonly LedgerFile[] {
  const own = checkpoints.map(name => `${soakFolder(current)}/${name}/`)
  return evidence.filter(({ path }) => own.some(place => path.startsWith(place)))
}

/** `assignment-pipeline-v3#1: staging-full T+6h: pass, continue` */
function headline(state: State, look: LookBody): string {
  const id = rolloutId(state.definition, state.number)
  const label = look.evidence?.split('/').at(-1) ?? look.phase
  return `${id}: ${look.phase} ${label}: ${worstVerdict(look.judgements)}, ${look.decision}`
}

function describe(
  look: LookBody,
  nowMs: number,
  current: PhaseState,
  request: CheckRequest
): string {
  const elapsed = formatDuration(nowMs - Date.parse(current.since ?? ''))
  const what = look.checkpoints.length > 0 ? look.checkpoints.join(', ') : 'sentinel'
  return `${look.phase} after ${elapsed} (${what}, woken by ${request.wokenBy}): ${look.decision}`
}
