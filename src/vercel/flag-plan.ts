import type { EnvRecord, Place } from './env-records.ts'
import { otherPlaces } from './flag-survey.ts'

/** A record that serves a flag on the target, with its value. */
export interface HeldFlag {
  readonly record: EnvRecord
  readonly value: string | undefined
}

/** One request against the environment variables of the project. */
export interface FlagStep {
  readonly flag: string
  readonly kind: 'create' | 'edit' | 'delete' | 'split'
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  /** Absent when the step creates the record. */
  readonly id?: string
  readonly body?: Readonly<Record<string, unknown>>
}

export interface FlagPlan {
  readonly place: Place
  readonly held: Readonly<Record<string, HeldFlag>>
  readonly wanted: Readonly<Record<string, string | null>>
  readonly comment: string
}

/** The requests that lead from what is held to what is wanted; none when that is the same. */
export function planFlags({ place, held, wanted, comment }: FlagPlan): readonly FlagStep[] {
  return Object.entries(wanted).flatMap(([flag, value]) => {
    const holding = held[flag]
    if (!holding) return value === null ? [] : [create(flag, value, place, comment)]
    if (holding.value === value && value !== undefined) return []
    const others = otherPlaces(holding.record, place)
    const alone = others.targets.length + others.customEnvironmentIds.length === 0
    if (alone) return [value === null ? remove(flag, holding) : edit(flag, holding, value, comment)]
    // The shared record lets go of this target first: created before, the new one would conflict.
    const split = letGo(flag, holding, others)
    return value === null ? [split] : [split, create(flag, value, place, comment)]
  })
}

function create(flag: string, value: string, place: Place, comment: string): FlagStep {
  const where =
    place.kind === 'standard' ? { target: [place.target] } : { customEnvironmentIds: [place.id] }
  // Without a type the CLI and some teams make it `sensitive`, which nobody can read back.
  const body = { key: flag, value, type: 'encrypted', ...where, comment }
  return { flag, kind: 'create', method: 'POST', body }
}

function edit(flag: string, { record }: HeldFlag, value: string, comment: string): FlagStep {
  const body = { value, type: 'encrypted', comment }
  return { flag, kind: 'edit', method: 'PATCH', id: record.id, body }
}

function remove(flag: string, { record }: HeldFlag): FlagStep {
  return { flag, kind: 'delete', method: 'DELETE', id: record.id }
}

function letGo(
  flag: string,
  { record }: HeldFlag,
  others: ReturnType<typeof otherPlaces>
): FlagStep {
  const custom =
    record.customEnvironmentIds.length > 0
      ? { customEnvironmentIds: others.customEnvironmentIds }
      : {}
  const body = { target: others.targets, ...custom }
  return { flag, kind: 'split', method: 'PATCH', id: record.id, body }
}
