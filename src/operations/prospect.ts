import type { Phase } from '../rollout/definition.ts'
import { withOtherRollouts } from '../rollout/flag-owner.ts'
import { isBot } from '../rollout/initiators.ts'
import { nextMove } from '../rollout/next-move.ts'
import type { Deployment, FlagReading } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { readState } from './record.ts'
import type { World } from './world.ts'

/** How a target stands before a phase changes it. */
export interface Standing {
  /** Every flag that the rollback knows; null: absent. */
  readonly flags: Readonly<Record<string, string | null>>
  readonly deployment: Deployment | undefined
}

/** The phase that may be carried out now. */
export interface Candidate {
  readonly kind: 'phase'
  readonly phase: Phase
  /** An earlier application of this phase was cut off half-way; it is approved already. */
  readonly resuming: boolean
  /** It is live and held, and its soak starts anew. */
  readonly restarting: boolean
}

/** There is no phase to carry out. */
export interface Idle {
  readonly kind: 'nothing'
  readonly why: string
  /** A phase went live and the run that did it ended before its first look. */
  readonly unfinished: boolean
}

/** The phase that comes next and what it would meet; or why there is none. */
export type Prospect =
  | (Candidate & {
      readonly state: State
      readonly before: Standing
      /** Of definition, phase and flag changes: what a briefing shows and an approval binds to. */
      readonly digest: string
    })
  | (Idle & { readonly state: State })

/** A phase with how its target stands. */
export type Ready = Extract<Prospect, { kind: 'phase' }>

/**
 * The phase that comes next in that state, or the one that is asked for by its name.
 * @throws InputError when the rollout is held, being rolled back, or another phase is next
 */
export function findPhase(
  { definition, actor }: World,
  state: State,
  wanted: string
): Candidate | Idle {
  // What follows by itself names its phase as well, and must not end a hold with it.
  const move = nextMove(definition, state, isBot(actor.by) ? undefined : wanted)
  switch (move.kind) {
    case 'blocked':
      throw new InputError(move.code, `Nothing can move forward: ${move.why}.`, move.way)
    case 'done':
      return { kind: 'nothing', why: 'every enabled phase is promoted', unfinished: false }
    case 'soaking': {
      const unfinished = currentPhase(state)?.looks.length === 0
      return { kind: 'nothing', why: `${move.phase.name} is live and soaking`, unfinished }
    }
    case 'start':
    case 'apply': {
      const { phase } = move
      if (wanted !== 'next' && wanted !== phase.name) throw wrongPhase(wanted, phase)
      const resuming = move.kind === 'apply' && move.resuming
      const restarting = move.kind === 'apply' && move.restarting === true
      return { kind: 'phase', phase, resuming, restarting }
    }
  }
}

/**
 * The phase that comes next and how its target stands. Changes nothing. `allow` throws when it may
 * not be carried out, before anything but the ledger is asked.
 * @throws InputError when the rollout is held, over, or another phase is next; ProviderError
 */
export async function lookAhead(
  world: World,
  wanted: string,
  allow: (candidate: Candidate, state: State) => Promise<void> | void
): Promise<Prospect> {
  const state = await readState(world)
  const found = findPhase(world, state, wanted)
  if (found.kind === 'nothing') return { ...found, state }
  await allow(found, state)
  const before = await readStanding(world, found.phase)
  return { ...found, state, before, digest: digestOf(world, found.phase, before) }
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
  const told = withOtherRollouts(reading, world.definition.name)
  return { flags: restorable(phase, told), deployment }
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
