import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, jest } from '@jest/globals'
import { createGithub } from '../../src/github/github.ts'
import { readState } from '../../src/operations/record.ts'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import { type GithubSimulator, startGithubSimulator } from '../../src/rehearsal/github/simulator.ts'
import {
  type ApplicationDatabase,
  createApplicationDatabase
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { startVercelSimulator, type VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import {
  createWorkflowMachine,
  type WorkflowMachine,
  type WorkflowMachineOptions
} from '../../src/rehearsal/workflows/machine.ts'
import type { JobRun, WorkflowRun } from '../../src/rehearsal/workflows/records.ts'
import {
  DEFINITION_PATH,
  ROLLGATE,
  repositoryFiles
} from '../../src/rehearsal/workflows/repository-files.ts'
import type { CronWeather } from '../../src/rehearsal/workflows/weather.ts'
import { LEDGER_BRANCH } from '../../src/rehearsal/workflows/world.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import type { State } from '../../src/rollout/state.ts'
import { ACTION } from '../bundle/program.ts'
import { buildStandInCli, TOKEN } from '../bundle/stage.ts'
import { SQL, startTestServer } from '../postgres/embedded.ts'
import { GITHUB_CONTRACT } from '../rehearsal/github-contract.ts'

jest.setTimeout(120_000)

/** A Monday morning. */
export const START_MS = Date.parse('2026-01-05T08:00:00Z')
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export { DEFINITION_PATH, LEDGER_BRANCH }
export const NAME = 'short'
export const GATE = 'approve-live'

/** Starts everything unless told. */
export const STARTER = 'ada'
/** The only reviewer unless told. */
export const APPROVER = 'grace'

const OFF = { FEATURE: 'false', FEATURE_MODE: 'slow' }
const ON = { FEATURE: 'true', FEATURE_MODE: 'fast' }

export { OFF, ON }

/** Rollgate's own folder, from which the action is run. */
const HOME = path.dirname(path.dirname(ACTION))

/** A phase on preview that is over after half an hour and that nobody has to approve. */
export const TRIAL = `  - name: trial
    target: preview
    flags: { FEATURE: "true", FEATURE_MODE: fast }
    soak: 30m
    extend: 1h
    checkpoints: [0s, 30m]
    criteria: quiet
`

export const REVIEWED = `{ environment: ${GATE}, checklist: [Somebody is here], valid_for: 7d }`

/** A phase on production behind a gate, of an hour. */
export function live({ name = 'live', gate = REVIEWED, mode = 'fast' } = {}): string {
  return `  - name: ${name}
    target: production
${gate === '' ? '' : `    gate: ${gate}\n`}    flags: { FEATURE: "true", FEATURE_MODE: ${mode} }
    soak: 1h
    extend: 1h
    checkpoints: [0s, 1h]
    criteria: quiet
`
}

/** A definition of these phases; `more` are keys of the top level. */
export function definition(phases: string = TRIAL + live(), more = ''): string {
  return `name: ${NAME}
owner: "@acme/booking"
database: { secret: DATABASE_URL, environment_filter: none, grace: 0s }
parameters: { source: assignment.coordinator }
targets:
  preview: { keys: staging }
  production: { keys: production }
${more}phases:
${phases}criteria:
  quiet:
    silence: { metric: coordinator-events, zero_tolerance: true, control: telemetry }
rollback: { flags: { FEATURE: "false", FEATURE_MODE: slow }, watch: 30m, criteria: quiet }
`
}

/** No cron at all: whoever wants a look asks for it. */
export const STILL: CronWeather = { dropped: 1, doubled: 0, late: 0, lateMs: [0, 0] }

/** What all stages of a test file share. */
export interface Theatre {
  readonly server: PostgresServer
  /** The stand-in for the Vercel CLI. */
  readonly cli: readonly string[]
  /** Ends every stage that was raised since; a test has failed when anybody there did what nobody may. */
  strike(): Promise<void>
  close(): Promise<void>
  readonly stages: Stage[]
}

export async function openTheatre(): Promise<Theatre> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-theatre-')))
  const file = path.join(folder, 'vercel')
  const [server] = await Promise.all([startTestServer(), buildStandInCli(file)])
  const stages: Stage[] = []
  const strike = async (): Promise<void> => {
    const ended = stages.splice(0)
    try {
      for (const stage of ended) await expectDecency(stage, server.password)
    } finally {
      for (const stage of ended) await stage.close()
    }
  }
  return {
    server,
    cli: [file],
    stages,
    strike,
    close: async () => {
      await strike()
      await server.stop()
      await rm(folder, { recursive: true })
    }
  }
}

/** Nobody called an API wrongly, and no credential stands where somebody could read it. */
async function expectDecency(stage: Stage, password: string): Promise<void> {
  const { github, vercel, machine } = stage
  expect(github.violations).toEqual([])
  expect(vercel.violations).toEqual([])
  const ledger = await Promise.all(
    (await github.git.list(LEDGER_BRANCH)).map(file => github.git.read(LEDGER_BRANCH, file))
  )
  const jobs = machine.runs.flatMap(run => run.jobs)
  const readable = JSON.stringify([jobs, ledger, github.issues, github.deployments])
  for (const secret of [TOKEN, password]) expect(readable.includes(secret)).toBe(false)
}

export interface StageOptions {
  readonly definition?: string
  /** Files of the repository beside, or instead of, those that `rollgate init` writes. */
  readonly files?: Readonly<Record<string, string>>
  readonly machine?: Partial<WorkflowMachineOptions>
  /** Virtual build time; none unless told. */
  readonly buildMs?: number
}

/** A repository that has adopted Rollgate, with its GitHub, its Vercel and its database. */
export interface Stage {
  readonly clock: VirtualClock
  readonly github: GithubSimulator
  readonly vercel: VercelSimulator
  readonly database: ApplicationDatabase
  readonly machine: WorkflowMachine
  /** Presses the button, unless told for production; everything happens that happens by itself. */
  advance(inputs?: Readonly<Record<string, string>>, by?: string): Promise<number>
  rollback(inputs?: Readonly<Record<string, string>>, by?: string): Promise<number>
  /** Wakes the monitor, as a person does. */
  monitor(): Promise<number>
  /** Dispatches without waiting for anything to happen. */
  press(file: string, inputs: Readonly<Record<string, string>>, by?: string): Promise<number>
  /** Somebody approves what waits at the gate, and everything happens that follows. */
  approve(run: number, by?: string, environment?: string): Promise<void>
  /** Time passes, with the cron that the machine was given; then everything comes to rest. */
  pass(ms: number): Promise<void>
  /** The coordinator says something: a red look follows. */
  trouble(): Promise<void>
  /** How each job of a run's newest attempt ended, by its name. */
  results(run: number): Readonly<Record<string, string | undefined>>
  job(run: number, key: string): JobRun
  /** All that a person can read beside a run: annotations and summaries. */
  told(run: number): string
  /** The logs of a run. */
  said(run: number): string
  events(): Promise<readonly LedgerEvent[]>
  kinds(): Promise<readonly LedgerEvent['kind'][]>
  state(): Promise<State>
  /** What a visitor of the target meets. */
  serving(target: string): Readonly<Record<string, string | undefined>>
  flags(target: string): Readonly<Record<string, string | undefined>>
  close(): Promise<void>
}

let raised = 0

export async function raiseStage(theatre: Theatre, options: StageOptions = {}): Promise<Stage> {
  raised += 1
  const clock = createVirtualClock(START_MS)
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-workflows-')))
  const text = options.definition ?? definition()
  const [database, vercel, files, parsed] = await Promise.all([
    createApplicationDatabase(theatre.server, `workflows_${raised}`),
    startVercelSimulator({
      now: clock.now,
      token: TOKEN,
      buildMs: options.buildMs ?? 0,
      flags: { preview: OFF, production: OFF }
    }),
    adoptedFiles(folder, text),
    parse(text)
  ])
  const github = await startGithubSimulator({
    now: clock.now,
    folder: path.join(folder, 'repository.git'),
    files: { ...files, ...options.files },
    people: [STARTER, APPROVER],
    contract: GITHUB_CONTRACT
  })
  for (const keys of ['staging', 'production'])
    github.environments.put(keys, { branches: ['main'] })
  protect(github)
  await keepTime(clock, database)
  const credentials = {
    secrets: { VERCEL_TOKEN: TOKEN, DATABASE_URL: database.connectionString('reader') },
    vars: { VERCEL_ORG_ID: vercel.identity.teamId, VERCEL_PROJECT_ID: vercel.identity.projectId }
  }
  const inBoth = <T>(values: T) => ({ environments: { staging: values, production: values } })
  const machine = await createWorkflowMachine({
    github,
    clock,
    folder: path.join(folder, 'machine'),
    processClock: path.join(HOME, 'dist', 'process-clock.js'),
    homes: { [ROLLGATE]: HOME },
    cli: theatre.cli,
    path: process.env['PATH'] ?? '',
    secrets: inBoth(credentials.secrets),
    vars: inBoth(credentials.vars),
    env: { VERCEL_API_URL: vercel.url, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    grace: { interruptMs: 400, terminateMs: 400 },
    weather: STILL,
    ...options.machine
  })
  const stage: Stage = {
    clock,
    github,
    vercel,
    database,
    machine,
    ...buttons(machine, clock),
    ...windows(machine),
    ...ledgerOf(github, parsed),
    trouble: () =>
      database.insert([
        {
          createdAtMs: clock.now() - 1,
          source: 'assignment.coordinator',
          eventType: 'coordinator.retry'
        }
      ]),
    serving: target => vercel.live(target)?.env ?? {},
    flags: target =>
      Object.fromEntries(Object.keys(OFF).map(key => [key, vercel.valueOf(target, key)])),
    close: async () => {
      await machine.close()
      await github.close()
      await vercel.close()
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    }
  }
  theatre.stages.push(stage)
  return stage
}

/** The gate as `rollgate init` sets it up. */
export function protect(
  { environments }: Pick<GithubSimulator, 'environments'>,
  rules: Parameters<GithubSimulator['environments']['put']>[1] = {},
  environment = GATE
): void {
  environments.put(environment, {
    reviewers: [{ kind: 'user', name: APPROVER }],
    preventSelfReview: true,
    branches: ['main'],
    adminsCanBypass: false,
    ...rules
  })
}

async function adoptedFiles(folder: string, text: string) {
  const definitionFile = path.join(folder, 'definition.yml')
  await mkdir(folder, { recursive: true })
  await writeFile(definitionFile, text)
  return repositoryFiles({
    home: HOME,
    repository: 'acme/shop',
    definition: await parse(text),
    definitionFile
  })
}

async function parse(text: string) {
  const { headers } = await loadCatalogue([
    { path: path.join(SQL, 'metrics'), shownAs: 'sql/metrics' }
  ])
  const metrics = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
  const digest = createHash('sha256').update(text).digest('hex')
  return parseDefinition({ file: DEFINITION_PATH, text, digest, metrics })
}

const TELEMETRY_MS = 5 * MINUTE_MS

/** The database tells the rehearsal's time, and the rest of the application goes on meanwhile. */
async function keepTime(clock: VirtualClock, database: ApplicationDatabase): Promise<void> {
  const viewed = (createdAtMs: number) => ({ createdAtMs, source: 'web', eventType: 'page.viewed' })
  await database.setClock(clock.now())
  await database.insert([viewed(clock.now() - 1)])
  clock.onAdvance(async (nowMs, previousMs) => {
    const count = Math.min(Math.ceil((nowMs - previousMs) / TELEMETRY_MS), 500)
    await database.insert(
      Array.from({ length: count }, (_, index) => viewed(nowMs - 1 - index * TELEMETRY_MS))
    )
    await database.setClock(nowMs)
  })
}

type Buttons = Pick<Stage, 'advance' | 'rollback' | 'monitor' | 'press' | 'approve' | 'pass'>

function buttons(machine: WorkflowMachine, clock: VirtualClock): Buttons {
  const press: Stage['press'] = (file, inputs, by = STARTER) => machine.dispatch(file, inputs, by)
  const run = async (...given: Parameters<Stage['press']>): Promise<number> => {
    const id = await press(...given)
    await machine.runUntilIdle()
    return id
  }
  return {
    press,
    advance: (inputs, by) => run('rollout.yml', { confirm: NAME, ...inputs }, by),
    rollback: (inputs, by) => run('rollout-rollback.yml', { reason: 'it smells', ...inputs }, by),
    monitor: () => run('rollout-monitor.yml', {}),
    approve: async (id, by = APPROVER, environment = GATE) => {
      machine.review(id, environment, { by, state: 'approved', comment: 'looks good' })
      await machine.runUntilIdle()
    },
    pass: async ms => {
      await machine.advanceTo(clock.now() + ms)
      await machine.runUntilIdle()
    }
  }
}

type Windows = Pick<Stage, 'results' | 'job' | 'told' | 'said'>

function windows(machine: WorkflowMachine): Windows {
  const newest = (id: number): readonly JobRun[] => {
    const { jobs, attempt }: WorkflowRun = machine.run(id)
    return jobs.filter(job => job.attempt === attempt)
  }
  return {
    results: id => Object.fromEntries(newest(id).map(job => [job.name, job.conclusion])),
    job: (id, key) => {
      const found = newest(id).find(job => job.key === key || job.name === key)
      if (found === undefined) throw new Error(`There is no job ${key} in run ${id}.`)
      return found
    },
    told: id =>
      newest(id)
        .flatMap(({ annotations, steps }) => [
          ...annotations.map(({ title, message }) => `${title}\n${message}`),
          ...steps.map(({ summary }) => summary)
        ])
        .join('\n'),
    said: id =>
      newest(id)
        .flatMap(({ steps }) => steps.map(({ log }) => log))
        .join('\n')
  }
}

function ledgerOf(
  github: GithubSimulator,
  parsed: Awaited<ReturnType<typeof parse>>
): Pick<Stage, 'events' | 'kinds' | 'state'> {
  const silent = () => undefined
  const { ledger } = createGithub({
    apiUrl: github.url,
    graphqlUrl: github.graphqlUrl,
    token: github.tokenFor({ permissions: 'admin', actor: STARTER }),
    repository: github.repository,
    ledgerBranch: LEDGER_BRANCH,
    run: undefined,
    branch: undefined,
    workflows: { rollout: '', monitor: '', rollback: '', timers: undefined },
    log: { info: silent, warning: silent }
  })
  const events = async () => (await ledger.read(NAME)).events
  return {
    events,
    kinds: async () => (await events()).map(({ kind }) => kind),
    state: () => readState({ definition: parsed, ledger })
  }
}
