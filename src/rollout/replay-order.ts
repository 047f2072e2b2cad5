import type { LedgerEvent } from './events.ts'
import { readingPath } from './kept-look.ts'
import { rolloutId } from './rollout-id.ts'

/** What is compared with the log as a whole. */
interface Kept {
  readonly definition: string
  readonly number: number
  /** Paths below the rollout's folder. */
  readonly files: readonly string[]
}

/**
 * What Rollgate never writes into a ledger, one sentence each: a log that begins as another rollout, an
 * end without the look that it comes from, a reading whose look is gone. `whole` tells that nothing
 * follows these events. That their places have no gap is seen when a log is read.
 */
export function contradictionsIn(
  { definition, number, files }: Kept,
  events: readonly LedgerEvent[],
  whole: boolean
): readonly string[] {
  const [first, ...rest] = events
  const begun = first?.kind === 'rollout-started' ? rolloutId(first.definition, first.number) : ''
  const id = rolloutId(definition, number)
  // Nothing is known of the first event of a log whose first line cannot be read.
  const misplaced = begun !== id && (whole || first !== undefined)
  return [
    ...(misplaced ? [`its first event does not begin ${id}`] : []),
    ...(rest.some(({ kind }) => kind === 'rollout-started') ? ['it begins more than once'] : []),
    ...idsTwice(events).map(one => `the id ${one} stands in it more than once`),
    ...events.flatMap((event, index) => unfounded(event, events[index - 1])),
    ...(whole ? strayReadings(files, events) : [])
  ]
}

function idsTwice(events: readonly LedgerEvent[]): readonly string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { id } of events) (seen.has(id) ? twice : seen).add(id)
  return [...twice]
}

/** An end that only a look can have come to, without that look. */
function unfounded(event: LedgerEvent, before: LedgerEvent | undefined): readonly string[] {
  const purpose = purposeOf(event)
  const founded = before?.kind === 'look' && before.purpose === purpose
  return purpose === undefined || founded
    ? []
    : [`event ${event.seq}, ${event.kind}, follows no look that it could come from`]
}

/** Of the look that must stand right before such an end; undefined when it needs none. */
export function purposeOf(event: LedgerEvent): 'graduation' | 'watch' | undefined {
  if (event.kind === 'graduated') return 'graduation'
  // A rollback that could not be carried out has failed without a look.
  return event.kind === 'rollback-finished' && event.outcome !== 'failed' ? 'watch' : undefined
}

/** A look and its reading are one commit, so a reading alone is what a removed look has left. */
function strayReadings(
  files: readonly string[],
  events: readonly LedgerEvent[]
): readonly string[] {
  const named = new Set(
    events.flatMap(event =>
      event.kind === 'look' && event.evidence !== undefined ? [readingPath(event.evidence)] : []
    )
  )
  const stray = files.filter(path => READING.test(path) && !named.has(path))
  return stray.sort().map(path => `${path} belongs to no look of the log`)
}

const READING = /^evidence\/.+\/reading\.json$/u
