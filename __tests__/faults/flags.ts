import { isDeepStrictEqual } from 'node:util'
import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { RollgateError } from '../../src/rollout/rollgate-error.ts'
import { startVercelWorld, TOKEN, type VercelWorldOptions } from '../vercel/world.ts'
import type { Failure, Standing, Subject } from './matrix.ts'
import { createTrouble } from './trouble.ts'

/** What somebody had there before, and what Rollgate is to put in its place: as no other text reads. */
export const VALUES = {
  before: 'flagBeforeQ7x',
  wanted: 'flagWantedQ7x',
  elsewhere: 'flagElsewhereQ7x'
} as const

export interface FlagsCase {
  readonly target: string
  readonly flags: Readonly<Record<string, string | null>>
  /** Sets up the project past its API. */
  readonly furnish: (simulator: Subject['simulator']) => void
  readonly options?: VercelWorldOptions['simulator']
}

const NEIGHBOURS = ['preview', 'production', 'staging']

/** One change of several flags, and a neighbour on another target that nobody may notice anything on. */
export async function openFlags({ target, flags, furnish, options }: FlagsCase): Promise<Subject> {
  const world = await startVercelWorld({ simulator: { ...options } })
  const { simulator, clock, lines, again, close } = world
  furnish(simulator)
  const trouble = createTrouble(simulator, TOKEN)
  const before = recordsOf(simulator)
  const write = () =>
    again({ fetch: trouble.fetch }).flags.write({ target, flags, comment: 'two-phases#1 stage' })
  return {
    simulator,
    trouble,
    lines,
    secrets: [TOKEN, ...Object.values(VALUES)],
    run: write,
    again: write,
    standing: async (): Promise<Standing> => {
      await clock.sleep(60_000)
      const keys = Object.keys(flags)
      const values = NEIGHBOURS.map(place => [
        place,
        keys.map(key => simulator.valueOf(place, key) ?? null)
      ])
      const types = simulator.envRecords().map(({ type }) => type)
      return {
        world: {
          ...Object.fromEntries(values),
          types: [...new Set(types)],
          violations: simulator.violations
        }
      }
    },
    wrong: failure => brokenPromise(failure, before, recordsOf(simulator)),
    // Nothing that serves has been touched: flags take effect with a deployment only.
    excuse: () => Promise.resolve({ why: 'the message says so', evenOnce: false }),
    close
  }
}

type Records = Readonly<Record<string, readonly string[]>>

/** The records of every flag with all that a person wrote into them, without ids and times. */
function recordsOf(simulator: VercelSimulator): Records {
  const records: Record<string, string[]> = {}
  for (const record of simulator.envRecords()) {
    const { key, value, type, gitBranch } = record
    // The provider takes no comment away; an empty one is as good as none.
    const comment = record.comment ?? ''
    const places = [record.target.toSorted(), record.customEnvironmentIds.toSorted()]
    const told = JSON.stringify({ places, value, type, gitBranch, comment })
    records[key] = [...(records[key] ?? []), told].toSorted()
  }
  return records
}

/** A failure left every flag exactly as it was, except those that its message names. */
function brokenPromise(failure: Failure, before: Records, after: Records): string | undefined {
  if (failure === undefined || !(failure.error instanceof RollgateError)) return undefined
  const { code, message } = failure.error
  const flags = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = flags.filter(flag => !isDeepStrictEqual(before[flag], after[flag]))
  if (code !== 'flags_half_written')
    return changed.length > 0 ? `${changed} changed: ${JSON.stringify(after)}` : undefined
  const [, named = ''] = message.split('may not be as they were:')
  const silent = changed.filter(flag => !new RegExp(`\\b${flag}\\b`, 'u').test(named))
  if (silent.length > 0) return `${silent} changed and is not named: ${JSON.stringify(after)}`
  return /\b[A-Z]+ (?:was|had)\b/u.test(named) ? undefined : 'no flag is named'
}
