#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { carryOut } from './carry-out.ts'
import { toFailure } from './failure.ts'
import { describeInit, runInit } from './init-command.ts'
import { type InputName, type OperationName, parseInputs } from './inputs.ts'
import { judgeCounts } from './operations/judge-counts.ts'
import type { Surroundings } from './production.ts'
import { runRehearsal } from './rehearsal/run.ts'
import { SCENARIO_NAMES, type ScenarioName } from './rehearsal/scenario.ts'
import { DEFAULT_SEED } from './rehearsal/traffic/scenarios.ts'
import { runWorkflowRehearsal } from './rehearsal/workflows/run-workflows.ts'
import { describeReplay, runReplay } from './replay-command.ts'
import { secretsIn } from './secrets.ts'

const HOME = fileURLToPath(new URL('..', import.meta.url))

const CREDENTIALS = `
Credentials are read from the environment, never from the command line:
  VERCEL_TOKEN, VERCEL_ORG_ID, VERCEL_PROJECT_ID   the Vercel project
  VERCEL_AUTOMATION_BYPASS_SECRET                  for probes of protected deployments
  DATABASE_URL (or ROLLGATE_DATABASE_URL, or       a role that can only read
    what the definition names)
  GITHUB_TOKEN (or GH_TOKEN)                       for a ledger on a branch, issues and workflows
`

const EXIT_CODES = {
  rollout: 'Exit codes: 0 as wanted · 1 failed · 2 held · 3 rolled back',
  verdict: 'Exit codes: 0 pass · 1 error · 2 warn or insufficient · 3 red',
  report: 'Exit codes: 0 the past was looked at, whatever it says · 1 it could not be'
}

/** What the exit code of an operation speaks of, when it is not the rollout. */
const MEANING: Partial<Record<OperationName, keyof typeof EXIT_CODES>> = {
  verify: 'verdict',
  backtest: 'report'
}

interface Options {
  readonly json?: boolean
  readonly [name: string]: unknown
}

const program = new Command('rollgate')
  .description('Turns a feature on in stages and proves every stage with SQL.')
  .version(packageJson.version)
  .showHelpAfterError('(rollgate --help shows all commands and their options)')
  .addHelpText('after', `${CREDENTIALS}\n${EXIT_CODES.rollout}`)

operation('preflight', 'check every prerequisite and change nothing').option(
  '--keys <environment>',
  'only what is done with the secrets of this environment'
)
forward(operation('next', 'say which phase comes next, from ledger and definition alone'))
forward(operation('plan', 'show what the next phase would change, and record that it was shown'))
forward(operation('apply', 'carry out the next phase: flags, deployment, first look')).option(
  '--digest <digest>',
  'what the approved briefing bound to'
)
operation('check', 'look at the live phase, decide, and act on the decision').option(
  '--freeze <why>',
  'nothing may move forward at the moment'
)
operation('rollback', 'put everything back, now').requiredOption(
  '--reason <why>',
  'kept in the ledger'
)
operation('hold', 'stop moving forward until somebody resumes').requiredOption(
  '--reason <why>',
  'kept in the ledger'
)
operation('resume', 'end a hold')
  .requiredOption('--reason <why>', 'kept in the ledger')
  .option('--accept-thin', 'take upon yourself that evidence which is good is too little')
  .option('--accept-warning', 'take upon yourself the warnings as they stand')
operation('status', 'show where the rollout stands')
operation('graduate', 'end a promoted rollout after its time, and file the clean-up')
operation('due', 'list the definitions that need a look; --definition may name several files')
operation('wake', 'start the monitor workflow, as a timer does')
operation('flags', 'read flags, or set them and read them back; no ledger')
  .requiredOption('--target <target>', 'preview or production')
  .addOption(
    new Option('--flag <name[=value]>', 'set, or without a value read; repeatable').argParser(
      collect
    )
  )
