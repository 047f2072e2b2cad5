import { isFloor } from '../verdict/threshold.ts'
import { areApart, isLowerBound } from '../verdict/value-look.ts'
import { parseBound, parseValueBound } from './bound.ts'
import type { RawCriterion } from './definition-schema.ts'
import type { Placed, Problem, YamlSource } from './yaml-source.ts'

/** What the bounds of a criterion are about: shares are written with %, values without. */
export type BoundKind = 'share' | 'value' | 'mixed'

/** What the bounds of a criterion are about. */
export function boundKind({ pass, warn, red }: RawCriterion): BoundKind {
  const written = [pass, warn, red].filter(bound => bound !== undefined)
  const shares = written.filter(bound => bound.endsWith('%')).length
  if (shares === written.length) return 'share'
  return shares === 0 ? 'value' : 'mixed'
}

/** Every mistake between the bounds of a criterion, each of which has the right shape. */
export function checkBounds(
  source: YamlSource,
  { path, value }: Placed<RawCriterion>
): readonly Problem[] {
  const kind = boundKind(value)
  if (kind === 'mixed') {
    const fix = 'write % behind all of them for a share, behind none for a value'
    return [source.problem(path, 'mixes bounds with and without %', fix)]
  }
  const { read, example, room } = WORDS[kind]
  const [pass, warn, red] = [value.pass, value.warn, value.red].map(text => read(text ?? ''))
  if (!(pass && red)) {
    const missing = pass ? 'red' : 'pass'
    const fix = `add ${missing}, as in pass: "${example.pass}", red: "${example.red}"`
    return [source.problem(path, `has no ${missing} bound`, fix)]
  }
  if (pass.isFloor === red.isFloor) {
    const fix = `let pass and red look in opposite directions: "${example.pass}" and "${example.red}"`
    return [source.problem([...path, 'red'], 'looks in the same direction as pass', fix)]
  }
  if (!room.isThere(pass, red)) {
    return [source.problem([...path, 'red'], 'leaves no room between pass and red', room.fix)]
  }
  return warn === undefined || isBetween(pass, warn, red)
    ? []
    : [
        source.problem(
          [...path, 'warn'],
          'does not lie between pass and red',
          `let it look in the direction of pass: warn: "${example.warn}"`
        )
      ]
}

interface Bound {
  readonly operator: '>=' | '>' | '<=' | '<'
  readonly at: number
  readonly isFloor: boolean
}

const WORDS = {
  share: {
    read: readShare,
    example: { pass: '>= 97%', warn: '>= 92%', red: '< 90%' },
    room: {
      isThere: hasRoomForEvidence,
      fix: 'keep both strictly between 0% and 100%, and pass on the better side of red'
    }
  },
  value: {
    read: readValue,
    example: { pass: '<= 2000', warn: '<= 4000', red: '> 5000' },
    room: {
      isThere: hasRoom,
      fix: 'write pass on the better side of red, so that no value is both'
    }
  }
} as const

function readShare(text: string): Bound | undefined {
  const bound = parseBound(text)
  return bound && { ...bound, at: bound.percent, isFloor: isFloor(bound) }
}

function readValue(text: string): Bound | undefined {
  const bound = parseValueBound(text)
  return bound && { ...bound, at: bound.value, isFloor: isLowerBound(bound) }
}

/** The likelihoods of a share need one that is neither impossible nor certain, and a gap between them. */
function hasRoomForEvidence(pass: Bound, red: Bound): boolean {
  const apart = pass.isFloor ? pass.at > red.at : pass.at < red.at
  return apart && [pass, red].every(({ at }) => at > 0 && at < 100)
}

function hasRoom(pass: Bound, red: Bound): boolean {
  return areApart({ ...pass, value: pass.at }, { ...red, value: red.at })
}

function isBetween(pass: Bound, warn: Bound, red: Bound): boolean {
  const [low, high] = [Math.min(pass.at, red.at), Math.max(pass.at, red.at)]
  return warn.isFloor === pass.isFloor && warn.at >= low && warn.at <= high
}
