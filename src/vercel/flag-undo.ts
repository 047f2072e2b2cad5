import { ProviderError } from '../rollout/rollgate-error.ts'
import {
  FRESH_STARTS,
  lookAgain,
  valuesOf,
  type WriteParts,
  type Writing,
  wait
} from './flag-change.ts'
import { describeBefore, planRestore } from './flag-restore.ts'
import { carryOut } from './flag-steps.ts'

/**
 * Puts back what a change that failed has left, from what the provider holds now, and returns the error to
 * throw: the one that made it fail, when everything is as it was, or the one that says what is not.
 */
export async function undo(
  parts: WriteParts,
  writing: Writing,
  failure: ProviderError
): Promise<ProviderError> {
  const { target } = writing.change
  const { code, message, remedy } = failure
  try {
    const left = await restore(parts, writing)
    return left.length === 0
      ? new ProviderError(code, `${message}. Nothing is changed on ${target}`, remedy, failure)
      : halfWritten(writing, failure, left)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    parts.log.warning(`${target}: the flags could not be put back: ${error.message}`)
    return halfWritten(writing, failure, [...new Set(writing.sent.map(({ flag }) => flag))])
  }
}

/** The flags that are not as they were in the end. */
async function restore(parts: WriteParts, writing: Writing): Promise<readonly string[]> {
  const { change, place, before, created } = writing
  const { target, comment, flags: wanted } = change
  for (let round = 1; ; round += 1) {
    const seen = await lookAgain(parts, writing)
    const { records, values } = seen
    const question = { place, before: before.held, wanted, comment, created, records, values }
    const { steps, stuck } = planRestore(question)
    const left = new Set([...stuck, ...steps.map(({ flag }) => flag)])
    if (steps.length === 0 || round > FRESH_STARTS) return [...left]
    if (round === 1) parts.log.info(`${target}: putting back ${steps.length} records`)
    const conceal = [...valuesOf(change, before), ...valuesOf(change, seen)]
    const undertaking = { target, steps, conceal, apart: true, singly: true }
    const { troubles } = await carryOut(parts, undertaking)
    await wait(parts.clock, troubles)
  }
}

function halfWritten(
  { change, place, before }: Writing,
  { message }: ProviderError,
  flags: readonly string[]
): ProviderError {
  const { target } = change
  const told = flags.map(flag => describeBefore(flag, target, place, before.held[flag]))
  return new ProviderError(
    'flags_half_written',
    `${message}. These flags of ${target} may not be as they were: ${told.map(({ was }) => was).join('; ')}`,
    `Run the same operation again, or put them back in the project's settings: ${told.map(({ byHand }) => byHand).join('; ')}.`
  )
}
