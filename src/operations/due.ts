import { RollgateError } from '../rollout/rollgate-error.ts'
import { dueWork } from '../rollout/wake.ts'
import { readState } from './record.ts'
import type { World } from './world.ts'

/** One definition and the little that is needed to see whether it needs a look. */
export interface Watched {
  /** Path of the definition, as the job that looks is told it. */
  readonly file: string
  /** @throws RollgateError when it cannot be read */
  open(): Promise<Pick<World, 'definition' | 'ledger' | 'clock'>>
}

/** What the monitor starts one job for. */
export interface DueItem {
  readonly definition: string
  /** The environment with the secrets that the job needs. */
  readonly keys: string
  readonly why: string
}

export interface DueList {
  readonly due: readonly DueItem[]
  /** Definitions whose need could not be found out; the others are looked at all the same. */
  readonly failed: readonly {
    readonly definition: string
    readonly code: string
    readonly message: string
    readonly remedy: string
  }[]
}

/**
 * Which definitions need a look now, from ledger and definition alone.
 * @throws RollgateError when not one of them could be found out
 */
export async function due(all: readonly Watched[]): Promise<DueList> {
  const asked = await Promise.all(all.map(ask))
  const [first] = asked.flatMap(({ error }) => (error === undefined ? [] : [error]))
  if (first !== undefined && asked.every(({ error }) => error !== undefined)) throw first
  return {
    due: asked.flatMap(({ item }) => (item === undefined ? [] : [item])),
    failed: asked.flatMap(({ file, error }) =>
      error === undefined
        ? []
        : [{ definition: file, code: error.code, message: error.message, remedy: error.remedy }]
    )
  }
}

interface Asked {
  readonly file: string
  readonly item?: DueItem
  readonly error?: RollgateError
}

async function ask({ file, open }: Watched): Promise<Asked> {
  try {
    const world = await open()
    const work = dueWork(world.definition, await readState(world), world.clock.now())
    return work === undefined ? { file } : { file, item: { definition: file, ...work } }
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return { file, error }
  }
}
