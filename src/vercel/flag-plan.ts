import { mustMark } from '../rollout/flag-owner.ts'
import type { EnvRecord, Place } from './env-records.ts'
import { otherPlaces } from './flag-survey.ts'

/** A record that serves a flag on the target, with its value. */
export interface HeldFlag {
  readonly record: EnvRecord
  readonly value: string | undefined
}

/** One change of one record. */
export interface FlagStep {
  readonly flag: string
  /**
   * `mark` changes nothing but the comment; `split` and `delete` make room for a `create` or a `join` of the
   * same flag, which would conflict before.
   */
  readonly kind: 'create' | 'edit' | 'mark' | 'delete' | 'split' | 'join'
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

/** The steps that lead from what is held to what is wanted; none when that is the same. */
export function planFlags(plan: FlagPlan): readonly FlagStep[] {
  const { place, held, wanted, comment } = plan
  return Object.entries(wanted).flatMap(([flag, value]) => {
    const holding = held[flag]
    if (holding) return change(flag, value, holding, plan)
    return value === null ? [] : [create(flag, value, place, comment)]
  })
}

function change(
  flag: string,
  value: string | null,
  holding: HeldFlag,
  { place, comment }: FlagPlan
): readonly FlagStep[] {
  const { record } = holding
  const shared = isShared(record, place)
  if (holding.value === value && value !== undefined) {
    // The comment of a shared record speaks for the other targets as well.
    const marks = !shared && mustMark(record.comment, comment)
    return marks ? [mark(flag, record, comment)] : []
  }
  if (!shared) return [value === null ? remove(flag, record) : edit(flag, record, value, comment)]
  // The shared record lets go of this target first: created before, the new one would conflict.
  const split = letGo(flag, record, otherPlaces(record, place))
  return value === null ? [split] : [split, create(flag, value, place, comment)]
}

/** Whether the record serves other targets too. */
export function isShared(record: EnvRecord, place: Place): boolean {
  const { targets, customEnvironmentIds } = otherPlaces(record, place)
  return targets.length + customEnvironmentIds.length > 0
}

/** Takes a record away. */
export function remove(flag: string, { id }: EnvRecord): FlagStep {
  return { flag, kind: 'delete', method: 'DELETE', id }
}

function create(flag: string, value: string, place: Place, comment: string): FlagStep {
  const where =
    place.kind === 'standard' ? { target: [place.target] } : { customEnvironmentIds: [place.id] }
  // Without a type the CLI and some teams make it `sensitive`, which nobody can read back.
  const body = { key: flag, value, type: 'encrypted', ...where, comment }
  return { flag, kind: 'create', method: 'POST', body }
}

function edit(flag: string, record: EnvRecord, value: string, comment: string): FlagStep {
  const body = { value, type: 'encrypted', comment }
  return { flag, kind: 'edit', method: 'PATCH', id: record.id, body }
}

function mark(flag: string, record: EnvRecord, comment: string): FlagStep {
  return { flag, kind: 'mark', method: 'PATCH', id: record.id, body: { comment } }
}

function letGo(flag: string, record: EnvRecord, others: ReturnType<typeof otherPlaces>): FlagStep {
  const custom =
    record.customEnvironmentIds.length > 0
      ? { customEnvironmentIds: others.customEnvironmentIds }
      : {}
  const body = { target: others.targets, ...custom }
  return { flag, kind: 'split', method: 'PATCH', id: record.id, body }
}
