import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { createGitLedger } from '../../src/git/ledger.ts'
import {
  type ApplicationDatabase,
  createApplicationDatabase
} from '../../src/rehearsal/postgres/application-database.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import {
  startVercelSimulator,
  type VercelSimulator,
  type VercelSimulatorOptions
} from '../../src/rehearsal/vercel/simulator.ts'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import { startTestServer } from '../postgres/embedded.ts'
import { ACTION, COMMAND, type Ended, PATH, PROJECT, type Running, start } from './program.ts'

export const TOKEN = 'secretTokenThatMustNotLeak'

/** Two phases, the first of which is over after a second. */
export const SHORT = `name: short
owner: "@acme/booking"
database: { secret: DATABASE_URL, environment_filter: none, grace: 0s }
parameters: { source: assignment.coordinator }
targets:
  preview: { keys: staging }
  production: { keys: production }
phases:
  - name: first
    target: preview
    flags: { FEATURE: "true", FEATURE_MODE: fast }
    soak: 1s
    extend: 1h
    checkpoints: [0s, 1s]
    criteria: quiet
  - name: second
    target: production
    gate: { environment: approve-second, checklist: [Somebody is here] }
    flags: { FEATURE: "true", FEATURE_MODE: fast }
    soak: 1h
    checkpoints: [0s, 1h]
    criteria: quiet
criteria:
  quiet:
    silence: { metric: coordinator-events, zero_tolerance: true, control: telemetry }
rollback: { flags: { FEATURE: "false", FEATURE_MODE: slow }, criteria: quiet }
`

/** What all stages of a test file share: a database server and a quick stand-in for the Vercel CLI. */
export interface Theatre {
  readonly server: PostgresServer
  /** Goes in front of the PATH. */
  readonly bin: string
  /** Closes every stage that was raised in it too, however its test ended. */
  close(): Promise<void>
  readonly stages: Stage[]
}

export async function openTheatre(): Promise<Theatre> {
  const bin = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate bin-')))
  const [server] = await Promise.all([startTestServer(), buildStandInCli(path.join(bin, 'vercel'))])
  const stages: Stage[] = []
  return {
    server,
    bin,
    stages,
    close: async () => {
      for (const stage of stages) await stage.close()
      await server.stop()
      await rm(bin, { recursive: true })
    }
  }
}

/** The real CLI takes a second and is used where it matters. */
export const REAL_CLI = `"${process.execPath}" "${path.join(PROJECT, 'node_modules/vercel/dist/vc.js')}"`

const STAND_IN = `
import { readFileSync } from 'node:fs'
import { createStandInCli } from './src/rehearsal/vercel/stand-in-cli.ts'
const args = process.argv.slice(2)
const [, folder] = args.splice(args.indexOf('-Q'), 2)
const { VERCEL_TOKEN: token, VERCEL_ORG_ID: teamId, VERCEL_PROJECT_ID: projectId } = process.env
const { api: apiUrl } = JSON.parse(readFileSync(folder + '/config.json', 'utf8'))
createStandInCli({ apiUrl, token, teamId, projectId, projectName: 'shop' })(args).then(run => {
  process.stdout.write(run.stdout)
  process.stderr.write(run.stderr)
  process.exitCode = run.exitCode
})`

/** An executable that does what the Vercel CLI would, at once. */
export async function buildStandInCli(file: string): Promise<void> {
  buildSync({
    stdin: { contents: STAND_IN, resolveDir: PROJECT, loader: 'ts' },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' }
  })
  await chmod(file, 0o755)
}

/** One project, one database, one folder; and both bundles in front of them. */
export interface Stage {
  readonly simulator: VercelSimulator
  readonly database: ApplicationDatabase
  /** Everything a process of this stage may write lies in it. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Starts `rollgate` with what every operation needs. */
  startCommand(...args: readonly string[]): Running
  command(...args: readonly string[]): Promise<Ended>
  /** The one JSON document that the command prints. */
  told(...args: readonly string[]): Promise<Told>
  /** Runs the action with these inputs beside the ones that every operation needs. */
  action(inputs: Readonly<Record<string, string>>): Promise<Performed>
  events(): Promise<readonly LedgerEvent[]>
  /** Some other part of the application is at work. */
  telemetry(): Promise<void>
  /** Ends with the theatre. */
  close(): Promise<void>
}

export interface Told {
  readonly code: number | null
  readonly stderr: string
  readonly document: Readonly<Record<string, unknown>>
}

/** A run of the action as the runner sees it. */
export interface Performed extends Ended {
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
}

