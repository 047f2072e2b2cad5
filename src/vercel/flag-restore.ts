import type { EnvRecord, Place } from './env-records.ts'
import { type FlagStep, type HeldFlag, isShared, remove } from './flag-plan.ts'
import { otherPlaces, serves } from './flag-survey.ts'

/** How flags were, what a change wanted of them, and what is there now. */
export interface RestoreQuestion {
  readonly place: Place
  /** As they were; a flag that is missing was absent. */
  readonly before: Readonly<Record<string, HeldFlag>>
  readonly wanted: Readonly<Record<string, string | null>>
  /** The comment of the change: what carries it was created by the change, as were the records of these ids. */
  readonly comment: string
  readonly created: readonly string[]
  readonly records: readonly EnvRecord[]
  /** Of the records that were there before, by id. */
  readonly values: ReadonlyMap<string, string | undefined>
}

export interface RestorePlan {
  /** None for a flag that is as it was. */
  readonly steps: readonly FlagStep[]
  /** Flags that somebody else has changed meanwhile, or that cannot be put back; they are left alone. */
  readonly stuck: readonly string[]
}

/** The steps that lead from what is there now back to what was there before, whoever left off where. */
export function planRestore(question: RestoreQuestion): RestorePlan {
  const plans = Object.keys(question.wanted).map(flag => ({ flag, steps: back(flag, question) }))
  return {
    steps: plans.flatMap(({ steps }) => steps ?? []),
    stuck: plans.flatMap(({ flag, steps }) => (steps === undefined ? [flag] : []))
  }
}

function back(flag: string, question: RestoreQuestion): readonly FlagStep[] | undefined {
  const { place, before, comment, created, records, values } = question
  const was = before[flag]
  const standing = records.filter(record => record.key === flag && record.gitBranch === undefined)
  const now = standing.find(({ id }) => id === was?.record.id)
  const again = now ?? standing.find(record => was && isLike(was, record, values.get(record.id)))
  const others = standing.filter(
    record => serves(record, place) && record !== again && !record.foreign
  )
  const ours = others.filter(({ id, ...rest }) => rest.comment === comment || created.includes(id))
  const cleared = ours.map(record => remove(flag, record))
  if (others.length > ours.length) return undefined
  if (was === undefined) return cleared
  const mended = again ? mend(flag, was, again, question) : [createAgain(flag, was)]
  return mended && [...cleared, ...mended]
}

/** Whether a record is as good as one that was removed. */
function isLike({ record, value }: HeldFlag, now: EnvRecord, valueNow: string | undefined) {
  const { type, comment } = record
  return (
    samePlaces(record, now) && now.type === type && now.comment === comment && valueNow === value
  )
}

function createAgain(flag: string, { record, value }: HeldFlag): FlagStep {
  const { type, targets, customEnvironmentIds, comment } = record
  const custom = customEnvironmentIds.length > 0 ? { customEnvironmentIds } : {}
  const noted = comment === undefined ? {} : { comment }
  const body = { key: flag, value, type, target: targets, ...custom, ...noted }
  return { flag, kind: 'create', method: 'POST', body }
}

/** Undefined when somebody else wrote the record meanwhile: what they want is not ours to undo. */
function mend(
  flag: string,
  was: HeldFlag,
  now: EnvRecord,
  { wanted, values }: RestoreQuestion
): readonly FlagStep[] | undefined {
  const value = values.get(now.id)
  if (value !== was.value && value !== wanted[flag]) return undefined
  const moved = !samePlaces(was.record, now)
  const { type, comment = '', targets, customEnvironmentIds } = was.record
  const body = {
    ...(moved ? { target: targets } : {}),
    ...(moved && customEnvironmentIds.length > 0 ? { customEnvironmentIds } : {}),
    ...(value === was.value ? {} : { value: was.value }),
    ...(now.type === type ? {} : { type }),
    ...((now.comment ?? '') === comment ? {} : { comment })
  }
  if (Object.keys(body).length === 0) return []
  return [{ flag, kind: moved ? 'join' : 'edit', method: 'PATCH', id: now.id, body }]
}

type Places = Pick<EnvRecord, 'targets' | 'customEnvironmentIds'>

function samePlaces(one: Places, other: Places): boolean {
  return placesOf(one) === placesOf(other)
}

function placesOf({ targets, customEnvironmentIds }: Places): string {
  return JSON.stringify([targets.toSorted(), customEnvironmentIds.toSorted()])
}

/** How a flag was, and what a person does so that it is like that again. */
export function describeBefore(
  flag: string,
  target: string,
  place: Place,
  was: HeldFlag | undefined
): { readonly was: string; readonly byHand: string } {
  if (was === undefined)
    return { was: `${flag} was absent`, byHand: `remove ${flag} from ${target}` }
  const { targets, customEnvironmentIds } = otherPlaces(was.record, place)
  const others = [...targets, ...customEnvironmentIds].join(', ')
  return isShared(was.record, place)
    ? {
        was: `${flag} was one record with ${others}`,
        byHand: `remove ${flag} from ${target} and add ${target} to its record for ${others}`
      }
    : {
        was: `${flag} had another value`,
        byHand: `set ${flag} on ${target} to the value it had before`
      }
}

/** Whether a record that was shared still gives the other targets what it gave them before. */
export function keptForOthers(
  place: Place,
  was: HeldFlag,
  now: { readonly record: EnvRecord | undefined; readonly value: string | undefined }
): boolean {
  const others = now.record && otherPlaces(now.record, place)
  return (
    others !== undefined &&
    now.value === was.value &&
    now.record?.type === was.record.type &&
    now.record.comment === was.record.comment &&
    samePlaces(others, otherPlaces(was.record, place))
  )
}
