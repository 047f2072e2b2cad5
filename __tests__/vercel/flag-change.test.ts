import { describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import type { Fault } from '../../src/rehearsal/http/faults.ts'
import type { EnvDraft } from '../../src/rehearsal/vercel/env-table.ts'
import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { phaseMark } from '../../src/rollout/flag-owner.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

jest.setTimeout(60_000)

const FLAGS = ['A', 'B', 'C']
const STAGING = { id: 'env_staging', slug: 'staging' }
const PLACES = ['production', 'preview', 'development', 'staging']
const comment = phaseMark('two-phases#1', 'stage')

const record: fc.Arbitrary<EnvDraft> = fc
  .record({
    key: fc.constantFrom(...FLAGS),
    value: fc.constantFrom('0', '1', '2'),
    type: fc.constantFrom('encrypted', 'encrypted', 'encrypted', 'plain', 'sensitive'),
    places: fc.subarray(PLACES, { minLength: 1 }),
    onBranch: fc.boolean(),
    foreign: fc.constantFrom(false, false, false, false, true),
    note: fc.constantFrom('', '', comment, 'kept by hand', phaseMark('checkout#1', 'stage'))
  })
  .map(({ key, value, type, places, onBranch, foreign, note }) => ({
    key,
    value,
    type,
    target: places.filter(place => place !== STAGING.slug),
    customEnvironmentIds: places.includes(STAGING.slug) ? [STAGING.id] : [],
    ...(onBranch && places.join() === 'preview' ? { gitBranch: 'feat/x' } : {}),
    ...(foreign ? { configurationId: 'icfg_1' } : {}),
    ...(note === '' ? {} : { comment: note })
  }))

/** Records of one flag rarely overlap, so that most changes meet no obstacle. */
const records = fc.uniqueArray(record, {
  maxLength: 6,
  comparator: (one, other) =>
    one.key === other.key &&
    one.gitBranch === other.gitBranch &&
    [...(one.target ?? []), ...(one.customEnvironmentIds ?? [])].some(place =>
      [...(other.target ?? []), ...(other.customEnvironmentIds ?? [])].includes(place)
    )
})

const wanted = fc
  .dictionary(fc.constantFrom(...FLAGS), fc.option(fc.constantFrom('0', '1', 'new')), {
    noNullPrototype: true,
    minKeys: 1
  })
  .map(flags => ({ ...flags }))

const situation = fc.record({
  planted: records,
  target: fc.constantFrom('production', 'preview', 'staging'),
  flags: wanted
})

interface Situation {
  readonly planted: readonly EnvDraft[]
  readonly target: string
  readonly flags: Readonly<Record<string, string | null>>
}

async function open({ planted }: Situation): Promise<VercelWorld> {
  const world = await startVercelWorld({ simulator: { customEnvironments: [STAGING] } })
  for (const draft of planted) world.simulator.plantRecord(draft)
  return world
}

/** What deployments of every place would see. */
function seen(simulator: VercelSimulator) {
  return Object.fromEntries(
    PLACES.map(place => [
      place,
      Object.fromEntries(FLAGS.map(flag => [flag, simulator.valueOf(place, flag) ?? null]))
    ])
  )
}

/** The records themselves; one that was removed and created again is the same but for its id. */
function kept({ envRecords }: VercelSimulator): readonly string[] {
  return envRecords()
    .map(({ id: _, createdAt: __, updatedAt: ___, ...all }) =>
      JSON.stringify(Object.entries({ ...all, comment: all.comment ?? '' }).toSorted())
    )
    .toSorted()
}

const isBefore = (world: VercelWorld, before: ReturnType<typeof standing>) => {
  expect(seen(world.simulator)).toEqual(before.seen)
  expect(kept(world.simulator)).toEqual(before.kept)
}

const standing = ({ simulator }: VercelWorld) => ({ seen: seen(simulator), kept: kept(simulator) })

const isWanted = (world: VercelWorld, before: ReturnType<typeof standing>, asked: Situation) => {
  const { target, flags } = asked
  const expected = { ...before.seen, [target]: { ...before.seen[target], ...flags } }
  expect(seen(world.simulator)).toEqual(expected)
}

async function carryOut(world: VercelWorld, asked: Situation, fetch: typeof globalThis.fetch) {
  const { target, flags } = asked
  try {
    return await world.again({ fetch }).flags.write({ target, flags, comment })
  } catch (error) {
    return error
  }
}

async function judge(asked: Situation, strike: (simulator: VercelSimulator) => typeof fetch) {
  const world = await open(asked)
  try {
    const before = standing(world)
    const outcome = await carryOut(world, asked, strike(world.simulator))
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(ProviderError)
      expect(outcome).not.toMatchObject({ code: 'flags_half_written' })
      isBefore(world, before)
    } else isWanted(world, before, asked)
    expect(world.simulator.violations).toEqual([])
    return outcome
  } finally {
    await world.close()
  }
}

