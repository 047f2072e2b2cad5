import type { Log } from '../rollout/ports.ts'
import type { EnvRecords } from './env-records.ts'
import { createdIn, type Trouble, troublesOf } from './flag-doubt.ts'
import type { FlagStep } from './flag-plan.ts'
import { type FlagRequest, wavesOf } from './flag-requests.ts'
import { inParallel } from './in-parallel.ts'

export interface StepParts {
  readonly records: EnvRecords
  readonly log: Log
}

/** What is to be changed at once. */
export interface Undertaking {
  readonly target: string
  readonly steps: readonly FlagStep[]
  /** Values that the provider's words may quote and nobody is to read. */
  readonly conceal: readonly string[]
  /** Each flag succeeds or fails by itself; else nothing more is begun after the first trouble. */
  readonly apart: boolean
  /** Each flag is created by a request of its own. */
  readonly singly: boolean
}

export interface Carried {
  /** What of the steps was refused or is not known to have happened. */
  readonly troubles: readonly Trouble[]
  /** The ids of new records, as far as the provider told them. */
  readonly created: readonly string[]
}

/** Sends the steps, each once. */
export async function carryOut(
  { records, log }: StepParts,
  { target, steps, conceal, apart, singly }: Undertaking
): Promise<Carried> {
  const send = async ({ steps: sent, ...request }: FlagRequest): Promise<Carried> => {
    const flags = sent.map(({ flag }) => flag)
    const outcome = await records.change({ ...request, conceal })
    const troubles = troublesOf(outcome, flags, { target, conceal })
    const troubled = flagsIn(troubles)
    for (const { flag, kind } of sent)
      if (!troubled.includes(flag)) log.info(`${flag} on ${target}: ${DONE[kind]}`)
    return { troubles, created: createdIn(outcome) }
  }
  let troubles: readonly Trouble[] = []
  let created: readonly string[] = []
  for (const wave of wavesOf(steps, singly)) {
    if (troubles.length > 0 && !apart) break
    const spoilt = flagsIn(troubles)
    const sound = wave.filter(request => request.steps.every(({ flag }) => !spoilt.includes(flag)))
    const carried = await inParallel(sound, send)
    troubles = [...troubles, ...carried.flatMap(one => one.troubles)]
    created = [...created, ...carried.flatMap(one => one.created)]
  }
  return { troubles, created }
}

function flagsIn(troubles: readonly Trouble[]): readonly string[] {
  return troubles.flatMap(({ flags }) => flags)
}

const DONE: Readonly<Record<FlagStep['kind'], string>> = {
  create: 'created',
  edit: 'changed',
  mark: 'marked with who owns it',
  delete: 'removed',
  split: 'separated from the other targets',
  join: 'joined with the other targets again'
}
