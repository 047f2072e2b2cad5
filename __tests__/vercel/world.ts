import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  startVercelSimulator,
  type VercelSimulator,
  type VercelSimulatorOptions
} from '../../src/rehearsal/vercel/simulator.ts'
import { createStandInCli } from '../../src/rehearsal/vercel/stand-in-cli.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import type { Target } from '../../src/rollout/definition.ts'
import { PLAIN_TARGET } from '../../src/rollout/deployed-code.ts'
import type { SourceTree } from '../../src/rollout/ports.ts'
import type { VercelCli } from '../../src/vercel/command-line.ts'
import { createVercel, type Vercel, type VercelOptions } from '../../src/vercel/vercel.ts'
import { REAL_CLI } from './cli-under-test.ts'

export const TOKEN = 'secretTokenThatMustNotLeak'
export const START_MS = Date.parse('2026-03-02T09:00:00Z')

export interface VercelWorld extends Vercel {
  readonly simulator: VercelSimulator
  readonly clock: VirtualClock
  /** Everything said through the log. */
  readonly lines: readonly string[]
  readonly folder: string
  /** The folder in it that is deployed. */
  readonly site: string
  readonly standIn: VercelCli
  /** A second process: the same project seen by a fresh adapter. */
  again(more?: Partial<VercelOptions>): Vercel
  close(): Promise<void>
}

export interface VercelWorldOptions {
  readonly simulator?: Partial<VercelSimulatorOptions>
  readonly cli?: 'real' | 'stand-in'
  /** How targets are deployed; uploaded as the folder stands unless told. */
  readonly targets?: Readonly<Record<string, Partial<Target>>>
  readonly source?: SourceTree
}

/** A simulated Vercel, an adapter in front of it, a folder to deploy and a clock that never waits. */
export async function startVercelWorld(options: VercelWorldOptions = {}): Promise<VercelWorld> {
  const clock = createVirtualClock(START_MS)
  const simulator = await startVercelSimulator({
    now: clock.now,
    token: TOKEN,
    ...options.simulator
  })
  const folder = await mkdtemp(join(tmpdir(), 'rollgate-vercel-'))
  // The CLI refuses to deploy the home folder itself.
  const site = join(folder, 'site')
  await mkdir(site)
  await writeFile(join(site, 'index.html'), 'shop')
  const lines: string[] = []
  const say = (line: string): void => {
    lines.push(line)
  }
  const { teamId, projectId, projectName } = simulator.identity
  const account = { apiUrl: simulator.url, token: TOKEN, teamId, projectId }
  const standIn = createStandInCli({ ...account, projectName })
  const cli = options.cli === 'real' ? REAL_CLI : standIn

  const again = (more: Partial<VercelOptions> = {}): Vercel =>
    createVercel({
      ...account,
      cwd: site,
      configFolder: join(folder, '.cli'),
      baseEnv: { PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' },
      clock,
      log: { info: say, warning: say },
      cli,
      targets: targetsOf(options),
      ...(options.source ? { source: options.source } : {}),
      ...more
    })

  return {
    ...again(),
    simulator,
    clock,
    lines,
    folder,
    site,
    standIn,
    again,
    close: async () => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function targetsOf({ targets = {} }: VercelWorldOptions): Readonly<Record<string, Target>> {
  const named = Object.entries(targets)
  return Object.fromEntries(named.map(([name, how]) => [name, { ...PLAIN_TARGET, ...how }]))
}
