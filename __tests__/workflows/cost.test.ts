import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { SCENARIOS } from '../../src/rehearsal/scenario.ts'
import { billedMinutes } from '../../src/rehearsal/workflows/bill.ts'
import type { JobRun, WorkflowRun } from '../../src/rehearsal/workflows/records.ts'
import { rehearseWorkflows } from '../../src/rehearsal/workflows/rehearse-workflows.ts'
import { EXACT } from '../../src/rehearsal/workflows/weather.ts'
import { openWorkflowWorld, type WorkflowWorld } from '../../src/rehearsal/workflows/world.ts'
import { type Definition, phaseNamed } from '../../src/rollout/definition.ts'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import { graduationDue } from '../../src/rollout/graduation.ts'
import { dueLook } from '../../src/rollout/schedule.ts'
import { currentPhase, type State } from '../../src/rollout/state.ts'
import { ACTION, PROJECT } from '../bundle/program.ts'
import { buildStandInCli } from '../bundle/stage.ts'
import { GITHUB_CONTRACT } from '../rehearsal/github-contract.ts'
import { HOUR_MS, MINUTE_MS, STILL } from './stage.ts'

// Some fifty wake-ups, each a process or two.
jest.setTimeout(300_000)

const TICK_MS = 30 * MINUTE_MS
/** Dollars for a minute, by the label that a job runs on. */
const PRICES: Readonly<Record<string, number>> = { 'ubuntu-slim': 0.002, 'ubuntu-24.04': 0.006 }

let folder: string
let world: WorkflowWorld
let events: readonly LedgerEvent[]
let status: State['status']

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-cost-')))
  await buildStandInCli(path.join(folder, 'vercel'))
  await writeFile(path.join(folder, 'operations.log'), '')
  world = await openWorkflowWorld({
    scenario: SCENARIOS.healthy,
    folder,
    home: path.dirname(path.dirname(ACTION)),
    definitionFile: path.join(PROJECT, 'rollouts/assignment-pipeline-v3.yml'),
    seed: 7,
    baseEnv: { PATH: process.env['PATH'] ?? '' },
    cli: [path.join(folder, 'vercel')],
    weather: EXACT,
    contract: GITHUB_CONTRACT
  })
  const { definition } = world.rehearsal.world
  const ignore = () => undefined
  const state = await rehearseWorkflows(world, SCENARIOS.healthy, {
    phaseBegins: ignore,
    phaseIsLive: ignore,
    looked: ignore,
    mishap: ignore,
    timePassed: (nowMs, now) =>
      world.machine.setWeather(isSampled(definition, now, nowMs) ? EXACT : STILL)
  })
  status = state.status
  events = await world.events()
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true, force: true })
})

/**
 * Whether the next tick of the cron is executed. Of the 585 wake-ups of those twelve days nearly all
 * are alike, so that the first ones of every soak, those at a checkpoint, and the first and last hours
 * until graduation stand for the others.
 */
function isSampled(definition: Definition, state: State, nowMs: number): boolean {
  const soonMs = nowMs + TICK_MS
  const current = currentPhase(state)
  if (state.status === 'promoted') {
    const sinceMs = Date.parse(current?.endedAt ?? '')
    return nowMs - sinceMs < 4 * HOUR_MS || graduationDue(definition, state, soonMs).due
  }
  const phase = phaseNamed(definition, current?.name ?? '')
  if (current?.status !== 'soaking' || phase === undefined) return true
  const elapsedMs = nowMs - Date.parse(current.since ?? '')
  return elapsedMs < HOUR_MS || dueLook(phase, current, soonMs).checkpoints.length > 0
}

function monitors(): readonly WorkflowRun[] {
  return world.machine.runs.filter(({ file }) => file === 'rollout-monitor.yml')
}

function jobOf({ jobs }: WorkflowRun, key: string): JobRun | undefined {
  return jobs.find(job => job.key === key && job.startedMs !== undefined)
}

test('nothing but the job that looks into the ledger runs when nothing is due', () => {
  const idle = monitors().filter(run => jobOf(run, 'due')?.outputs['due'] === '[]')
  expect(idle.length).toBeGreaterThan(2)
  for (const { jobs } of idle) {
    expect(jobs.map(({ key, conclusion }) => [key, conclusion])).toEqual([
      ['due', 'success'],
      ['check', 'skipped']
    ])
    expect(jobs.reduce((sum, job) => sum + billedMinutes(job), 0)).toBe(1)
  }
})

test('whoever looks is billed for one minute, on the cheap runner for the ledger alone', () => {
  const jobs = monitors().flatMap(run => run.jobs.filter(job => job.startedMs !== undefined))
  expect([...new Set(jobs.map(({ key, runsOn }) => `${key} on ${runsOn}`))]).toEqual([
    'due on ubuntu-slim',
    'check on ubuntu-24.04'
  ])
  expect([...new Set(jobs.map(billedMinutes))]).toEqual([1])
})

