import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rehearse } from '../../src/rehearsal/rehearse.ts'
import { SCENARIOS, type ScenarioName } from '../../src/rehearsal/scenario.ts'
import { DEFAULT_SEED } from '../../src/rehearsal/traffic/scenarios.ts'
import { openRehearsalWorld, type RehearsalWorld } from '../../src/rehearsal/world.ts'
import type { LookBody } from '../../src/rollout/events.ts'
import type { State } from '../../src/rollout/state.ts'

export interface Rehearsed {
  readonly rehearsal: RehearsalWorld
  readonly state: State
  /** Every look that was made, recorded or not. */
  readonly looks: readonly LookBody[]
  readonly folder: string
}

export interface Setting {
  readonly scenario: ScenarioName
  readonly definitionFile: string
  readonly cli?: 'stand-in' | readonly string[]
}

/** Rehearses a scenario in a folder of its own, hands over what came of it, and removes everything. */
export async function withRehearsal<Result>(
  { scenario: name, definitionFile, cli = 'stand-in' }: Setting,
  inspect: (rehearsed: Rehearsed) => Promise<Result>
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'rollgate-rehearsed-'))
  await writeFile(join(folder, 'operations.log'), '')
  const scenario = SCENARIOS[name]
  const rehearsal = await openRehearsalWorld({
    scenario,
    folder,
    home: process.cwd(),
    definitionFile,
    seed: DEFAULT_SEED,
    baseEnv: { PATH: process.env['PATH'] ?? '', NO_PROXY: '127.0.0.1' },
    cli
  })
  try {
    const looks: LookBody[] = []
    const state = await rehearse(rehearsal, scenario, {
      phaseBegins: () => undefined,
      phaseIsLive: () => undefined,
      looked: look => void looks.push(look),
      timePassed: () => undefined,
      mishap: () => undefined
    })
    return await inspect({ rehearsal, state, looks, folder })
  } finally {
    await rehearsal.close()
    await rm(folder, { recursive: true, force: true })
  }
}
