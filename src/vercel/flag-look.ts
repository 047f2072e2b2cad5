import type { FlagReading, FlagState, Log } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { EnvRecord, EnvRecords, Place, SharedVariable } from './env-records.ts'
import type { HeldFlag } from './flag-plan.ts'
import {
  isUnreadable,
  otherPlaces,
  type SurveyQuestion,
  surveyFlags,
  unreadable
} from './flag-survey.ts'
import { inParallel } from './in-parallel.ts'
import { unlessRefused } from './unless-refused.ts'

/** What one look at the provider found. */
export interface Look {
  /** The record that serves each flag, where there is one. */
  readonly held: Readonly<Record<string, HeldFlag>>
  readonly reading: FlagReading
  /** Every record of the project. */
  readonly records: readonly EnvRecord[]
  /** Of the records that serve the flags and of those that were expected, by id. */
  readonly values: Values
  readonly shared: readonly SharedVariable[]
}

/** Which flags to look at, where. */
export interface LookQuestion extends Omit<SurveyQuestion, 'shared'> {
  readonly shared: SharedReader
  /** Records whose values are wanted whatever they serve now; read while the list is on its way. */
  readonly expected?: readonly string[]
}

type Values = ReadonlyMap<string, string | undefined>

/** Asks for what the team shares; none where that cannot be told, which is logged once. */
export type SharedReader = () => Promise<readonly SharedVariable[]>

const NO_ANSWER = ['vercel_unavailable', 'vercel_rate_limited']

/** @throws ProviderError, from the reader it makes, when there is no answer at all */
export function createSharedReader(records: EnvRecords, log: Log): SharedReader {
  let refused = false
  return async () => {
    if (refused) return []
    try {
      return await records.shared()
    } catch (error) {
      if (!(error instanceof ProviderError) || NO_ANSWER.includes(error.code)) throw error
      if (!refused) log.info(`Variables that the team shares are not looked at: ${error.message}`)
      refused = true
      return []
    }
  }
}

/** One list, then the values that are not known yet. @throws ProviderError */
export async function lookAtFlags(records: EnvRecords, question: LookQuestion): Promise<Look> {
  const { target, place, flags, expected = [] } = question
  const [listing, shared, early] = await Promise.all([
    records.list(),
    question.shared(),
    readEarly(records, expected)
  ])
  const { serving, obstacles } = surveyFlags(listing, { target, place, flags, shared })
  const readable = Object.values(serving).filter(record => !isUnreadable(record))
  const values = await readValues(records, readable, early)
  const gone = new Set(readable.filter(({ id }) => !values.has(id)))
  const held = Object.fromEntries(
    Object.entries(serving)
      .filter(([, record]) => !gone.has(record))
      .map(([flag, record]) => [
        flag,
        { record, value: isUnreadable(record) ? undefined : values.get(record.id) }
      ])
  )
  const sealed = Object.entries(held)
    .filter(([, { record, value }]) => value === undefined && !isUnreadable(record))
    .map(([flag]) => unreadable(flag, target))
  const reading = {
    target,
    flags: Object.fromEntries(flags.map(flag => [flag, stateOf(held[flag], place)] as const)),
    obstacles: [...obstacles, ...sealed]
  }
  const left = listing.records.filter(record => !gone.has(record))
  return { held, reading, records: left, values, shared }
}

/** Without those that were removed since they were listed. */
async function readValues(
  records: EnvRecords,
  wanted: readonly EnvRecord[],
  early: Values
): Promise<Values> {
  const late = wanted.filter(({ id }) => !early.has(id))
  const read = await inParallel(late, ({ id }) =>
    unlessRefused(['vercel_not_found'], async () => [id, await records.value(id)] as const)
  )
  return new Map([...early, ...read.filter(one => one !== undefined)])
}

/** A record that is gone, or is not answered for, is left to be read when the list shows it. */
async function readEarly(records: EnvRecords, ids: readonly string[]): Promise<Values> {
  const read = await inParallel(ids, async id => {
    try {
      return [[id, await records.value(id)]] as const
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      return []
    }
  })
  return new Map(read.flat())
}

function stateOf(holding: HeldFlag | undefined, place: Place): FlagState {
  if (!holding) return { kind: 'absent' }
  const { record, value } = holding
  if (value === undefined)
    return { kind: 'unreadable', reason: `Vercel does not show the value (type ${record.type})` }
  const { targets, customEnvironmentIds } = otherPlaces(record, place)
  const { comment } = record
  return {
    kind: 'set',
    value,
    sharedWith: [...targets, ...customEnvironmentIds],
    ...(comment === undefined ? {} : { comment })
  }
}