operation(
  'deploy',
  'make one fresh deployment and wait until it is live; no ledger'
).requiredOption('--target <target>', 'preview or production')
operation('verify', 'judge the criteria of a phase over any window; no ledger')
  .requiredOption('--phase <name>', 'phase whose criteria are used')
  .requiredOption('--since <when>', 'start of the window, as 2026-01-31T08:00:00Z or 48h')
operation(
  'backtest',
  'say hour by hour what the criteria would have said about the past; no ledger'
)
  .option('--phase <name>', 'phase whose criteria are walked (default: every criteria set once)')
  .requiredOption('--since <when>', 'start of the past, as 30d or 2026-01-31T08:00:00Z')
  .option('--until <when>', 'end of the past, in the same way (default: now)')
  .addHelpText(
    'after',
    '\nExamples:\n  rollgate backtest --since 30d\n  rollgate backtest --since 30d --until 2d --phase production-full --json'
  )

program
  .command('judge')
  .description('say what the gate would say about hourly counts on standard input')
  .option('--pass <share>', 'pass from this good share on', '97%')
  .option('--red <share>', 'roll back below this good share', '90%')
  .option('--hours <n>', 'the longest the phase can last', wholeNumber, 48)
  .option('--strict-min-n <n>', 'from this many units on a share below red is red', wholeNumber, 50)
  .option('--json', 'print one JSON document')
  .addHelpText(
    'after',
    `\nExample:\n  printf "10,10\\n9,10\\n" | rollgate judge --pass 97% --red 90%\n\n${EXIT_CODES.verdict}`
  )
  .action(guarded('judge', judgeCommand))

program
  .command('rehearse')
  .description('carry the whole rollout through an embedded world, five days in seconds')
  .addOption(
    new Option('--scenario <name>', 'what happens in that world')
      .choices(SCENARIO_NAMES)
      .default('healthy')
  )
  .option('--definition <file>', 'rollout definition (default: the bundled one)')
  .option('--output <folder>', 'where the results go', 'rehearsal')
  .option('--seed <n>', 'another seed, other bookings', wholeNumber, DEFAULT_SEED)
  .option(
    '--workflows',
    'through the workflows, each step a process, cron late and unreliable; takes minutes'
  )
  .option('--json', 'print one JSON document')
  .addHelpText('after', '\nExit codes: 0 promoted · 1 failed · 2 held · 3 rolled back')
  .action(guarded('rehearse', rehearseCommand))

describeReplay(program.command('replay')).action((place: string, options: Options) =>
  guarded('replay', () => replayCommand(place, options))(options)
)

describeInit(program.command('init')).action((folder: string, options: Options) =>
  guarded('init', () => initCommand(folder, options))(options)
)

/** The options of what moves a rollout forward. */
function forward(command: Command): Command {
  return command
    .option('--phase <name>', 'phase, or next', 'next')
    .option('--confirm <name>', 'the name of the definition, typed: lets a gated phase pass')
    .option('--freeze <why>', 'nothing may move forward at the moment')
}

function operation(name: OperationName, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--definition <file>', 'rollout definition', 'rollouts/assignment-pipeline-v3.yml')
    .option(
      '--ledger <place>',
      'file: and a folder, or branch: and a name',
      'file:.rollgate/ledger.git'
    )
    .option(
      '--repository <owner/name>',
      'on GitHub; for a ledger on a branch and for reported issues'
    )
    .addOption(
      new Option(
        '--metrics <place>',
        'folder or file with metrics of your own, beside the bundled ones; repeatable'
      ).argParser(collect)
    )
    .option('--working-directory <folder>', 'folder that is deployed', '.')
    .option('--database-ca <file>', 'certificate authority of the database')
    .option(
      '--vercel-cli <command>',
      'command that runs the Vercel CLI; quote a path with spaces',
      'vercel'
    )
    .option('--vercel-api-url <url>', 'address of the Vercel API')
    .option('--rollout-workflow <file>', 'file name of the rollout workflow')
    .option('--monitor-workflow <file>', 'file name of the monitor workflow')
    .option('--rollback-workflow <file>', 'file name of the rollback workflow')
    .option('--timers-workflow <file>', 'file name of the timers workflow, where there is one')
    .option('--woken-by <what>', 'kept in the ledger', 'person')
    .option('--json', 'print one JSON document')
    .addHelpText('after', `${CREDENTIALS}\n${EXIT_CODES[MEANING[name] ?? 'rollout']}`)
    .action(guarded(name, options => operate(name, options)))
}