const FORBIDDEN: Omit<Fault, 'path'> = { effect: { kind: 'answer', status: 403 } }

const faults: readonly Omit<Fault, 'path'>[] = [
  FORBIDDEN,
  { effect: { kind: 'answer', status: 429, headers: { 'retry-after': '7' } } },
  { effect: { kind: 'answer', status: 500 } },
  { when: 'after', effect: { kind: 'answer', status: 500 } },
  { effect: { kind: 'drop' } },
  { when: 'after', effect: { kind: 'drop' } },
  { effect: { kind: 'garble' } },
  { when: 'after', effect: { kind: 'garble' } }
]

describe('flags are changed as one', () => {
  test('whatever is there, everything wanted is there in the end, or nothing is changed', async () => {
    const ends = { wanted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(situation, async asked => {
        const outcome = await judge(asked, () => fetch)
        ends[outcome instanceof Error ? 'refused' : 'wanted'] += 1
      }),
      { numRuns: 200 }
    )
    expect(Math.min(ends.wanted, ends.refused)).toBeGreaterThan(20)
  })

  test('the same holds when any one request goes wrong', async () => {
    let struck = 0
    await fc.assert(
      fc.asyncProperty(
        situation,
        fc.nat(14),
        fc.constantFrom(...faults),
        async (asked, n, fault) => {
          await judge(asked, simulator =>
            strikeAt(n, () => {
              struck += 1
              simulator.faults.inject({ path: /^/u, ...fault })
            })
          )
        }
      ),
      { numRuns: 300 }
    )
    expect(struck).toBeGreaterThan(100)
  })

  test('and when any one request goes wrong while a refused change is taken back', async () => {
    let refused = 0
    const transient = fc.constantFrom(...faults.filter(fault => fault !== FORBIDDEN))
    const creation = { method: 'POST', path: /\/env$/u, body: /"key":"A"/u, times: 99 } as const
    await fc.assert(
      fc.asyncProperty(situation, fc.nat(20), transient, async (asked, n, fault) => {
        const outcome = await judge(asked, simulator => {
          const error = { code: 'KEY_RESERVED', message: 'Not this name' }
          const effect = { kind: 'answer', status: 400, body: { error } } as const
          return strikeAt(
            n,
            () => simulator.faults.inject({ path: /^/u, ...fault }),
            () => simulator.faults.inject({ ...creation, effect })
          )
        })
        if (`${outcome}`.includes('KEY_RESERVED')) refused += 1
      }),
      { numRuns: 300 }
    )
    expect(refused).toBeGreaterThan(20)
  })
})

/** A fetch that lets something happen before its n-th request, and something else before the first. */
function strikeAt(n: number, strike: () => void, before?: () => void): typeof fetch {
  let sent = 0
  return (input, init) => {
    if (sent === n) strike()
    if (sent === 0) before?.()
    sent += 1
    return fetch(input, init)
  }
}
