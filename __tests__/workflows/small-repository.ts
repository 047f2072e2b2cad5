import { mkdtemp, realpath, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { type GithubSimulator, startGithubSimulator } from '../../src/rehearsal/github/simulator.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import {
  createWorkflowMachine,
  type WorkflowMachine,
  type WorkflowMachineOptions
} from '../../src/rehearsal/workflows/machine.ts'
import type { JobRun } from '../../src/rehearsal/workflows/records.ts'

/** A Monday morning. */
export const START_MS = Date.parse('2026-01-05T08:00:00Z')
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

/** A repository whose workflows run here. */
export interface SmallRepository {
  readonly github: GithubSimulator
  readonly clock: VirtualClock
  readonly machine: WorkflowMachine
  /** Dispatches `main.yml` and lets everything happen that happens by itself. */
  run(inputs?: Readonly<Record<string, string>>, actor?: string): Promise<number>
  /** How each job of a run ended, by name. */
  results(runId: number): Readonly<Record<string, string | undefined>>
  job(runId: number, key: string): JobRun
  /** What the steps of a job said. */
  said(runId: number, key: string): string
}

export type Files = Readonly<Record<string, string>>

const open: (() => Promise<void>)[] = []

/** Everything that a test file has opened. */
export async function closeRepositories(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close()
}

let preload: Promise<string> | undefined

async function buildPreload(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-preload-')))
  const outfile = path.join(folder, 'process-clock.mjs')
  buildSync({
    entryPoints: ['src/rehearsal/workflows/process-clock.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm'
  })
  return outfile
}

/** A fresh repository with these files; `main` is the content of `.github/workflows/main.yml`. */
export async function openRepository(
  main: string,
  files: Files = {},
  options: Partial<WorkflowMachineOptions> = {}
): Promise<SmallRepository> {
  preload ??= buildPreload()
  const processClock = await preload
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-machine-')))
  const clock = createVirtualClock(START_MS)
  const github = await startGithubSimulator({
    now: clock.now,
    folder: path.join(folder, 'repository.git'),
    files: { '.github/workflows/main.yml': main, ...files }
  })
  const machine = await createWorkflowMachine({
    github,
    clock,
    folder: path.join(folder, 'machine'),
    processClock,
    homes: {},
    cli: ['true'],
    path: process.env['PATH'] ?? '',
    grace: { interruptMs: 300, terminateMs: 300 },
    ...options
  })
  open.push(async () => {
    await machine.close()
    await github.close()
    await rm(folder, { recursive: true, force: true })
  })
  const jobsOf = (runId: number) => {
    const { jobs, attempt } = machine.run(runId)
    return jobs.filter(job => job.attempt === attempt)
  }
  const job = (runId: number, key: string): JobRun => {
    const found = jobsOf(runId).find(each => each.key === key || each.name === key)
    if (found === undefined) throw new Error(`There is no job ${key}.`)
    return found
  }
  return {
    github,
    clock,
    machine,
    run: async (inputs, actor) => {
      const id = await machine.dispatch('main.yml', inputs, actor)
      await machine.runUntilIdle()
      return id
    },
    results: runId => Object.fromEntries(jobsOf(runId).map(each => [each.name, each.conclusion])),
    job,
    said: (runId, key) =>
      job(runId, key)
        .steps.map(({ log }) => log)
        .join('\n')
  }
}

/** A workflow that is dispatched, with these jobs. */
export function dispatched(jobs: string, more = 'on: workflow_dispatch\npermissions: {}'): string {
  return `${more}\njobs:\n${jobs.replaceAll(/^/gmu, '  ')}`
}

/** Jobs of one line each: `name: keys`, as flow mappings, running `true` unless told. */
export function job(id: string, keys = '', run = 'true'): string {
  return `${id}: { runs-on: ubuntu-24.04, ${keys}${keys === '' ? '' : ', '}steps: [{ run: ${JSON.stringify(run)} }] }\n`
}
