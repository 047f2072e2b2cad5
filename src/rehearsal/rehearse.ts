import { apply } from '../operations/apply.ts'
import { check } from '../operations/check.ts'
import { plan } from '../operations/plan.ts'
import { readState } from '../operations/record.ts'
import type { World } from '../operations/world.ts'
import { type Definition, type Phase, phaseNamed } from '../rollout/definition.ts'
import type { LookBody } from '../rollout/events.ts'
import { nextMove } from '../rollout/next-move.ts'
import { nextCheckpoint } from '../rollout/schedule.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import type { Mishap, Scenario } from './scenario.ts'
import type { RehearsalWorld } from './world.ts'

/** What an onlooker is told while virtual days go by. */
export interface Onlooker {
  phaseBegins(phase: Phase, nowMs: number): void
  phaseIsLive(phase: Phase, url: string): void
  looked(look: LookBody, state: State): void
  timePassed(nowMs: number, state: State): void
  mishap(mishap: Mishap, nowMs: number): void
}

/** Wake-ups of the monitor, minutes past each hour. */
const CRON_MINUTES = [7, 37]
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long people take to read a briefing and approve. */
const APPROVAL_MS = 10 * MINUTE_MS
/** A hold that could end by itself is waited for this long; nobody resumes in a rehearsal. */
const PATIENCE_MS = 12 * HOUR_MS

/**
 * Carries the rollout from its first phase to its end: promoted, held for good, or rolled back and
 * watched. Every step is the operation that production runs.
 */
export async function rehearse(
  rehearsal: RehearsalWorld,
  scenario: Scenario,
  onlooker: Onlooker
): Promise<State> {
  const { world, clock } = rehearsal
  let mishap = scenario.mishap
  for (;;) {
    const state = await readState(world)
    if (isAtEnd(state, clock.now())) return state
    const move = nextMove(world.definition, state)
    if (move.kind === 'done') return state
    if (move.kind === 'start' || move.kind === 'apply') {
      await advance(rehearsal, move.phase, onlooker)
      continue
    }
    const wakeUp = nextWakeUp(world.definition, state, clock.now())
    if (mishap !== undefined && strikes(mishap, state, wakeUp.atMs)) {
      await strike(rehearsal, mishap, onlooker)
      mishap = undefined
    }
    await clock.advanceTo(wakeUp.atMs)
    const checked = await check(world, { wokenBy: wakeUp.by })
    onlooker.timePassed(clock.now(), checked.state)
    if (checked.look) onlooker.looked(checked.look, checked.state)
  }
}

async function advance(
  { world, clock, people, testOn }: RehearsalWorld,
  phase: Phase,
  onlooker: Onlooker
): Promise<void> {
  testOn(phase.target)
  onlooker.phaseBegins(phase, clock.now())
  const confirm = world.definition.name
  const planned = await plan(world, { phase: phase.name, confirm })
  if (phase.gate) await clock.sleep(APPROVAL_MS)
  if (phase.gate?.mode === 'environment') {
    people.review(phase.gate.environment, { run: world.actor.run })
  }
  const digest = planned.kind === 'phase' ? planned.digest : undefined
  const work = secondPerson(world, phase)
  const applied = await apply(work, { phase: phase.name, wokenBy: 'apply', confirm, digest })
  if (applied.kind !== 'applied') return
  onlooker.phaseIsLive(phase, applied.deployment.url)
  if (applied.first.look) onlooker.looked(applied.first.look, applied.first.state)
}

/** A gate without reviewers is passed by somebody else who starts the phase. */
function secondPerson(world: World, { gate }: Phase): World {
  if (gate?.mode !== 'dispatch') return world
  return { ...world, actor: { ...world.actor, by: gate.allow[0] ?? world.actor.by } }
}

function isAtEnd(state: State, nowMs: number): boolean {
  switch (state.status) {
    case 'rolled-back':
    case 'rollback-failed':
    case 'promoted':
    case 'graduated':
    case 'aborted':
      return true
    case 'held':
      return isStuck(state, nowMs)
    case 'not-started':
    case 'running':
    case 'rolling-back':
      return false
  }
}

function isStuck({ hold }: State, nowMs: number): boolean {
  const endsByItself =
    hold?.cause === 'error' || hold?.cause === 'integrity' || hold?.cause === 'blind'
  return !endsByItself || nowMs - Date.parse(hold.at) >= PATIENCE_MS
}

interface WakeUp {
  readonly atMs: number
  readonly by: 'cron' | 'timer'
}

/** Whichever comes first: the monitor's cron, or a timer set for the next thing that is due. */
function nextWakeUp(definition: Definition, state: State, nowMs: number): WakeUp {
  const cronMs = nextCron(nowMs)
  const timerMs = nextDue(definition, state, nowMs)
  return timerMs <= cronMs ? { atMs: timerMs, by: 'timer' } : { atMs: cronMs, by: 'cron' }
}

/** The next checkpoint, or the end of a rollback's watch; infinity when there is neither. */
function nextDue(definition: Definition, state: State, nowMs: number): number {
  const watched = state.rollback?.since
  if (watched !== undefined) {
    const endMs = Date.parse(watched) + definition.rollback.watchMs
    return endMs > nowMs ? endMs : Number.POSITIVE_INFINITY
  }
  const current = currentPhase(state)
  const phase = phaseNamed(definition, current?.name ?? '')
  if (current?.status !== 'soaking' || phase === undefined) return Number.POSITIVE_INFINITY
  return nextCheckpoint(phase, current, nowMs)?.dueMs ?? Number.POSITIVE_INFINITY
}

function nextCron(nowMs: number): number {
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  const ticks = [0, HOUR_MS].flatMap(offset =>
    CRON_MINUTES.map(minute => hourMs + offset + minute * MINUTE_MS)
  )
  return ticks.find(tick => tick > nowMs) ?? hourMs + HOUR_MS
}

function strikes(mishap: Mishap, state: State, atMs: number): boolean {
  const current = currentPhase(state)
  if (current?.name !== mishap.phase || current.status !== 'soaking') return false
  return atMs - Date.parse(current.since ?? '') >= mishap.afterMs
}

/** Lets a mishap happen to the world. */
export async function strike(
  { world, vercel, relay, clock }: RehearsalWorld,
  mishap: Mishap,
  onlooker: Onlooker
): Promise<void> {
  onlooker.mishap(mishap, clock.now())
  switch (mishap.kind) {
    case 'database-unreachable':
      return relay.cut()
    case 'flag-changed-by-hand': {
      const phase = phaseNamed(world.definition, mishap.phase)
      const [flag, value] = Object.entries(phase?.flags ?? {})[0] ?? ['', '']
      vercel.setFlagByHand(phase?.target ?? '', flag, value === 'true' ? 'false' : 'true')
    }
  }
}
