import type { FlagObstacle, FlagReading } from './ports.ts'
import { rolloutId } from './rollout-id.ts'

/** What the comment beside a flag says about who set it. */
export interface FlagMark {
  readonly definition: string
  /** Absent when the whole definition was put back, whatever its rollouts. */
  readonly number?: number
  /** The flag was put back, and is anybody's. */
  readonly released: boolean
}

/** The comment of a flag that a phase sets: `rollgate assignment-pipeline-v3#1 staging-shadow`. */
export function phaseMark(rollout: string, phase: string): string {
  return `rollgate ${rollout} ${phase}`
}

/** The comment of a flag that is put back because its phase could not be applied. */
export function undoneMark(rollout: string, phase: string): string {
  return `rollgate ${rollout}: as before ${phase}`
}

/** The comment of a flag that a rollback puts back. */
export function rolledBackMark(definition: string): string {
  return `rollgate ${definition}: rolled back`
}

/** The comment of a flag that keeps what its rollout gave it, now that the rollout is over for good. */
export function graduatedMark(rollout: string): string {
  return `rollgate ${rollout}: graduated`
}

/** The comment of a flag that a person, or a workflow of theirs, sets outside of any rollout. */
export function handMark(by: string): string {
  return `rollgate: set by ${by}`
}

const MARK = /^rollgate ([a-z][a-z0-9-]*)(?:#([0-9]+))?(:| )/u

/** Undefined for every comment that no rollout has written. */
export function parseMark(comment: string | undefined): FlagMark | undefined {
  const [, definition, number, end] = MARK.exec(comment ?? '') ?? []
  if (definition === undefined) return undefined
  return {
    definition,
    ...(number === undefined ? {} : { number: Number(number) }),
    released: end === ':'
  }
}

/** Whether a rollout of that definition owns the flag with this comment. */
export function isOwnedBy(comment: string | undefined, definition: string): boolean {
  const mark = parseMark(comment)
  return mark !== undefined && !mark.released && mark.definition === definition
}

/** Whether a flag whose value is right already needs the new comment, to say whose it is. */
export function mustMark(held: string | undefined, comment: string): boolean {
  // Somebody's hand neither takes a flag from a rollout nor gives it to one.
  return parseMark(comment) !== undefined && ownerOf(held) !== ownerOf(comment)
}

/**
 * The flags that the rollout of another definition owns, by their comments. `mine` is the definition that
 * wants to write; without one, as for somebody's hand, nothing is in the way.
 */
export function otherRollouts(
  { target, flags }: Pick<FlagReading, 'target' | 'flags'>,
  mine: string | undefined
): readonly FlagObstacle[] {
  if (mine === undefined) return []
  return Object.entries(flags).flatMap(([flag, state]) => {
    const mark = state.kind === 'set' ? parseMark(state.comment) : undefined
    const owned = mark !== undefined && !mark.released && mark.definition !== mine
    return owned ? [otherRollout(flag, target, mark)] : []
  })
}

/** The reading with the flags of other rollouts among what stands in the way of this definition. */
export function withOtherRollouts(reading: FlagReading, mine: string): FlagReading {
  return { ...reading, obstacles: [...reading.obstacles, ...otherRollouts(reading, mine)] }
}

/** The rollout that owns a flag with this comment; undefined when it is anybody's. */
function ownerOf(comment: string | undefined): string | undefined {
  const mark = parseMark(comment)
  return mark === undefined || mark.released ? undefined : nameOf(mark)
}

function nameOf({ definition, number }: FlagMark): string {
  return number === undefined ? definition : rolloutId(definition, number)
}

function otherRollout(flag: string, target: string, mark: FlagMark): FlagObstacle {
  return {
    code: 'other_rollout',
    flag,
    message: `${flag} on ${target} belongs to the rollout ${nameOf(mark)}, as its comment says`,
    remedy: `Wait until ${mark.definition} is over, or roll it back; when it is over, clear the comment of ${flag} in the project's settings.`
  }
}
