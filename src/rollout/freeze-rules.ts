import { freezeSchema } from './definition-schema.ts'
import { type FreezeEnd, parseFreezeEnd } from './freeze-end.ts'
import { isTimeZone } from './wall-clock.ts'
import type { Path, Problem, YamlSource } from './yaml-source.ts'

/** Every mistake between the ends of the freezes that have the right shape, and in the clock they go by. */
export function checkFreezes(
  source: YamlSource,
  freezes: unknown,
  timeZone: unknown
): readonly Problem[] {
  if (!Array.isArray(freezes) || freezes.length === 0) return []
  const ends = freezes.flatMap((freeze, i) => {
    const { data } = freezeSchema.safeParse(freeze)
    return data === undefined ? [] : checkEnds(source, ['freeze', i], data)
  })
  return [...checkClock(source, timeZone), ...ends]
}

/** Reports can do without; a freeze by a clock that nobody knows would be another freeze. */
function checkClock(source: YamlSource, timeZone: unknown): readonly Problem[] {
  if (typeof timeZone !== 'string' || timeZone === '' || isTimeZone(timeZone)) return []
  const message = 'is no time zone, and the freeze goes by its clock'
  return [source.problem(['time_zone'], message, 'write an IANA name, as Europe/London')]
}

function checkEnds(
  source: YamlSource,
  path: Path,
  { from, to }: { readonly from: string; readonly to: string }
): readonly Problem[] {
  const fault = faultOf(parseFreezeEnd(from), parseFreezeEnd(to), from)
  return fault === undefined ? [] : [source.problem([...path, 'to'], ...fault)]
}

function faultOf(
  start: FreezeEnd | undefined,
  end: FreezeEnd | undefined,
  from: string
): readonly [message: string, fix: string] | undefined {
  if (start === undefined || end === undefined) return undefined
  if (start.kind === 'weekly' && end.kind === 'weekly') {
    return start.day === end.day && start.timeMs === end.timeMs
      ? ['is when it begins too', 'let it end at another time of the week']
      : undefined
  }
  if (start.kind === 'dated' && end.kind === 'dated') {
    return start.wall < end.wall
      ? undefined
      : [`does not come after ${from}`, 'write a later date, or exchange the two']
  }
  return [
    `is of another kind than ${from}`,
    'write both ends as days of the week, or both as dates'
  ]
}
