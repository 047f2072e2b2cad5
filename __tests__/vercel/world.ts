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
import type { VercelCli } from '../../src/vercel/command-line.ts'
import { createVercel, type Vercel, type VercelOptions } from '../../src/vercel/vercel.ts'

export const TOKEN = 'secretTokenThatMustNotLeak'
export const START_MS = Date.parse('2026-03-02T09:00:00Z')

/** The real CLI of this repository's devDependencies. */
export const REAL_CLI = [process.execPath, join(process.cwd(), 'node_modules/vercel/dist/vc.js')]

export interface VercelWorld extends Vercel {
  readonly simulator: VercelSimulator
  readonly clock: VirtualClock
  /** Everything said through the log. */
  readonly lines: readonly string[]
  readonly folder: string
  readonly standIn: VercelCli
  /** A second process: the same project seen by a fresh adapter. */
  again(more?: Partial<VercelOptions>): Vercel
  close(): Promise<void>
}

export interface VercelWorldOptions {
  readonly simulator?: Partial<VercelSimulatorOptions>
  readonly cli?: 'real' | 'stand-in'
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
      ...more
    })

  return {
    ...again(),
    simulator,
    clock,
    lines,
    folder,
    standIn,
    again,
    close: async () => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
