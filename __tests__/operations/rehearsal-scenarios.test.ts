import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { ScenarioName } from '../../src/rehearsal/scenario.ts'
import { exitCodeOf } from '../../src/rollout/exit-code.ts'
import { currentPhase } from '../../src/rollout/state.ts'
import { expectProven } from './proven.ts'
import { withRehearsal } from './rehearsal.ts'

// Two or four virtual days of looks on a real PostgreSQL, on a machine that may be busy.
jest.setTimeout(120_000)

const WHOLE = 'rollouts/assignment-pipeline-v3.yml'

interface Ending {
  readonly scenario: ScenarioName
  /** The phases before it went well in `healthy`; the story is told in the one that matters. */
  readonly from: 'the first phase' | 'production-full'
  readonly exitCode: number
  readonly status: string
  readonly phase: string
  /** Of the last decision. */
  readonly rule: string
  /** Virtual hours into the phase at which it was decided, at the most. */
  readonly withinHours: number
}

const ENDINGS: readonly Ending[] = [
  {
    scenario: 'silent-errors',
    from: 'the first phase',
    exitCode: 3,
    status: 'rolled-back',
    phase: 'staging-full',
    rule: 'any-red',
    withinHours: 6
  },
  {
    scenario: 'dead-telemetry',
    from: 'the first phase',
    exitCode: 2,
    status: 'held',
    phase: 'staging-shadow',
    rule: 'final-insufficient',
    withinHours: 4
  },
  {
    scenario: 'late-outage',
    from: 'production-full',
    exitCode: 3,
    status: 'rolled-back',
    phase: 'production-full',
    rule: 'any-red',
    withinHours: 48
  },
  {
    scenario: 'thin-traffic',
    from: 'production-full',
    exitCode: 0,
    status: 'promoted',
    phase: 'production-full',
    rule: 'all-pass',
    withinHours: 96
  },
  {
    scenario: 'circuit-open',
    from: 'production-full',
    exitCode: 3,
    status: 'rolled-back',
    phase: 'production-full',
    rule: 'any-red',
    withinHours: 6
  },
  {
    scenario: 'flag-drift',
    from: 'production-full',
    exitCode: 2,
    status: 'held',
    phase: 'production-full',
    rule: 'integrity',
    withinHours: 4
  },
  {
    scenario: 'db-down',
    from: 'production-full',
    exitCode: 2,
    status: 'held',
    phase: 'production-full',
    rule: 'any-error',
    withinHours: 7
  }
]

let folder: string

/** The bundled definition whose earlier phases are switched off. */
async function productionFull(): Promise<string> {
  const text = await readFile(WHOLE, 'utf8')
  const earlier = ['staging-shadow', 'staging-full', 'production-shadow']
  const without = earlier.reduce(
    (edited, name) => edited.replace(`- name: ${name}\n`, `- name: ${name}\n    enabled: false\n`),
    text
  )
  const file = join(folder, 'production-full.yml')
  await writeFile(file, without)
  return file
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollgate-scenarios-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(ENDINGS)('$scenario ends $status in $phase, exit code $exitCode', async ending => {
  const { scenario, from, exitCode, status, phase, rule, withinHours } = ending
  const definitionFile = from === 'production-full' ? await productionFull() : WHOLE
  await withRehearsal({ scenario, definitionFile }, async ({ state, rehearsal, folder: kept }) => {
    expect(state.status).toBe(status)
    expect(exitCodeOf(state.status)).toBe(exitCode)
    const current = currentPhase(state)
    expect(current?.name).toBe(phase)
    const decisive = current?.looks.find(look => look.rule === rule)
    const passedMs = Date.parse(decisive?.at ?? '') - Date.parse(current?.since ?? '')
    expect(passedMs / 3_600_000).toBeLessThanOrEqual(withinHours)
    expect(rehearsal.vercel.violations).toEqual([])
    const target = current?.intent?.target ?? ''
    const wanted = exitCode === 3 ? rehearsal.world.definition.rollback.flags : undefined
    if (wanted !== undefined) expect(rehearsal.vercel.live(target)?.env).toMatchObject(wanted)
    const [rollout] = await expectProven(join(kept, 'ledger.git'))
    expect(rollout?.looks.length).toBeGreaterThan(3)
  })
})
