import { rollbackFailed } from '../report/announcement.ts'
import { decideWatch, type WatchMade } from '../rollout/decide-watch.ts'
import { checkpointName } from '../rollout/duration.ts'
import type { EventBody, EventOf, LookBody } from '../rollout/events.ts'
import { isWorthRecording } from '../rollout/recording.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { cleanIntent, failedInWatch, type RollbackState, type State } from '../rollout/state.ts'
import type { Checked, CheckRequest } from './check.ts'
import { inspect, judgeSight, readingFile, type Sight, see, timeOf, windowOf } from './look.ts'
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
  if (seen.drifted) return { state: await continueRollback(world) }
  return concludeWatch(world, rollback, seen, request)
}

interface Seen {
  readonly sight: Sight
  readonly passedMs: number
  readonly look: Pick<LookBody, 'judgements' | 'integrity'>
  readonly drifted: boolean
  readonly made: WatchMade
}

async function observeWatch(world: World, rollback: RollbackState, since: string): Promise<Seen> {
  const { definition } = world
  const { target } = rollback.intent
  const criteria = definition.criteria[definition.rollback.criteria] ?? []
  const sight = await see(world, criteria, { target, since })
  const made = rollback.steps.findLast(step => step.deployment)?.deployment
  const deployment = { ...(made ?? { id: '', url: '' }), intent: cleanIntent(rollback) }
  const { flags, watchMs } = definition.rollback
  const integrity = [...(await inspect(world, { target, flags, deployment, since }, sight))]
  const judgements = [...judgeSight(criteria, sight, FRAME(watchMs))]
  const passedMs = timeOf(world, sight) - Date.parse(since)
  return {
    sight,
    passedMs,
    look: { judgements, integrity },
    drifted: integrity.some(({ ok, code }) => !ok && REPAIRABLE.includes(code)),
    made: decideWatch(judgements, integrity, { passedMs, watchMs })
  }
}

/** What carrying the rollback out once more puts right. */
const REPAIRABLE = ['flag_drift', 'deployment_gone', 'deployment_replaced']

const FRAME = (watchMs: number) => ({ horizonMs: watchMs, checkpointMs: undefined })

async function concludeWatch(
  world: World,
  rollback: RollbackState,
  seen: Seen,
  request: CheckRequest
): Promise<Checked> {
  const look = watchLook(world, rollback.intent, seen, request)
  const { outcome, reason } = seen.made
  const { state, events } = await record(world, current => {
    if (current.status !== 'rolling-back') return undefined
    if (
      outcome === 'watching' &&
      !isWorthRecording(look, current.rollback?.looks.at(-1), current.status)
    ) {
      return undefined
    }
    const { at: _stampedLater, ...body } = look
    const folder = `evidence/rollback/${checkpointName(Math.floor(seen.passedMs / 60_000) * 60_000)}`
    return {
      message: `${rolloutId(current.definition, current.number)}: watch the rollback: ${outcome}`,
      events: [body, ...ending(rollback.intent, seen.made)],
      files: [readingFile(folder, seen.sight, FRAME(world.definition.rollback.watchMs))]
    }
  })
  // Nobody knows whether the old state is back, which somebody should.
  if ((outcome === 'failed' || outcome === 'unproven') && events.length > 0) {
    await world.announcer.announce(rollbackFailed(world.definition, state, { why: reason }))
  }
  return { state, look }
}

function ending(
  { id }: EventOf<'rollback-requested'>,
  { outcome, reason }: WatchMade
): readonly EventBody[] {
  return outcome === 'watching'
    ? []
    : [{ kind: 'rollback-finished', intent: id, outcome, message: reason }]
}

function watchLook(
  world: World,
  intent: EventOf<'rollback-requested'>,
  { sight, look, made }: Seen,
  { wokenBy }: CheckRequest
): LookBody {
  return {
    kind: 'look',
    at: new Date(world.clock.now()).toISOString(),
    phase: intent.phase,
    purpose: 'watch',
    checkpoints: [],
    final: made.outcome !== 'watching',
    wokenBy,
    lateMs: 0,
    ...windowOf(sight),
    ...look,
    decision: 'continue',
    rule: made.rule,
    reason: made.reason
  }
}