test('the whole rollout costs what is printed here', () => {
  expect(status).toBe('graduated')
  expect(world.machine.runs.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
  expect([world.github.violations, world.rehearsal.vercel.violations]).toEqual([[], []])
  const watching = stretches(events).map(priced)
  const rolling = rolloutLines()
  const soaks = watching.filter(({ name }) => name !== AFTERWARDS)
  const fiveDays = total([...rolling.filter(({ name }) => name !== 'graduate'), ...soaks])
  const everything = total([...rolling, ...watching])
  process.stdout.write(table(rolling, watching, { fiveDays, everything }))
  expect(fiveDays.slim + fiveDays.standard).toBeLessThan(550)
  expect(fiveDays.price).toBeLessThan(2.5)
  expect(everything.price).toBeLessThan(4.5)
})

interface Line {
  readonly name: string
  readonly ticks?: number
  readonly executed?: number
  /** Executed wake-ups with something due. */
  readonly busy?: number
  readonly slim: number
  readonly standard: number
  readonly price: number
}

interface Stretch {
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
}

const AFTERWARDS = 'until graduation'

/** The soaks, what lies between them, and the time after the last one. */
function stretches(all: readonly LedgerEvent[]): readonly Stretch[] {
  const found: Stretch[] = []
  let name = ''
  let fromMs = Date.parse(all[0]?.at ?? '')
  const turn = (at: string, next: string): void => {
    found.push({ name, fromMs, toMs: Date.parse(at) })
    name = next
    fromMs = Date.parse(at)
  }
  const last = all.findLastIndex(event => event.kind === 'look' && event.decision === 'promote')
  all.forEach((event, index) => {
    if (event.kind === 'phase-applied') turn(event.at, `soak of ${event.phase}`)
    if (event.kind === 'graduated') turn(event.at, '')
    if (event.kind !== 'look' || event.decision !== 'promote') return
    turn(event.at, index === last ? AFTERWARDS : 'at a gate')
  })
  return found.filter(stretch => stretch.name !== '' && ticksIn(stretch) > 0)
}

/** Ticks at 7 and 37 minutes past; the one that ends a stretch belongs to it. */
function ticksIn({ fromMs, toMs }: Stretch): number {
  const before = (ms: number): number => Math.floor((ms - 7 * MINUTE_MS) / TICK_MS)
  return before(toMs) - before(fromMs)
}

/** What was executed in a stretch, extended to all of its ticks. */
function priced(stretch: Stretch): Line {
  const { fromMs, toMs, name } = stretch
  const executed = monitors().filter(({ startedMs }) => startedMs > fromMs && startedMs <= toMs)
  const busy = executed.filter(run => jobOf(run, 'check') !== undefined).length
  const ticks = ticksIn(stretch)
  const standard = Math.round((ticks * busy) / Math.max(1, executed.length))
  return lineOf({ name, ticks, executed: executed.length, busy, slim: ticks, standard })
}

/** The rollout workflow's jobs, all of them executed. */
function rolloutLines(): readonly Line[] {
  const jobs = world.machine.runs
    .filter(({ file }) => file === 'rollout.yml')
    .flatMap(run => run.jobs.filter(job => job.startedMs !== undefined))
  return [...new Set(jobs.map(({ key }) => key))].map(name => {
    const own = jobs.filter(({ key }) => key === name)
    const on = (label: string): number =>
      own.reduce((sum, job) => sum + (job.runsOn === label ? billedMinutes(job) : 0), 0)
    return lineOf({
      name,
      executed: own.length,
      slim: on('ubuntu-slim'),
      standard: on('ubuntu-24.04')
    })
  })
}

function lineOf(line: Omit<Line, 'price'>): Line {
  const { 'ubuntu-slim': slim = 0, 'ubuntu-24.04': standard = 0 } = PRICES
  return { ...line, price: line.slim * slim + line.standard * standard }
}

function total(lines: readonly Line[]): Line {
  const sum = (pick: (line: Line) => number): number =>
    lines.reduce((all, line) => all + pick(line), 0)
  return lineOf({ name: 'total', slim: sum(line => line.slim), standard: sum(l => l.standard) })
}

function table(
  rolling: readonly Line[],
  watching: readonly Line[],
  { fiveDays, everything }: { readonly fiveDays: Line; readonly everything: Line }
): string {
  const row = (...cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) =>
        String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 36 : 10)
      )
      .join('')
  const minutes = ({ slim, standard, price }: Line) => [slim, standard, `$${price.toFixed(3)}`]
  const lines = [
    '',
    'Billed minutes of rollouts/assignment-pipeline-v3.yml, cron every 30 minutes',
    row('rollout.yml', 'jobs', '', '', 'slim', '2-core', 'price'),
    ...rolling.map(line => row(`  ${line.name}`, line.executed ?? '', '', '', ...minutes(line))),
    row('rollout-monitor.yml', 'wake-ups', 'executed', 'busy', 'slim', '2-core', 'price'),
    ...watching.map(line =>
      row(
        `  ${line.name}`,
        line.ticks ?? '',
        line.executed ?? '',
        line.busy ?? '',
        ...minutes(line)
      )
    ),
    row('five days, without graduation', '', '', '', ...minutes(fiveDays)),
    row('with the seven days until graduation', '', '', '', ...minutes(everything)),
    'Wake-ups that were not executed are taken to be as those of their line that were.',
    ''
  ]
  return `${lines.join('\n')}\n`
}
