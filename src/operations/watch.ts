import { rollbackFailed } from '../report/announcement.ts'
import { isDrift } from '../rollout/integrity.ts'
import { isWorthRecording } from '../rollout/recording.ts'
import { standingAfter } from '../rollout/rollback-way.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { Seen } from '../rollout/sight.ts'
import { failedInWatch, type RollbackState, type State } from '../rollout/state.ts'
import { type WatchLookCase, watchEnding, watchLook } from '../rollout/watch-look.ts'
import type { Checked, CheckRequest } from './check.ts'
import { inspect, recordedLook, see, timeOf } from './look.ts'
import { record } from './record.ts'
import { continueRollback } from './rollback.ts'
import type { World } from './world.ts'

/**
 * Watches the old state after a rollback until it is proven to be back. A rollback that was cut off
 * before its watch began, or whose flags or deployment have drifted since, is carried out first. A
 * rollback that was carried out and did not take effect waits for a person: doing it again by itself
 * would make deployment after deployment.
 * @throws ProviderError when the rollback could not be finished
 */
export async function watch(world: World, state: State, request: CheckRequest): Promise<Checked> {
  const { rollback } = state
  if (rollback === undefined) return { state }
  if (failedInWatch(rollback)) return { state }
  if (rollback.since === undefined || state.status === 'rollback-failed') {
    return { state: await continueRollback(world) }
  }
  const seen = await observeWatch(world, rollback, rollback.since)
  if (hasDrifted(seen)) return { state: await continueRollback(world) }
  return concludeWatch(world, rollback, seen, request)
}

interface Observed extends Pick<Seen, 'sight' | 'nowMs' | 'integrity'> {
  /** Start of the watch, ISO 8601. */
  readonly since: string
}

async function observeWatch(
  world: World,
  rollback: RollbackState,
  since: string
): Promise<Observed> {
  const { definition } = world
  const { target } = rollback.intent
  const criteria = definition.criteria[definition.rollback.criteria] ?? []
  const sight = await see(world, criteria, { target, since })
  const nowMs = timeOf(world, sight)
  const expected = standingAfter(rollback, definition.rollback.flags, since)
  const { integrity } = await inspect(world, expected, sight)
  return { sight, nowMs, integrity, since }
}

/** What carrying the rollback out once more puts right. */
const REPAIRABLE = [
  'deployment_gone',
  'deployment_deleted',
  'deployment_replaced',
  'deployment_flags',
  'rolled_back_by_hand',
  'promoted_by_hand'
]

function hasDrifted({ integrity }: Observed): boolean {
  return integrity.some(
    finding => isDrift(finding) || (!finding.ok && REPAIRABLE.includes(finding.code))
  )
}

async function concludeWatch(
  world: World,
  rollback: RollbackState,
  seen: Observed,
  request: CheckRequest
): Promise<Checked> {
  let watched = watchLook(caseOf(world, rollback, seen, request))
  const { state, events } = await record(world, current => {
    const now = current.rollback
    // Carried out once more in between: this look is of the watch before.
    if (current.status !== 'rolling-back' || now?.since !== seen.since) return undefined
    watched = watchLook(caseOf(world, now, seen, request))
    const { made } = watched
    const quiet = !isWorthRecording(watched.look, now.looks.at(-1), current.status)
    if (made.outcome === 'watching' && quiet) return undefined
    const { look, file } = recordedLook(world, watched, seen)
    const { at: _stampedLater, ...body } = look
    return {
      message: `${rolloutId(current.definition, current.number)}: watch the rollback: ${made.outcome}`,
      events: [body, ...watchEnding(now.intent, made)],
      files: [file]
    }
  })
  const { look, made } = watched
  // Nobody knows whether the old state is back, which somebody should.
  if ((made.outcome === 'failed' || made.outcome === 'unproven') && events.length > 0) {
    await world.announcer.announce(rollbackFailed(world.definition, state, { why: made.reason }))
  }
  return { state, look }
}

function caseOf(
  { definition, clock }: World,
  rollback: RollbackState,
  seen: Observed,
  { wokenBy }: CheckRequest
): WatchLookCase {
  return { ...seen, definition, rollback, wokenBy, at: new Date(clock.now()).toISOString() }
}
