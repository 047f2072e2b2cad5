import { otherRollouts, parseMark } from '../rollout/flag-owner.ts'
import type { FlagChange, FlagObstacle, FlagReading } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import {
  FRESH_STARTS,
  lookAgain,
  valuesOf,
  type WriteParts,
  type Writing,
  wait
} from './flag-change.ts'
import { allOf, type Trouble } from './flag-doubt.ts'
import { type Look, lookAtFlags } from './flag-look.ts'
import { type FlagStep, isShared, planFlags } from './flag-plan.ts'
import { keptForOthers } from './flag-restore.ts'
import { carryOut } from './flag-steps.ts'
import { undo } from './flag-undo.ts'

/** The whole change, read back; or none of it, unless told to skip what is obstructed. */
export async function writeFlags(parts: WriteParts, change: FlagChange): Promise<FlagReading> {
  const { target, flags, obstructed } = change
  const place = await parts.records.place(target)
  // A rollback does not wait for what would not stop it.
  const shared = obstructed === 'skip' ? async () => [] : parts.shared
  const question = { target, place, flags: Object.keys(flags), shared }
  const before = await lookAtFlags(parts.records, question)
  const writing: Writing = { change, place, before, sent: [], created: [], refused: new Map() }
  try {
    return await bring(parts, writing)
  } catch (error) {
    const whole = obstructed !== 'skip' && writing.sent.length > 0
    throw whole && error instanceof ProviderError ? await undo(parts, writing, error) : error
  }
}

type Progress = 'nothing' | 'doubtful' | 'clean'

/** Every round starts from what the provider holds, so a lost answer is settled by reading. */
async function bring(parts: WriteParts, writing: Writing): Promise<FlagReading> {
  const { change, place } = writing
  const { target, comment } = change
  let progress: Progress = 'nothing'
  let seen = writing.before
  for (let round = 1; ; round += 1) {
    const wanted = writable(writing, seen.reading, progress)
    const steps = planFlags({ place, held: seen.held, wanted, comment })
    if (steps.length === 0) return proven(writing, seen, Object.keys(wanted))
    if (progress === 'clean') throw readBackDiffers(target, flagsOf(steps))
    const doubts = await send(parts, writing, seen, steps)
    progress = doubts.length > 0 ? 'doubtful' : 'clean'
    if (doubts.length > 0 && round === FRESH_STARTS) throw givenUp(target, doubts, seen)
    await wait(parts.clock, doubts)
    seen = await lookAgain(parts, writing)
  }
}

/** @throws ProviderError when the provider refuses a flag and the change is one */
async function send(
  parts: WriteParts,
  { change, sent, created, refused }: Writing,
  seen: Look,
  steps: readonly FlagStep[]
): Promise<readonly Trouble[]> {
  const { target } = change
  const apart = change.obstructed === 'skip'
  const conceal = valuesOf(change, seen)
  // A batch that was refused for one of its flags does not tell for which.
  const singly = apart || sent.length > 0
  sent.push(...steps)
  const carried = await carryOut(parts, { target, steps, conceal, apart, singly })
  created.push(...carried.created)
  const { troubles } = carried
  const refusals = troubles.filter(({ kind }) => kind === 'refused')
  for (const { flags, error } of refusals) for (const flag of flags) refused.set(flag, error)
  if (!apart) throwAll(refusals.map(({ error }) => error))
  return troubles.filter(({ kind }) => kind === 'doubtful')
}

function throwAll([first, ...more]: readonly ProviderError[]): void {
  if (first !== undefined) throw allOf([first, ...more])
}

/** The part of the change that can be written; a flag that a branch shadows, or another rollout owns, can. */
function writable(
  { change, refused }: Writing,
  reading: FlagReading,
  progress: Progress
): FlagChange['flags'] {
  const { flags, comment, obstructed = 'refuse' } = change
  if (obstructed === 'refuse') {
    const owned = otherRollouts(reading, parseMark(comment)?.definition)
    refuseObstacles(reading.target, [...reading.obstacles, ...owned], progress)
    return flags
  }
  const inTheWay = reading.obstacles.filter(({ code }) => code !== 'branch_override')
  const skipped = new Set([...inTheWay.map(({ flag }) => flag), ...refused.keys()])
  return Object.fromEntries(Object.entries(flags).filter(([flag]) => !skipped.has(flag)))
}

