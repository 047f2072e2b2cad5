import type { Answers } from '../adoption/answers.ts'
import { definitionPath } from '../adoption/definition-text.ts'
import {
  type ComparedFile,
  compareFile,
  type FilesRequest,
  filesToWrite,
  plannedFiles
} from '../adoption/files.ts'
import type {
  EnvironmentGuard,
  GhRunner,
  MetricCheck,
  RepositoryFolder,
  TextFile
} from '../adoption/ports.ts'
import { type Setting, settings } from '../adoption/settings.ts'
import {
  MONITOR_PATH,
  TIMERS_PATH,
  timerWaits,
  type WorkflowTemplates,
  watchedBy
} from '../adoption/workflow-files.ts'
import { parseDefinition } from '../rollout/definition-file.ts'
import { type GhCommand, ghText } from '../rollout/gh-command.ts'
import { InputError, ProviderError } from '../rollout/rollgate-error.ts'

/** What `init` reaches the outside world through. */
export interface InitWorld {
  readonly folder: RepositoryFolder
  readonly metrics: MetricCheck
  readonly gh: GhRunner
  readonly templates: WorkflowTemplates
  /** Says what is being done, line by line. */
  readonly say: (line: string) => void
}

export interface InitRequest {
  readonly answers: Answers
  /** The repository keeps a `.env.example`. */
  readonly envExample: boolean
  /** With the workflow of wait timers; one that is there already is kept up. */
  readonly timers: boolean
  /** Files that differ are replaced, and environments with keys lose reviewers and wait timers. */
  readonly force: boolean
  /** Nothing is written and nothing is set up. */
  readonly dryRun: boolean
  /** Sets up GitHub as well. */
  readonly apply: boolean
}

export interface Initialised {
  readonly files: readonly ComparedFile[]
  readonly settings: readonly Setting[]
  /** Set up on GitHub by this run. */
  readonly applied: readonly GhCommand[]
  /** To be set up by a person. */
  readonly left: readonly GhCommand[]
  /** Lines that `.vercelignore` lacks. */
  readonly vercelIgnore: readonly string[]
}

/**
 * Writes everything that a repository needs to use Rollgate, and sets up GitHub when it is told to.
 * All contents, and the environments there are, are checked before the first file is written.
 * @throws InputError when a file or the reviewers of an environment would be lost, or a content is
 * refused
 * @throws ProviderError (`gh_failed`) telling what is set up and what is left
 */
export async function init(world: InitWorld, request: InitRequest): Promise<Initialised> {
  const { answers, force, dryRun, apply } = request
  const { templates, folder } = world
  const watched = watchedBy((await folder.read(MONITOR_PATH)) ?? '')
  const timers = request.timers || (await folder.read(TIMERS_PATH)) !== undefined
  const files = await compareFiles(world, { ...request, templates, timers }, watched)
  if (!dryRun) {
    const wanted = filesToWrite(files, force)
    if (apply && !force) await refuseGuarded(world.gh, answers)
    if (wanted.length > 0) await folder.write(wanted)
  }
  const wishes = settings(answers, timers ? timerWaits(templates) : [])
  const commands = wishes.flatMap(wish => wish.commands)
  const applied = apply && !dryRun ? await setUp(world, commands) : []
  return {
    files,
    settings: wishes,
    applied,
    left: commands.filter(command => !applied.includes(command)),
    vercelIgnore: missingLines((await folder.read('.vercelignore')) ?? '')
  }
}

async function compareFiles(
  world: InitWorld,
  request: Omit<FilesRequest, 'definitions'>,
  watched: readonly string[]
): Promise<readonly ComparedFile[]> {
  const definitions = withOurs(watched, request.answers)
  const planned = plannedFiles({ ...request, definitions })
  await check(world, planned)
  const monitor = plannedFiles({ ...request, definitions: watched }).find(isMonitor)
  return Promise.all(
    planned.map(async file => {
      const before = isMonitor(file) ? monitor?.text : undefined
      return compareFile(file, await world.folder.read(file.path), before)
    })
  )
}

