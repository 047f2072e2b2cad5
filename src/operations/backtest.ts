import { utcText } from '../report/instant.ts'
import {
  beginWalk,
  type Course,
  comingLooks,
  criteriaOf,
  nextLook,
  type PastLook,
  phasesToWalk,
  takeLook,
  type Walk,
  walkable
} from '../rollout/backtest.ts'
import type { Phase } from '../rollout/definition.ts'
import type { Blindness } from '../rollout/judge.ts'
import { type PastBounds, type PastSpan, pastSpan } from '../rollout/past.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { seeAhead } from './look-ahead.ts'
import { requirePhase } from './verify.ts'
import type { World } from './world.ts'

export interface BacktestRequest extends PastBounds {
  /** Every criteria set of the enabled phases once, when absent. */
  readonly phase?: string | undefined
}

export interface Backtested {
  readonly span: PastSpan
  /** One per phase that was walked. */
  readonly walks: readonly Walk[]
  /** Why the database was not asked to the end, when it was not. */
  readonly stopped: Blindness | undefined
}

type Asked = Pick<World, 'definition' | 'metrics' | 'clock' | 'log'>

/** A database that has not answered so often in a row is not asked any more. */
const MOST_BLIND = 3

/**
 * Walks the criteria over the past, one look after another, as if phases had followed one another all
 * that time; reads the database and touches nothing else.
 * @throws InputError when there is no such phase or past; EvidenceError when the database cannot be
 * asked at all
 */
export async function backtest(world: Asked, request: BacktestRequest): Promise<Backtested> {
  const { definition } = world
  const phases =
    request.phase === undefined
      ? phasesToWalk(definition)
      : [requirePhase(definition, request.phase)]
  const nowMs = Date.parse(await world.metrics.databaseNow())
  const span = pastSpan(request, nowMs, definition.database.graceMs)
  const courses = coursesOf(world, phases, span)
  const walks: Walk[] = []
  let stopped: Blindness | undefined
  for (const course of courses) {
    const walked = await walkOver(world, course)
    walks.push(walked.walk)
    stopped = walked.stopped
    if (stopped !== undefined) break
  }
  return { span, walks, stopped }
}

function coursesOf(
  { definition }: Asked,
  phases: readonly Phase[],
  span: PastSpan
): readonly Course[] {
  const asked = walkable(definition)
  const courses = phases.map(phase => ({ definition: asked, phase, ...span }))
  const asking = courses.filter(course => criteriaOf(course).length > 0)
  if (asking.length > 0) return asking
  throw new InputError(
    'nothing_to_backtest',
    phases.length === 0
      ? `No phase of ${definition.name} is enabled.`
      : `No criterion of ${phases.map(({ name }) => name).join(', ')} is answered by a database.`,
    'Enable a phase, name another one with --phase, or add a criterion over a metric.'
  )
}

interface Walked {
  readonly walk: Walk
  readonly stopped: Blindness | undefined
}

async function walkOver(world: Asked, course: Course): Promise<Walked> {
  const see = seeAhead(world, course)
  let walk = beginWalk(course)
  let [blind, told] = [0, -1]
  for (let next = nextLook(walk); next !== undefined; next = nextLook(walk)) {
    told = sayHowFar(world, course, next, told)
    const sight = await see(comingLooks(walk), next)
    walk = takeLook(walk, sight)
    blind = sight.kind === 'blind' ? blind + 1 : 0
    if (sight.kind === 'blind' && blind === MOST_BLIND) return { walk, stopped: sight.blindness }
  }
  return { walk, stopped: undefined }
}

/** A line for each tenth of the way; returns how many tenths have been told of. */
function sayHowFar(
  { log }: Asked,
  { phase, fromMs, untilMs }: Course,
  { atMs }: PastLook,
  told: number
): number {
  const tenths = Math.floor((10 * (atMs - fromMs)) / (untilMs - fromMs))
  if (tenths <= told) return told
  log.info(`${phase.name}: ${tenths * 10} %, at ${utcText(new Date(atMs).toISOString())}`)
  return tenths
}
