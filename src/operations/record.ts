import { renderDashboard } from '../report/dashboard.ts'
import { renderVerificationLog } from '../report/verification-log.ts'
import { enabledPhases } from '../rollout/definition.ts'
import type { EventBody, LedgerEvent } from '../rollout/events.ts'
import { unkeptDefinition } from '../rollout/kept-definition.ts'
import type { LedgerFile, LedgerReading } from '../rollout/ports.ts'
import { ConflictError } from '../rollout/rollgate-error.ts'
import { fold, type State } from '../rollout/state.ts'
import type { World } from './world.ts'

/** What somebody wants to add to the ledger, given the state they were shown. */
export interface Draft {
  readonly events: readonly EventBody[]
  readonly files?: readonly LedgerFile[]
  /** One line of the history. */
  readonly message: string
}

export interface Recorded {
  /** The state after the draft, or as it is when there was none. */
  readonly state: State
  readonly events: readonly LedgerEvent[]
}

/** Losing the race this often in a row means that something else is wrong. */
const MAX_RACES = 20

/** The newest rollout of the definition, as the ledger has it now. */
export async function readState(world: Pick<World, 'definition' | 'ledger'>): Promise<State> {
  return stateOf(world, await world.ledger.read(world.definition.name))
}

/**
 * Shows `decide` the state and appends what it drafts, in one commit with the rendered log and
 * dashboard. Whoever loses a race is shown the new state and decides again. No draft: nothing is
 * written.
 * @throws ConflictError after too many lost races; whatever `decide` throws
 */
export async function record(
  world: World,
  decide: (state: State) => Draft | undefined
): Promise<Recorded> {
  for (let race = 1; ; race += 1) {
    const reading = await world.ledger.read(world.definition.name)
    const state = stateOf(world, reading)
    const draft = decide(state)
    if (draft === undefined || draft.events.length === 0) return { state, events: [] }
    try {
      return await append(world, reading, draft)
    } catch (error) {
      if (!(error instanceof ConflictError) || race >= MAX_RACES) throw error
    }
  }
}

async function append(world: World, reading: LedgerReading, draft: Draft): Promise<Recorded> {
  const { definition } = world
  const [first] = draft.events
  const begins = first?.kind === 'rollout-started'
  const number = begins ? first.number : reading.number
  const earlier = begins ? [] : reading.events
  const added = stamp(world, earlier.length, draft.events)
  const events = [...earlier, ...added]
  const state = fold(events, lastPhase(world))
  const now = new Date(world.clock.now()).toISOString()
  await world.ledger.append({
    definition: definition.name,
    number,
    expectedHead: reading.head,
    events: added,
    files: [
      ...(draft.files ?? []),
      ...unkeptDefinition(definition, earlier, added),
      { path: 'verification.md', content: renderVerificationLog({ definition, state, events }) }
    ],
    dashboard: renderDashboard({ previous: reading.dashboard, definition, state, now }),
    message: draft.message
  })
  return { state, events: added }
}

function stamp(
  world: World,
  lastSeq: number,
  bodies: readonly EventBody[]
): readonly LedgerEvent[] {
  const at = new Date(world.clock.now()).toISOString()
  return bodies.map((body, i) => ({
    seq: lastSeq + 1 + i,
    id: world.newId(),
    at,
    ...world.actor,
    ...body
  }))
}

function stateOf(world: Pick<World, 'definition'>, reading: LedgerReading): State {
  return fold(reading.events, lastPhase(world))
}

function lastPhase({ definition }: Pick<World, 'definition'>): string {
  return enabledPhases(definition).at(-1)?.name ?? ''
}
