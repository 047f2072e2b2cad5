import { closestName } from '../rollout/closest-name.ts'
import { eventLogPath } from '../rollout/ledger-entry.ts'
import type { LedgerArchive, Log } from '../rollout/ports.ts'
import {
  filesToReplay,
  type RecordedRollout,
  type ReplayedRollout,
  replayRollout
} from '../rollout/replay.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutFolder, rolloutId } from '../rollout/rollout-id.ts'

/** Which rollouts are made again; everything that is left open is every one. */
export interface ReplayRequest {
  /** Name of a definition. */
  readonly definition?: string | undefined
  readonly number?: number | undefined
}

interface Replayer {
  readonly archive: LedgerArchive
  /** SHA-256 of a text, in hex. */
  readonly sha256: (text: string) => string
  /** Told how far it is. */
  readonly log: Pick<Log, 'info'>
}

/**
 * Makes every recorded look of these rollouts again from what the ledger keeps, and tells in which it
 * is not what was recorded. Writes nothing and asks nobody but the ledger.
 * @throws InputError (`replay_nothing`) when there is no such rollout; ProviderError
 */
export async function replay(
  replayer: Replayer,
  request: ReplayRequest
): Promise<readonly ReplayedRollout[]> {
  const paths = await replayer.archive.list()
  const rollouts = chosen(rolloutsIn(paths), request)
  const replayed: ReplayedRollout[] = []
  // One after the other: the texts of one are a few megabytes.
  for (const [index, rollout] of rollouts.entries()) {
    const name = `${rolloutId(rollout.definition, rollout.number)} (${index + 1} of ${rollouts.length})`
    const recorded = await readRollout(replayer, paths, { ...rollout, name })
    replayed.push(replayRollout(recorded, replayer.sha256))
  }
  return replayed
}

type Rollout = Pick<RecordedRollout, 'definition' | 'number'>

/** A rollout whose log is gone is one all the same: something else of it is left. */
function rolloutsIn(paths: readonly string[]): readonly Rollout[] {
  const folders = paths.flatMap(path => /^[^/]+\/[1-9]\d*(?=\/)/u.exec(path)?.[0] ?? [])
  const rollouts = [...new Set(folders)].map(folder => {
    const [definition = '', number] = folder.split('/')
    return { definition, number: Number(number) }
  })
  return rollouts.sort((a, b) => a.definition.localeCompare(b.definition) || a.number - b.number)
}

function chosen(rollouts: readonly Rollout[], request: ReplayRequest): readonly Rollout[] {
  const { definition, number } = request
  const found = rollouts.filter(
    one =>
      (definition === undefined || one.definition === definition) &&
      (number === undefined || one.number === number)
  )
  if (found.length > 0) return found
  throw rollouts.length === 0
    ? new InputError(
        'replay_nothing',
        'The ledger holds no rollout.',
        'Check the place that was named; a rollout is in the ledger once it is planned.'
      )
    : new InputError(
        'replay_nothing',
        `The ledger has no such rollout; it has ${known(rollouts)}.`,
        `${meant(rollouts, definition)}Name one of these, or leave --definition and --number out.`
      )
}

function meant(rollouts: readonly Rollout[], typed: string | undefined): string {
  const names = rollouts.map(({ definition }) => definition)
  const near = typed === undefined || names.includes(typed) ? undefined : closestName(typed, names)
  return near === undefined ? '' : `Did you mean --definition ${near}? `
}

function known(rollouts: readonly Rollout[]): string {
  return rollouts.map(one => rolloutId(one.definition, one.number)).join(', ')
}

/** Texts asked for together: more would be more open files, and more requests, than is polite. */
const AT_ONCE = 200

async function readRollout(
  { archive, log: told }: Replayer,
  paths: readonly string[],
  { definition, number, name }: Rollout & { readonly name: string }
): Promise<RecordedRollout> {
  const folder = `${rolloutFolder(definition, number)}/`
  const files = paths.filter(path => path.startsWith(folder)).map(path => path.slice(folder.length))
  const log = await archive.read(eventLogPath(definition, number))
  const texts = new Map<string, string>()
  const wanted = filesToReplay(log ?? '', files)
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    told.info(
      from === 0
        ? `${name}: reading ${wanted.length} files`
        : `${name}: ${from} of ${wanted.length} files read`
    )
    const read = wanted.slice(from, from + AT_ONCE).map(async path => {
      const text = await archive.read(folder + path)
      if (text !== undefined) texts.set(path, text)
    })
    await Promise.all(read)
  }
  return { definition, number, log, texts, files }
}
