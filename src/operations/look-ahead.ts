import { type Course, criteriaOf, type PastLook } from '../rollout/backtest.ts'
import type { Reading } from '../rollout/ports.ts'
import { EvidenceError } from '../rollout/rollgate-error.ts'
import type { Sight } from '../rollout/sight.ts'
import { questionOf, see } from './look.ts'
import type { World } from './world.ts'

type Asked = Pick<World, 'definition' | 'metrics' | 'clock'>

/** A phase may end at its first look: what was read beyond its end was read in vain. */
const FIRST_LOOKS = 4
const MOST_LOOKS = 32

/** What the first of the coming looks sees. */
export type SeeAhead = (coming: readonly PastLook[], next: PastLook) => Promise<Sight>

/**
 * Sees the past with few questions: several coming looks of a phase are asked at once, more of them the
 * longer the phase goes on. When they cannot be answered together, the rest of the phase is asked look
 * by look, as checks would have: what is wrong is told of the very look that it is wrong with.
 */
export function seeAhead(world: Asked, course: Course): SeeAhead {
  const fresh = { known: new Map<number, Sight>(), size: FIRST_LOOKS, together: true }
  let ahead = { ...fresh, sinceMs: Number.NaN }
  return async (coming, next) => {
    if (next.sinceMs !== ahead.sinceMs) ahead = { ...fresh, sinceMs: next.sinceMs }
    if (ahead.together && !ahead.known.has(next.atMs)) {
      const known = await seeTogether(world, course, coming.slice(0, ahead.size))
      const size = Math.min(MOST_LOOKS, 2 * ahead.size)
      ahead = { ...ahead, known: known ?? new Map(), size, together: known !== undefined }
    }
    return ahead.known.get(next.atMs) ?? seeOne(world, course, next)
  }
}

async function seeTogether(
  world: Asked,
  course: Course,
  looks: readonly PastLook[]
): Promise<Map<number, Sight> | undefined> {
  const askedMs = world.clock.now()
  const readings = await readTogether(world, course, looks)
  const answeredMs = world.clock.now()
  return (
    readings &&
    new Map(
      readings.map((reading, place): [number, Sight] => [
        looks[place]?.atMs ?? Number.NaN,
        { kind: 'seen', reading, askedMs, answeredMs }
      ])
    )
  )
}

async function readTogether(
  { definition, metrics }: Asked,
  course: Course,
  looks: readonly PastLook[]
): Promise<readonly Reading[] | undefined> {
  const [first] = looks
  if (first === undefined) return undefined
  try {
    return await metrics.lookBack({
      ...questionOf(definition, criteriaOf(course), course.phase.target),
      since: iso(first.sinceMs),
      untils: looks.map(({ atMs }) => iso(atMs))
    })
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return undefined
  }
}

function seeOne(world: Asked, course: Course, { sinceMs, atMs }: PastLook): Promise<Sight> {
  return see(world, criteriaOf(course), {
    target: course.phase.target,
    since: iso(sinceMs),
    until: iso(atMs)
  })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