export interface StageOptions {
  readonly simulator?: Partial<VercelSimulatorOptions>
  readonly cli?: 'real' | 'stand-in'
  readonly env?: Readonly<Record<string, string>>
}

let raised = 0

export async function raiseStage(theatre: Theatre, options: StageOptions = {}): Promise<Stage> {
  raised += 1
  const [simulator, database, folder] = await Promise.all([
    startVercelSimulator({
      now: Date.now,
      token: TOKEN,
      buildMs: 0,
      flags: {
        preview: { FEATURE: 'false', FEATURE_MODE: 'slow' },
        production: { FEATURE: 'false', FEATURE_MODE: 'slow' }
      },
      ...options.simulator
    }),
    createApplicationDatabase(theatre.server, `stage_${raised}`),
    furnish()
  ])
  const { teamId, projectId } = simulator.identity
  const env: Readonly<Record<string, string>> = {
    PATH: `${theatre.bin}:${PATH}`,
    HOME: path.join(folder, 'home'),
    TMPDIR: path.join(folder, 'tmp'),
    VERCEL_TOKEN: TOKEN,
    VERCEL_ORG_ID: teamId,
    VERCEL_PROJECT_ID: projectId,
    DATABASE_URL: database.connectionString('reader'),
    ...options.env
  }
  const inputs = {
    definition: 'short.yml',
    ledger: `file:${path.join(folder, 'ledger.git')}`,
    'working-directory': 'site',
    'vercel-api-url': simulator.url,
    'vercel-cli': options.cli === 'real' ? REAL_CLI : 'vercel'
  }

  const startCommand = (...args: readonly string[]): Running => {
    const given = Object.entries(inputs).flatMap(([name, value]) => [`--${name}`, value])
    const [operation = '', ...rest] = args
    return start(COMMAND, [operation, ...given, ...rest], { cwd: folder, env })
  }
  const command = (...args: readonly string[]): Promise<Ended> => startCommand(...args).ended

  const stage: Stage = {
    simulator,
    database,
    folder,
    env,
    startCommand,
    command,
    told: async (...args) => {
      const { code, stderr, stdout } = await command(...args, '--json')
      return { code, stderr, document: JSON.parse(stdout) }
    },
    action: more => perform(folder, env, { ...inputs, ...more }),
    events: async () => {
      const author = { name: 'test', email: 'test@localhost' }
      const ledger = createGitLedger({
        folder: path.join(folder, 'ledger.git'),
        author,
        now: Date.now
      })
      return (await ledger.read('short')).events
    },
    telemetry: () => database.insert([{ source: 'web', eventType: 'page.viewed' }]),
    close: async () => {
      await simulator.close()
      await database.drop()
      await rm(folder, { recursive: true })
    }
  }
  theatre.stages.push(stage)
  return stage
}

async function furnish(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-stage-')))
  for (const name of ['home', 'tmp', 'site']) await mkdir(path.join(folder, name))
  await writeFile(path.join(folder, 'site', 'index.html'), 'shop')
  await writeFile(path.join(folder, 'short.yml'), SHORT)
  return folder
}

/** As the runner does it: inputs and two files in the environment. */
export async function perform(
  folder: string,
  env: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>>
): Promise<Performed> {
  const { VERCEL_TOKEN, VERCEL_ORG_ID, VERCEL_PROJECT_ID, DATABASE_URL, ...rest } = env
  const given = {
    'vercel-token': VERCEL_TOKEN,
    'vercel-org-id': VERCEL_ORG_ID,
    'vercel-project-id': VERCEL_PROJECT_ID,
    'database-url': DATABASE_URL,
    ...inputs
  }
  const inputEnv = Object.entries(given).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value ?? ''
  ])
  const own = await mkdtemp(path.join(folder, 'step-'))
  const [outputFile, summaryFile] = [path.join(own, 'output'), path.join(own, 'summary')] as const
  await Promise.all([writeFile(outputFile, ''), writeFile(summaryFile, '')])
  const ended = await start(ACTION, [], {
    cwd: folder,
    env: {
      ...rest,
      ...Object.fromEntries(inputEnv),
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
      RUNNER_TEMP: path.join(folder, 'tmp'),
      GITHUB_ACTOR: 'ada',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2'
    }
  }).ended
  const [output, summary] = await Promise.all([
    readFile(outputFile, 'utf8'),
    readFile(summaryFile, 'utf8')
  ])
  return { ...ended, outputs: parseOutputs(output), summary }
}

/** `name<<delimiter`, the value's lines, the delimiter. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const entries = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gmu)
  return Object.fromEntries([...entries].map(([, name = '', , value = '']) => [name, value]))
}