function refuseObstacles(
  target: string,
  obstacles: readonly FlagObstacle[],
  progress: Progress
): void {
  if (obstacles.length === 0) return
  const messages = obstacles.map(({ message }) => message).join('; ')
  const remedy = [...new Set(obstacles.map(obstacle => obstacle.remedy))].join(' ')
  throw progress === 'nothing'
    ? new ProviderError('flag_obstacle', `No flag was written: ${messages}`, remedy)
    : new ProviderError('flag_readback', `${target} cannot be proven: ${messages}`, remedy)
}

/** The reading, once everything beside the values is as it should be too. @throws ProviderError */
function proven(writing: Writing, seen: Look, wanted: readonly string[]): FlagReading {
  const { change, sent, refused } = writing
  const { target, comment } = change
  const written = flagsOf(sent.filter(({ kind }) => kind === 'create' || kind === 'edit'))
  const odd = written.filter(flag => {
    if (!wanted.includes(flag)) return false
    const record = seen.held[flag]?.record
    return record !== undefined && (record.comment !== comment || record.type !== 'encrypted')
  })
  if (odd.length > 0) throw readBackDiffers(target, odd)
  proveOthersKept(writing, seen)
  proveNoneRefused(target, refused)
  return seen.reading
}

/** Only where every other flag was written and read back all the same. */
function proveNoneRefused(target: string, refused: Writing['refused']): void {
  const [first, ...more] = refused.values()
  if (first === undefined) return
  const { code, message, remedy } = allOf([first, ...more])
  const told = `${[...refused.keys()].join(', ')} on ${target} could not be written, every other flag was`
  throw new ProviderError(code, `${told}: ${message}`, remedy, first)
}

function proveOthersKept({ change, place, before, sent }: Writing, seen: Look): void {
  const split = new Set(flagsOf(sent.filter(({ kind }) => kind === 'split')))
  const changed = Object.entries(before.held).filter(([flag, was]) => {
    if (!split.has(flag) || !isShared(was.record, place)) return false
    const record = seen.records.find(({ id }) => id === was.record.id)
    return !keptForOthers(place, was, { record, value: seen.values.get(was.record.id) })
  })
  if (changed.length === 0) return
  const records = changed.map(([flag, { record }]) => `${flag} (${record.id})`).join(', ')
  throw new ProviderError(
    'flag_readback',
    `Separating ${change.target} changed what other targets keep in ${records}`,
    'Compare the flag on the other targets with what they should have, in the project settings.'
  )
}

function flagsOf(steps: readonly FlagStep[]): readonly string[] {
  return [...new Set(steps.map(({ flag }) => flag))]
}

/** The last doubts as one error; a variable that is in the way and not in the list is hidden. */
function givenUp(target: string, doubts: readonly Trouble[], seen: Look): ProviderError {
  const hidden = doubts
    .filter(({ conflict }) => conflict)
    .flatMap(({ flags }) => flags)
    .filter(flag => seen.held[flag] === undefined)
  const [first, ...more] = doubts.map(({ error }) => error)
  if (hidden.length === 0 && first !== undefined) return allOf([first, ...more])
  const named = hidden.join(', ')
  return new ProviderError(
    'flag_obstacle',
    `Vercel says that ${named} exists on ${target} already, but does not show it to this token`,
    `Use a token of a member who may read the ${target} variables of this project, or look for ${named} in its settings.`
  )
}

function readBackDiffers(target: string, flags: readonly string[]): ProviderError {
  return new ProviderError(
    'flag_readback',
    `Vercel accepted the flags of ${target}, but ${flags.join(', ')} read back differently`,
    'Somebody may have edited them at the same moment: look at the project settings, then run the operation again.'
  )
}