/** An action that says why it failed, with `--json` as a document too. */
function guarded(
  name: string,
  work: (options: Options) => Promise<void>
): (options: Options) => Promise<void> {
  return async options => {
    try {
      await work(options)
    } catch (error) {
      fail(name, error, options.json === true)
    }
  }
}

async function operate(name: OperationName, options: Options): Promise<void> {
  const inputs = parseInputs(rawInputs(name, options))
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'rollgate-'))
  try {
    const { exitCode, summary, result } = await carryOut(
      inputs,
      surroundings(name, scratch, options)
    )
    print(options.json ? `${JSON.stringify(result, null, 2)}\n` : summary)
    process.exitCode = exitCode
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function rawInputs(name: OperationName, options: Options): Record<InputName, string> {
  const { env } = process
  const option = (key: string): string => {
    const value = options[key]
    return typeof value === 'string' ? value : ''
  }
  const repeated = (key: string): string => {
    const values = options[key]
    return Array.isArray(values) ? values.join('\n') : ''
  }
  return {
    operation: name,
    definition: option('definition'),
    phase: option('phase'),
    reason: option('reason'),
    accept: acceptWords(options),
    confirm: option('confirm'),
    digest: option('digest'),
    keys: option('keys'),
    freeze: option('freeze'),
    ledger: option('ledger'),
    'woken-by': option('wokenBy'),
    target: option('target'),
    flags: repeated('flag'),
    since: option('since'),
    until: option('until'),
    metrics: repeated('metrics'),
    'working-directory': option('workingDirectory'),
    'database-url': env['ROLLGATE_DATABASE_URL'] || env['DATABASE_URL'] || '',
    'database-ca': option('databaseCa'),
    'vercel-token': env['VERCEL_TOKEN'] || '',
    'vercel-bypass': env['VERCEL_AUTOMATION_BYPASS_SECRET'] || '',
    'vercel-org-id': env['VERCEL_ORG_ID'] || '',
    'vercel-project-id': env['VERCEL_PROJECT_ID'] || '',
    'vercel-api-url': option('vercelApiUrl') || env['VERCEL_API_URL'] || '',
    'vercel-cli': option('vercelCli'),
    'github-token': env['GITHUB_TOKEN'] || env['GH_TOKEN'] || '',
    'rollout-workflow': option('rolloutWorkflow'),
    'monitor-workflow': option('monitorWorkflow'),
    'rollback-workflow': option('rollbackWorkflow'),
    'timers-workflow': option('timersWorkflow')
  }
}

function acceptWords({ acceptThin, acceptWarning }: Options): string {
  return [...(acceptThin ? ['thin'] : []), ...(acceptWarning ? ['warnings'] : [])].join(' ')
}

function surroundings(name: OperationName, scratch: string, options: Options): Surroundings {
  return {
    place: 'command',
    actor: { by: userName(), run: `cli-${process.pid}-${Date.now()}` },
    log: {
      info: name === 'backtest' && !process.stderr.isTTY ? () => undefined : say,
      warning: line => say(`warning: ${line}`)
    },
    announcer: {
      announce: async ({ title, body }) => say(`${title}\n${body}`)
    },
    home: HOME,
    scratch,
    env: withRepository(environment(), options),
    mask: secret => void found.push(secret)
  }
}

/** What is typed counts before what a job was told. */
function withRepository(
  env: Readonly<Record<string, string>>,
  { repository }: Options
): Readonly<Record<string, string>> {
  return typeof repository === 'string' ? { ...env, GITHUB_REPOSITORY: repository } : env
}

/** A container may run as a number that no account has. */
function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    return process.env['USER'] || `uid ${process.getuid?.()}`
  }
}

