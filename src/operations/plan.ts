import { renderBriefing } from '../report/briefing.ts'
import type { Phase } from '../rollout/definition.ts'
import type { EventBody } from '../rollout/events.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { Deployment, FlagReading } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { type Recorded, readState, record } from './record.ts'
import type { World } from './world.ts'

/** How a target stands before a phase changes it. */
export interface Standing {
  /** Every flag that the rollback knows; null: absent. */
  readonly flags: Readonly<Record<string, string | null>>
  readonly deployment: Deployment | undefined
}

/** The phase that comes next and what it would meet; or why there is none. */
export type Prospect =
  | {
      readonly kind: 'phase'
      readonly state: State
      readonly phase: Phase
      readonly before: Standing
      /** Of definition, phase and flag changes: what a briefing shows and an approval binds to. */
      readonly digest: string
      /** An earlier application of this phase was cut off half-way. */
      readonly resuming: boolean
    }
  | { readonly kind: 'nothing'; readonly state: State; readonly why: string }

export type Plan =
  | (Extract<Prospect, { kind: 'phase' }> & {
      /** Markdown for the person at the gate. */
      readonly briefing: string
    })
  | Extract<Prospect, { kind: 'nothing' }>

/**
 * Finds the phase that comes next, shows what it would change and records that this was shown.
 * Nothing outside the ledger is touched.
 * @param wanted the name of a phase, or `next`
 * @throws InputError when the rollout is held, over, or another phase is next; ProviderError
 */
export async function plan(world: World, wanted = 'next'): Promise<Plan> {
  const prospect = await lookAhead(world, wanted)
  if (prospect.kind === 'nothing') return prospect
  const { phase, before, digest } = prospect
  const { state } = await recordPlan(world, phase, digest)
  const now = new Date(world.clock.now()).toISOString()
  const { definition } = world
  const briefing = renderBriefing({ definition, state, phase, before: before.flags, digest, now })
  return { ...prospect, state, briefing }
}

/**
 * The phase that comes next and how its target stands. Changes nothing.
 * @throws InputError when the rollout is held, over, or another phase is next; ProviderError
 */
export async function lookAhead(world: World, wanted: string): Promise<Prospect> {
  const state = await readState(world)
  const found = findPhase(world, state, wanted)
  if (found.kind === 'nothing') return { ...found, state }
  const before = await readStanding(world, found.phase)
  return { ...found, state, before, digest: digestOf(world, found.phase, before) }
}

type Found =
  | { readonly kind: 'phase'; readonly phase: Phase; readonly resuming: boolean }
  | { readonly kind: 'nothing'; readonly why: string }

function findPhase({ definition }: World, state: State, wanted: string): Found {
  const move = nextMove(definition, state)
  switch (move.kind) {
    case 'blocked':
      throw new InputError(move.code, `Nothing can move forward: ${move.why}.`, move.way)
    case 'done':
      return { kind: 'nothing', why: 'every enabled phase is promoted' }
    case 'soaking':
      return { kind: 'nothing', why: `${move.phase.name} is live and soaking` }
    case 'start':
    case 'apply': {
      const { phase } = move
      if (wanted !== 'next' && wanted !== phase.name) throw wrongPhase(wanted, phase)
      return { kind: 'phase', phase, resuming: move.kind === 'apply' && move.resuming }
    }
  }
}

function wrongPhase(wanted: string, next: Phase): InputError {
  return new InputError(
    'wrong_phase',
    `Phase ${wanted} is not next: ${next.name} is.`,
    `Ask for ${next.name}, or leave the phase out.`
  )
}

/**
 * The flags and the deployment of the phase's target as they are.
 * @throws InputError (`flags_obstructed`) when a flag cannot be restored or would not take effect
 */
async function readStanding(world: World, phase: Phase): Promise<Standing> {
  const names = Object.keys(world.definition.rollback.flags)
  const [reading, deployment] = await Promise.all([
    world.flags.read(phase.target, names),
    world.deployer.live(phase.target)
  ])
  return { flags: restorable(phase, reading), deployment }
}

function restorable(phase: Phase, reading: FlagReading): Standing['flags'] {
  const unreadable = Object.entries(reading.flags).flatMap(([flag, state]) =>
    state.kind === 'unreadable' ? [`${flag} cannot be read back: ${state.reason}`] : []
  )
  const problems = [...unreadable, ...reading.obstacles.map(({ message }) => message)]
  if (problems.length > 0) {
    throw new InputError(
      'flags_obstructed',
      `${phase.name} cannot change the flags of ${phase.target}: ${[...new Set(problems)].join('; ')}.`,
      reading.obstacles[0]?.remedy ?? 'Recreate the variable as a plain (not sensitive) one.'
    )
  }
  return Object.fromEntries(
    Object.entries(reading.flags).map(([flag, state]) => [
      flag,
      state.kind === 'set' ? state.value : null
    ])
  )
}

function digestOf({ definition, sha256 }: World, phase: Phase, before: Standing): string {
  const changes = Object.entries(phase.flags).map(([flag, value]) => [
    flag,
    before.flags[flag] ?? null,
    value
  ])
  return sha256(JSON.stringify([definition.digest, phase.name, phase.target, changes])).slice(0, 16)
}

/** Records that this plan was shown, unless that is what the ledger says already. */
export function recordPlan(world: World, phase: Phase, digest: string): Promise<Recorded> {
  return record(world, state => {
    const move = nextMove(world.definition, state)
    if (move.kind !== 'start' && move.kind !== 'apply') return undefined
    if (move.phase.name !== phase.name || isPlanned(state, phase, digest)) return undefined
    const planned: EventBody = { kind: 'phase-planned', phase: phase.name, digest }
    const events = move.kind === 'start' ? [started(world, move.number), planned] : [planned]
    const number = move.kind === 'start' ? move.number : state.number
    const id = rolloutId(world.definition.name, number)
    return { events, message: `${id}: plan ${phase.name}` }
  })
}

/** A phase whose application was cut off keeps its intent; it is not planned a second time. */
function isPlanned(state: State, phase: Phase, digest: string): boolean {
  const current = currentPhase(state)
  return (
    current?.name === phase.name &&
    (current.status === 'applying' ||
      (current.status === 'planned' && current.planned?.digest === digest))
  )
}

function started({ definition }: World, number: number): EventBody {
  const { name, digest } = definition
  return { kind: 'rollout-started', definition: name, number, digest }
}
