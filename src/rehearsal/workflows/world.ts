import { createRequire } from 'node:module'
import path from 'node:path'
import { createGithub } from '../../github/github.ts'
import { readState } from '../../operations/record.ts'
import type { LedgerEvent } from '../../rollout/events.ts'
import type { Ledger } from '../../rollout/ports.ts'
import { reportedLabels } from '../../rollout/reported.ts'
import type { State } from '../../rollout/state.ts'
import type { ResponseContract } from '../github/contract.ts'
import { type GithubSimulator, startGithubSimulator } from '../github/simulator.ts'
import { openRehearsalWorld, type RehearsalSettings, type RehearsalWorld } from '../world.ts'
import type { People } from './gates.ts'
import { createWorkflowMachine, type WorkflowMachine } from './machine.ts'
import { DEFINITION_PATH, ROLLGATE, repositoryFiles } from './repository-files.ts'
import type { Named } from './shop.ts'
import type { CronWeather } from './weather.ts'

/** A rehearsal world whose rollout is carried out by workflows, each step a process of its own. */
export interface WorkflowWorld {
  readonly rehearsal: RehearsalWorld
  readonly github: GithubSimulator
  readonly machine: WorkflowMachine
  /** Who starts the rollout, and who lets it pass. */
  readonly people: { readonly starter: string; readonly approver: string }
  /** The definition's path in the repository. */
  readonly definition: string
  /** The rollout as the ledger branch has it. */
  state(): Promise<State>
  events(): Promise<readonly LedgerEvent[]>
  close(): Promise<void>
}

export interface WorkflowWorldSettings extends Omit<RehearsalSettings, 'cli'> {
  /** The installed Vercel CLI unless told. */
  readonly cli?: readonly string[]
  /** Every cron at its minute unless told. */
  readonly weather?: CronWeather
  /** The approver approves after ten minutes unless told. */
  readonly answers?: People
  /** Files of the repository beside, or instead of, the ones that Rollgate writes. */
  readonly files?: Named
  readonly contract?: ResponseContract
}

export const LEDGER_BRANCH = 'rollgate-ledger'
const REPOSITORY = 'acme/shop'
const STARTER = 'rehearsal-starter'
const APPROVER = 'rehearsal-approver'
/** How long people take to read a briefing and approve. */
export const APPROVAL_MS = 10 * 60_000

/** Builds the world; whatever was started is stopped again when it fails. */
export async function openWorkflowWorld(settings: WorkflowWorldSettings): Promise<WorkflowWorld> {
  const { cli: _cli, ...shared } = settings
  const undo: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const stop of undo.splice(0).reverse()) await stop()
  }
  try {
    const rehearsal = await openRehearsalWorld({ ...shared, cli: 'stand-in' })
    undo.push(rehearsal.close)
    return await build(settings, rehearsal, undo, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function build(
  settings: WorkflowWorldSettings,
  rehearsal: RehearsalWorld,
  undo: (() => Promise<unknown>)[],
  close: () => Promise<void>
): Promise<WorkflowWorld> {
  const { home, folder, definitionFile, contract } = settings
  const { world, clock } = rehearsal
  const { definition } = world
  const files = await repositoryFiles({ home, repository: REPOSITORY, definition, definitionFile })
  const github = await startGithubSimulator({
    now: clock.now,
    folder: path.join(folder, 'repository.git'),
    repository: REPOSITORY,
    files: { ...files, ...settings.files },
    people: [STARTER, APPROVER],
    ...(contract === undefined ? {} : { contract })
  })
  undo.push(github.close)
  setUpEnvironments(github, rehearsal)
  for (const label of reportedLabels(definition)) github.issueHands.addLabel(label)
  const machine = await createWorkflowMachine({
    github,
    clock,
    folder: path.join(folder, 'machine'),
    processClock: path.join(home, 'dist', 'process-clock.js'),
    homes: { [ROLLGATE]: home },
    cli: settings.cli ?? installedCli(home),
    path: settings.baseEnv['PATH'] ?? '',
    ...credentials(rehearsal),
    env: { VERCEL_API_URL: rehearsal.vercel.url, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    people: settings.answers ?? approve,
    seed: settings.seed,
    ...(settings.weather === undefined ? {} : { weather: settings.weather })
  })
  undo.push(machine.close)
  const ledger = ledgerOf(github, world.log)
  return {
    rehearsal,
    github,
    machine,
    people: { starter: STARTER, approver: APPROVER },
    definition: DEFINITION_PATH,
    state: () => readState({ definition, ledger }),
    events: async () => (await ledger.read(definition.name)).events,
    close
  }
}

const approve: People = () => ({
  by: APPROVER,
  state: 'approved',
  comment: 'rehearsed',
  afterMs: APPROVAL_MS
})

function installedCli(home: string): readonly string[] {
  const fromHome = createRequire(path.join(home, 'package.json'))
  return [process.execPath, fromHome.resolve('vercel/dist/vc.js')]
}

/** Keys without people, people without keys. */
function setUpEnvironments(github: GithubSimulator, { world }: RehearsalWorld): void {
  const { targets, phases } = world.definition
  for (const { keys } of Object.values(targets))
    github.environments.put(keys, { branches: ['main'] })
  for (const { gate } of phases) {
    if (gate?.mode !== 'environment') continue
    github.environments.put(gate.environment, {
      reviewers: [{ kind: 'user', name: APPROVER }],
      preventSelfReview: true,
      branches: ['main'],
      adminsCanBypass: false
    })
  }
}

function credentials({ world, vercel, database, relay, secrets: [token = ''] }: RehearsalWorld) {
  const { targets, database: settings } = world.definition
  const { teamId, projectId } = vercel.identity
  const connection = database.connectionString('reader', relay)
  const secrets = { VERCEL_TOKEN: token, [settings.secret]: connection }
  const vars = { VERCEL_ORG_ID: teamId, VERCEL_PROJECT_ID: projectId }
  const keys = Object.values(targets).map(target => target.keys)
  return {
    secrets: { environments: Object.fromEntries(keys.map(name => [name, secrets])) },
    vars: { environments: Object.fromEntries(keys.map(name => [name, vars])) }
  }
}

/** The ledger as somebody reads it who looks at the repository. */
function ledgerOf(github: GithubSimulator, log: RehearsalWorld['world']['log']): Ledger {
  return createGithub({
    apiUrl: github.url,
    graphqlUrl: github.graphqlUrl,
    token: github.tokenFor({ permissions: 'admin', actor: APPROVER }),
    repository: github.repository,
    ledgerBranch: LEDGER_BRANCH,
    run: undefined,
    branch: undefined,
    workflows: { rollout: '', monitor: '', rollback: '', timers: undefined },
    log
  }).ledger
}