function environment(): Readonly<Record<string, string>> {
  return process.env as Readonly<Record<string, string>>
}

async function judgeCommand(options: Options): Promise<void> {
  const finding = judgeCounts({
    pass: String(options['pass']),
    red: String(options['red']),
    hours: Number(options['hours']),
    strictMinN: Number(options['strictMinN']),
    text: await readAll(process.stdin)
  })
  const { verdict, code, good, all, rate, logE, logG, segment, sequence, message } = finding
  const needs = finding.needs ?? null
  const document = { verdict, code, good, all, rate, logE, logG, segment, needs, sequence, message }
  print(
    options.json ? `${JSON.stringify(document, null, 2)}\n` : `${verdict} (${code}): ${message}\n`
  )
  process.exitCode = JUDGE_EXIT[verdict]
}

const JUDGE_EXIT = { pass: 0, warn: 2, insufficient: 2, red: 3, error: 1 } as const

async function rehearseCommand(options: Options): Promise<void> {
  const rehearse = options['workflows'] === true ? runWorkflowRehearsal : runRehearsal
  process.exitCode = await rehearse({
    scenario: options['scenario'] as ScenarioName,
    definitionFile: String(options['definition'] ?? bundledDefinition()),
    output: String(options['output']),
    seed: Number(options['seed']),
    json: options.json === true,
    home: HOME,
    // Nothing in the embedded world is reached through a proxy.
    baseEnv: { PATH: environment()['PATH'] ?? '' },
    stdout: process.stdout
  })
}

function initCommand(folder: string, options: Options): Promise<void> {
  const { stdin: input, stdout: output } = process
  const terminal = input.isTTY && output.isTTY ? { input, output } : undefined
  return runInit(folder, options, { home: HOME, env: environment(), terminal, say, print })
}

async function replayCommand(place: string, options: Options): Promise<void> {
  const env = environment()
  process.exitCode = await runReplay(place, options, {
    env: withRepository(env, options),
    token: env['GITHUB_TOKEN'] || env['GH_TOKEN'] || undefined,
    log: { info: say, warning: line => say(`warning: ${line}`) },
    print
  })
}

function bundledDefinition(): string {
  return path.join(HOME, 'rollouts', 'assignment-pipeline-v3.yml')
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}

function print(text: string): void {
  process.stdout.write(text)
}

/** Credentials that came to light on the way. */
const found: string[] = []

/** A message that quotes the outside world must not carry a credential to the terminal. */
function withoutSecrets(text: string): string {
  const { env } = process
  const secrets = secretsIn([
    env['VERCEL_TOKEN'],
    env['VERCEL_AUTOMATION_BYPASS_SECRET'],
    env['ROLLGATE_DATABASE_URL'],
    env['DATABASE_URL'],
    env['GITHUB_TOKEN'],
    env['GH_TOKEN']
  ]).concat(found)
  return secrets.reduce((safe, secret) => safe.replaceAll(secret, '***'), text)
}

function say(line: string): void {
  process.stderr.write(`${withoutSecrets(line)}\n`)
}

function fail(command: string, error: unknown, json: boolean): void {
  const { code, message, remedy } = toFailure(command, error)
  say(`error: ${message}\nto fix: ${remedy}\n(${code})`)
  if (code === 'unexpected') say(String((error as Error)?.stack ?? error))
  if (json) {
    const [what = '', todo = ''] = [message, remedy].map(withoutSecrets)
    const document = { version: 1, operation: command, code, message: what, remedy: todo }
    print(`${JSON.stringify(document, null, 2)}\n`)
  }
  process.exitCode = 1
}

// Whoever reads on has left, as `| head` does: the work goes on to its end, in silence.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

await program.parseAsync()
