import { type Definition, type Phase, phaseNamed } from '../../rollout/definition.ts'
import type { LedgerEvent } from '../../rollout/events.ts'
import { isOver, type State } from '../../rollout/state.ts'
import { type Onlooker, strike } from '../rehearse.ts'
import type { Mishap, Scenario } from '../scenario.ts'
import { APPROVAL_MS, LEDGER_BRANCH, type WorkflowWorld } from './world.ts'

const HOUR_MS = 3_600_000
/** A hold that could end by itself is waited for this long; nobody resumes in a rehearsal. */
const PATIENCE_MS = 12 * HOUR_MS
/** Five days, the extensions, the seven days until graduation, and what people take. */
const LONGEST_MS = 40 * 24 * HOUR_MS

/**
 * Carries the rollout from the first press of the button to its end, by workflows alone: everything
 * after that press is done by cron, by the workflows themselves, and by people at the gates.
 */
export async function rehearseWorkflows(
  world: WorkflowWorld,
  scenario: Scenario,
  onlooker: Onlooker
): Promise<State> {
  const { machine, rehearsal } = world
  const { clock } = rehearsal
  const observe = createObserver(world, scenario, onlooker)
  await machine.dispatch('rollout.yml', firstInputs(world), world.people.starter)
  const limitMs = clock.now() + LONGEST_MS
  await machine.runUntil(async () => {
    const state = await observe()
    onlooker.timePassed(clock.now(), state)
    if (machine.runs.some(({ status }) => status !== 'completed')) return false
    return isAtEnd(rehearsal.world.definition, state, clock.now()) || isStuck(world, state)
  }, limitMs)
  return observe()
}

function firstInputs({ rehearsal, definition }: WorkflowWorld): Readonly<Record<string, string>> {
  const { phases, name } = rehearsal.world.definition
  const confirm = phases[0]?.target === 'production' ? name : ''
  return { operation: 'advance', definition, phase: 'next', confirm }
}

/** Tells whatever is new in the ledger, and lets the world follow it. */
function createObserver(
  world: WorkflowWorld,
  { mishap }: Scenario,
  onlooker: Onlooker
): () => Promise<State> {
  let head: string | undefined
  let told = 0
  let state: State | undefined
  return async () => {
    const newest = world.github.git.head(LEDGER_BRANCH)
    if (state !== undefined && newest === head) return state
    head = newest
    state = await world.state()
    const events = await world.events()
    for (const event of events.slice(told)) tell(world, event, state, { mishap, onlooker })
    told = events.length
    return state
  }
}

interface Telling {
  readonly mishap: Mishap | undefined
  readonly onlooker: Onlooker
}

function tell(
  { rehearsal, machine, definition }: WorkflowWorld,
  event: LedgerEvent,
  state: State,
  { mishap, onlooker }: Telling
): void {
  const phase = 'phase' in event ? phaseNamed(rehearsal.world.definition, event.phase) : undefined
  const atMs = Date.parse(event.at)
  if (event.kind === 'look') onlooker.looked(event, state)
  if (phase === undefined) return
  if (event.kind === 'phase-planned') {
    rehearsal.testOn(phase.target)
    onlooker.phaseBegins(phase, atMs)
  }
  const second = event.kind === 'phase-planned' ? secondPerson(phase, event.by) : undefined
  if (second !== undefined) {
    const { name } = rehearsal.world.definition
    const inputs = { operation: 'advance', definition, phase: phase.name, confirm: name }
    machine.at(atMs + APPROVAL_MS, () => machine.dispatch('rollout.yml', inputs, second))
  }
  if (event.kind !== 'phase-applied') return
  onlooker.phaseIsLive(phase, event.deployment.url)
  if (mishap?.phase === phase.name) {
    machine.at(atMs + mishap.afterMs, () => strike(rehearsal, mishap, onlooker))
  }
}

/** Where a gate has no reviewers, somebody else presses the button after reading the briefing. */
function secondPerson({ gate }: Phase, planner: string): string | undefined {
  if (gate?.mode !== 'dispatch') return undefined
  return gate.allow.includes(planner) ? undefined : gate.allow[0]
}

function isAtEnd({ graduation }: Definition, state: State, nowMs: number): boolean {
  if (isOver(state) || state.status === 'rollback-failed') return true
  if (state.status === 'promoted' && graduation === undefined) return true
  return state.hold !== undefined && nowMs - Date.parse(state.hold.at) >= PATIENCE_MS
}

/** A run of the rollout has failed, and nothing has followed it for a long time: a person would look. */
function isStuck({ machine, rehearsal }: WorkflowWorld, state: State): boolean {
  if (state.status === 'not-started') return true
  const last = machine.runs.findLast(({ file }) => file === 'rollout.yml')
  if (last === undefined || last.conclusion === 'success') return false
  return rehearsal.clock.now() - (last.endedMs ?? 0) >= PATIENCE_MS
}
