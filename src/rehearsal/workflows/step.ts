import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { actionFolder, CHECKOUT, readAction } from './actions.ts'
import { checkOut } from './checkout.ts'
import {
  type Contexts,
  ExpressionFailure,
  evaluateText,
  evaluateTexts,
  textOf
} from './expression.ts'
import { JobFailure } from './records.ts'
import {
  createStepLog,
  type Masks,
  parseFileCommands,
  type StepLog,
  uploadedSummary
} from './runner-commands.ts'
import type { Named, Scope, Shop } from './shop.ts'
import { runProcess } from './step-process.ts'
import type { StepFile } from './workflow-file.ts'

/** The machine that a job has for itself. */
export interface Runner {
  readonly workspace: string
  readonly temp: string
  readonly masks: Masks
  /** GITHUB_*, RUNNER_* and whatever belongs to the job as a whole. */
  readonly env: Named
  readonly cancelled: AbortSignal
  readonly token: string
  readonly grant: Readonly<Record<string, string>>
}

export interface StepWork {
  readonly shop: Shop
  readonly scope: Scope
  readonly runner: Runner
  readonly step: StepFile
  readonly contexts: Contexts
  /** Of workflow, job and step, and what earlier steps have set. */
  readonly env: Named
}

export interface StepEnd {
  readonly ok: boolean
  readonly log: StepLog
  readonly outputs: Named
  /** Set for the steps that follow. */
  readonly env: Named
  readonly paths: readonly string[]
  readonly summary: string
}

const FILES = ['output', 'env', 'path', 'state', 'step_summary'] as const

/** Performs one step, and reads what it has left for the runner. */
export async function performStep(work: StepWork): Promise<StepEnd> {
  const { runner } = work
  const log = createStepLog(runner.masks)
  const own = await mkdtemp(path.join(runner.temp, 'step-'))
  const files = Object.fromEntries(FILES.map(name => [name, path.join(own, name)]))
  await Promise.all(Object.values(files).map(file => writeFile(file, '')))
  const fileEnv = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [`GITHUB_${name.toUpperCase()}`, file])
  )
  try {
    const ok = await perform(work, fileEnv, own, log)
    const read = (name: (typeof FILES)[number]) => readFile(files[name] ?? '', 'utf8')
    return {
      ok,
      log,
      outputs: Object.fromEntries(parseFileCommands(await read('output'))),
      env: Object.fromEntries(parseFileCommands(await read('env'))),
      paths: (await read('path')).split('\n').filter(Boolean),
      summary: runner.masks.hide(uploadedSummary(await read('step_summary'), log))
    }
  } catch (error) {
    if (!(error instanceof JobFailure || error instanceof ExpressionFailure)) throw error
    log.annotate({ level: 'error', title: '', message: error.message })
    return { ok: false, log, outputs: {}, env: {}, paths: [], summary: '' }
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

async function perform(work: StepWork, files: Named, own: string, log: StepLog): Promise<boolean> {
  const { step, shop, scope, runner } = work
  if (step.run !== undefined) return runScript(work, files, own, log)
  const uses = step.uses ?? ''
  const given = evaluateTexts(step.with, work.contexts)
  if (CHECKOUT.test(uses)) return checkOut({ shop, scope, runner, given, log })
  const action = await readAction(actionFolder(uses, scope.origin, runner.workspace, shop.homes))
  const unexpected = Object.keys(given).filter(name => !action.defaults.has(name.toLowerCase()))
  if (unexpected.length > 0) {
    const valid = [...action.defaults.keys()].map(name => `'${name}'`).join(', ')
    const message = `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are [${valid}]`
    log.annotate({ level: 'warning', title: '', message })
  }
  const inputs = [...action.defaults].map(([name, fallback]) => {
    const value = given[name] ?? evaluateText(fallback, work.contexts)
    return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]
  })
  return launch(work, log, process.execPath, [action.main], {
    ...files,
    ...Object.fromEntries(inputs),
    GITHUB_ACTION: step.id ?? '__run',
    GITHUB_ACTION_PATH: action.folder
  })
}

async function runScript(
  work: StepWork,
  files: Named,
  own: string,
  log: StepLog
): Promise<boolean> {
  const { step, contexts } = work
  const script = path.join(own, 'script.sh')
  await writeFile(script, evaluateText(step.run, contexts))
  const args =
    step.shell === undefined ? ['-e', script] : ['--noprofile', '--norc', '-eo', 'pipefail', script]
  if (step.shell !== undefined && step.shell !== 'bash') {
    throw new JobFailure(`The shell ${step.shell} is not emulated`)
  }
  return launch(work, log, 'bash', args, { ...files, GITHUB_ACTION: step.id ?? '__run' })
}

function launch(
  { step, contexts, env, runner, shop }: StepWork,
  log: StepLog,
  command: string,
  args: readonly string[],
  own: Named
): Promise<boolean> {
  const below = evaluateText(step.workingDirectory, contexts)
  const ended = runProcess({
    command,
    args,
    cwd: path.resolve(runner.workspace, below),
    env: { ...runner.env, ...own, ...env },
    line: log.line,
    cancelled: runner.cancelled,
    grace: shop.grace
  })
  // One that slept has its grace in real time: no virtual time passes before it has ended.
  const hold = (): void => shop.agenda.start(() => ended)
  runner.cancelled.addEventListener('abort', hold, { once: true })
  return ended
}

/** What a step is called in the log. */
export function stepName({ name, run, uses }: StepFile, contexts: Contexts): string {
  if (name !== undefined) return evaluateText(name, contexts)
  if (run === undefined) return `Run ${uses}`
  return `Run ${textOf(evaluateText(run, contexts)).split('\n')[0]}`
}
