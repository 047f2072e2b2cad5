import type { Clock, FlagChange, FlagReading, FlagState, FlagStore, Log } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { EnvRecords, Place } from './env-records.ts'
import { type Doubt, doubtOf, doubtOfCreation } from './flag-doubt.ts'
import { type FlagStep, type HeldFlag, planFlags } from './flag-plan.ts'
import { isUnreadable, otherPlaces, surveyFlags, unreadable } from './flag-survey.ts'

export interface FlagStoreParts {
  readonly records: EnvRecords
  readonly clock: Clock
  readonly log: Log
}

/** What one look at the provider found. */
interface Look {
  readonly held: Readonly<Record<string, HeldFlag>>
  readonly reading: FlagReading
}

/** How often a write starts over after an answer that left its effect unknown. */
const FRESH_STARTS = 3

/** Flags kept as environment variables, written record by record through REST. */
export function createFlagStore(parts: FlagStoreParts): FlagStore {
  return {
    read: async (target, flags) => {
      const place = await parts.records.place(target)
      return (await look(parts.records, target, place, flags)).reading
    },
    write: change => write(parts, change)
  }
}

type Progress = 'nothing' | 'doubtful' | 'clean'

/** Every round starts from what the provider holds, so a lost answer is settled by reading. */
async function write(parts: FlagStoreParts, change: FlagChange): Promise<FlagReading> {
  const { records, clock } = parts
  const { target, comment } = change
  const place = await records.place(target)
  const splits = new Map<string, string | undefined>()
  let progress: Progress = 'nothing'
  for (let round = 1; ; round += 1) {
    const seen = await look(records, target, place, Object.keys(change.flags))
    const flags = unobstructed(change, seen.reading, progress)
    const steps = planFlags({ place, held: seen.held, wanted: flags, comment })
    if (steps.length === 0) {
      await proveUntouched(records, target, splits)
      return seen.reading
    }
    if (progress === 'clean') throw readBackDiffers(target, steps)
    rememberSplits(splits, steps, seen.held)
    const doubt = await carryOut(parts, target, steps, valuesOf(flags, seen.held))
    progress = doubt ? 'doubtful' : 'clean'
    if (doubt && round === FRESH_STARTS) throw doubt.error
    if (doubt) await clock.sleep(doubt.waitMs)
  }
}

async function look(
  records: EnvRecords,
  target: string,
  place: Place,
  flags: readonly string[]
): Promise<Look> {
  const { serving, obstacles } = surveyFlags(await records.list(), target, place, flags)
  const held = Object.fromEntries(
    await Promise.all(
      Object.entries(serving).map(async ([flag, record]) => {
        const value = isUnreadable(record) ? undefined : await records.value(record.id)
        return [flag, { record, value }] as const
      })
    )
  )
  const sealed = Object.entries(held)
    .filter(([, { record, value }]) => value === undefined && !isUnreadable(record))
    .map(([flag]) => unreadable(flag, target))
  const states = flags.map(flag => [flag, stateOf(held[flag], place)] as const)
  const reading = {
    target,
    flags: Object.fromEntries(states),
    obstacles: [...obstacles, ...sealed]
  }
  return { held, reading }
}

function stateOf(holding: HeldFlag | undefined, place: Place): FlagState {
  if (!holding) return { kind: 'absent' }
  const { record, value } = holding
  if (value === undefined)
    return { kind: 'unreadable', reason: `Vercel does not show the value (type ${record.type})` }
  const { targets, customEnvironmentIds } = otherPlaces(record, place)
  return { kind: 'set', value, sharedWith: [...targets, ...customEnvironmentIds] }
}

/** One step after the other, up to the first whose effect is not known. */
async function carryOut(
  { records, log }: FlagStoreParts,
  target: string,
  steps: readonly FlagStep[],
  conceal: readonly string[]
): Promise<Doubt | undefined> {
  for (const { flag, kind, ...request } of steps) {
    const outcome = await records.change({ ...request, conceal })
    const doubt = doubtOf(outcome) ?? doubtOfCreation(outcome, flag, target, conceal)
    if (doubt) return doubt
    log.info(`${flag} on ${target}: ${DONE[kind]}`)
  }
  return undefined
}

const DONE: Readonly<Record<FlagStep['kind'], string>> = {
  create: 'created',
  edit: 'changed',
  delete: 'removed',
  split: 'separated from the other targets'
}

/** What the provider's words may quote and nobody is to read: values wanted and values held. */
function valuesOf(wanted: FlagChange['flags'], held: Look['held']): readonly string[] {
  const before = Object.values(held).map(({ value }) => value ?? '')
  return [...Object.values(wanted).map(value => value ?? ''), ...before]
}

function rememberSplits(
  splits: Map<string, string | undefined>,
  steps: readonly FlagStep[],
  held: Look['held']
): void {
  for (const { kind, flag, id } of steps)
    if (kind === 'split' && id !== undefined) splits.set(id, held[flag]?.value)
}

async function proveUntouched(
  records: EnvRecords,
  target: string,
  splits: ReadonlyMap<string, string | undefined>
): Promise<void> {
  for (const [id, before] of splits) {
    if ((await records.value(id)) === before) continue
    throw new ProviderError(
      'flag_readback',
      `Separating ${target} changed the value that other targets keep in the record ${id}`,
      'Compare the flag on the other targets with what they should have, in the project settings.'
    )
  }
}

/** The part of the change that can be written; a flag that a branch shadows can. */
function unobstructed(
  { flags, obstructed = 'refuse' }: FlagChange,
  reading: FlagReading,
  progress: Progress
): FlagChange['flags'] {
  if (obstructed === 'refuse') {
    refuseObstacles(reading, progress)
    return flags
  }
  const inTheWay = reading.obstacles.filter(({ code }) => code !== 'branch_override')
  const skipped = new Set(inTheWay.map(({ flag }) => flag))
  return Object.fromEntries(Object.entries(flags).filter(([flag]) => !skipped.has(flag)))
}

function refuseObstacles({ target, obstacles }: FlagReading, progress: Progress): void {
  const [first] = obstacles
  if (!first) return
  const messages = obstacles.map(({ message }) => message).join('; ')
  throw progress === 'nothing'
    ? new ProviderError('flag_obstacle', `No flag was written: ${messages}`, first.remedy)
    : new ProviderError('flag_readback', `${target} may be written, but: ${messages}`, first.remedy)
}

function readBackDiffers(target: string, steps: readonly FlagStep[]): ProviderError {
  const flags = [...new Set(steps.map(({ flag }) => flag))].join(', ')
  return new ProviderError(
    'flag_readback',
    `Vercel accepted the flags of ${target}, but ${flags} read back differently`,
    'Somebody may have edited them at the same moment: look at the project settings, then run the operation again.'
  )
}