function isMonitor({ path }: TextFile): boolean {
  return path === MONITOR_PATH
}

/** A second rollout joins the first one; nothing that is watched stops being watched. */
function withOurs(watched: readonly string[], { name }: Answers): readonly string[] {
  const ours = definitionPath(name)
  return watched.includes(ours) ? watched : [...watched, ours]
}

/** The definition as every later operation reads it, with the metrics that there will be. */
async function check(world: InitWorld, planned: readonly TextFile[]): Promise<void> {
  const headers = await world.metrics(planned.filter(({ path }) => path.endsWith('.sql')))
  const metrics = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
  for (const { path, text } of planned.filter(file => file.path.startsWith('rollouts/'))) {
    parseDefinition({ file: path, text, digest: '', metrics })
  }
}

/**
 * Setting an environment with keys up takes its reviewers and its wait timer away.
 * @throws InputError (`environment_guarded`) naming every one that has some
 */
async function refuseGuarded(gh: GhRunner, { keys }: Answers): Promise<void> {
  const guarded: string[] = []
  for (const name of new Set([keys.preview, keys.production])) {
    const has = guardTexts(await gh.guardOf(name))
    if (has.length > 0) guarded.push(`  ${name}: ${has.join(', ')}`)
  }
  if (guarded.length === 0) return
  throw new InputError(
    'environment_guarded',
    [
      'Environments that are to hold keys keep jobs waiting:',
      ...guarded,
      'They must have neither reviewers nor a wait timer, because a rollback never waits for a person. Nothing was changed.'
    ].join('\n'),
    'Name other environments for the keys with --preview-keys and --production-keys, or repeat the command with --force, which takes reviewers and wait timers away and replaces files that differ.'
  )
}

function guardTexts(guard: EnvironmentGuard | undefined): readonly string[] {
  const { reviewers = false, waitMinutes = 0 } = guard ?? {}
  const minutes = waitMinutes === 1 ? '1 minute' : `${waitMinutes} minutes`
  return [
    ...(reviewers ? ['required reviewers'] : []),
    ...(waitMinutes > 0 ? [`a wait timer of ${minutes}`] : [])
  ]
}

async function setUp(
  { gh, say }: InitWorld,
  commands: readonly GhCommand[]
): Promise<readonly GhCommand[]> {
  const wanted = commands.filter(({ secret }) => secret === undefined || gh.asks)
  for (const [index, command] of wanted.entries()) {
    say(ghText(command))
    const problem = await gh.run(command)
    if (problem !== undefined) throw ghFailed(commands, wanted.slice(0, index), command, problem)
  }
  return wanted
}

function ghFailed(
  commands: readonly GhCommand[],
  done: readonly GhCommand[],
  failed: GhCommand,
  problem: string
): ProviderError {
  const left = commands.filter(command => !done.includes(command))
  return new ProviderError(
    'gh_failed',
    [
      `gh refused: ${problem.trim() || 'what it said stands above'}`,
      `The command was: ${ghText(failed)}`,
      `The files are written, and ${done.length} of ${commands.length} commands were carried out. Left are:`,
      ...left.map(command => `  ${ghText(command)}`)
    ].join('\n'),
    'Put right what gh names (mostly: gh auth login as somebody who administers the repository), then run the same command again; repeating what is done changes nothing.'
  )
}

/** What the deployed site has no use for. */
const NOT_DEPLOYED = ['/rollouts/', '/rollgate/', '/.rollgate/']

function missingLines(text: string): readonly string[] {
  const standing = text.split(/\r?\n/u).map(bare)
  return NOT_DEPLOYED.filter(line => !standing.includes(bare(line)))
}

function bare(line: string): string {
  return line.trim().replaceAll(/^\/|\/$/gu, '')
}
