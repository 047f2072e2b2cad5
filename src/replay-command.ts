import { createHash } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import { type FoundLedger, findLedger } from './git/find-ledger.ts'
import { replay } from './operations/replay.ts'
import { createBranchArchive } from './production.ts'
import { renderReplay, replayDocument } from './report/replay.ts'
import type { Log } from './rollout/ports.ts'
import { replayOutcome } from './rollout/replay.ts'

/** What the composition root knows beside the options. */
export interface ReplaySurroundings {
  readonly env: Readonly<Record<string, string>>
  /** For a ledger on a branch. */
  readonly token: string | undefined
  readonly log: Log
  readonly print: (text: string) => void
}

type Options = Readonly<Record<string, unknown>>

const EXAMPLES = `
A place is file: and a folder, branch: and a name on GitHub, or just a folder: a bare repository, a
clone that has fetched the ledger's branch, the files of that branch as a checkout leaves them, or what
rollgate rehearse leaves behind. Nothing is written to it.

Examples:
  rollgate replay                                    the ledger of the command in this folder
  rollgate replay rehearsal/healthy                  what a rehearsal has left
  rollgate replay ../shop                            a clone, after git fetch origin rollgate-ledger
  rollgate replay branch:rollgate-ledger --repository acme/shop --number 3

A ledger on a branch needs GITHUB_TOKEN (or GH_TOKEN), which may be one that can only read. Nothing
else needs a credential.

Exit codes: 0 all of it agrees · 1 failed · 2 nothing differs, but not all can be made again ·
3 something differs`

/** Every option of \`replay\`, and what it is for. */
export function describeReplay(command: Command): Command {
  return command
    .description('make every recorded verdict and decision again from what was kept, and compare')
    .argument('[place]', 'the ledger', 'file:.rollgate/ledger.git')
    .option('--definition <name>', 'only rollouts of the definition with this name')
    .option('--number <n>', 'only the rollout with this number', rolloutNumber)
    .option('--repository <owner/name>', 'on GitHub; for a ledger on a branch')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
}

function rolloutNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text))
    throw new InvalidArgumentError('Write the number of a rollout.')
  return Number(text)
}

/**
 * Replays what lies at that place and prints what came of it. Resolves to the exit code.
 * @throws InputError when there is no ledger, or no such rollout in it; ProviderError
 */
export async function runReplay(
  place: string,
  options: Options,
  surroundings: ReplaySurroundings
): Promise<0 | 2 | 3> {
  const { place: found, archive } = await open(place, surroundings)
  const { definition, number } = options
  const rollouts = await replay(
    { archive, sha256, log: surroundings.log },
    {
      definition: typeof definition === 'string' ? definition : undefined,
      number: typeof number === 'number' ? number : undefined
    }
  )
  const report = { place: found, rollouts }
  surroundings.print(
    options['json'] === true
      ? `${JSON.stringify(replayDocument(report), null, 2)}\n`
      : renderReplay(report)
  )
  return EXIT[replayOutcome(rollouts)]
}

const EXIT = { agrees: 0, incomplete: 2, differs: 3 } as const

async function open(place: string, { env, token, log }: ReplaySurroundings): Promise<FoundLedger> {
  const [, branch] = /^branch:(.+)$/su.exec(place) ?? []
  if (branch !== undefined) {
    return { place, archive: createBranchArchive(branch, token, { env, log }) }
  }
  return findLedger(place.replace(/^file:/u, ''))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
