import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type Contexts,
  ExpressionFailure,
  evaluate,
  evaluateText,
  evaluateTexts,
  holds
} from './expression.ts'
import type { Grant } from './permissions.ts'
import type { JobOutcome, JobRun, Mutable, Result, StepRun } from './records.ts'
import { createMasks } from './runner-commands.ts'
import type { JobControl, Named, Scope, Shop } from './shop.ts'
import { performStep, type Runner, stepName } from './step.ts'
import type { JobFile, StepFile } from './workflow-file.ts'

/** A job that has passed all its gates and has a machine now. */
export interface JobWork {
  readonly shop: Shop
  readonly scope: Scope
  readonly job: JobFile
  readonly control: JobControl
  /** All that its keys may use but secrets: needs, strategy, matrix and the scope's. */
  readonly contexts: Contexts
  readonly environment: string | undefined
  readonly grant: Grant
}

const MINUTE_MS = 60_000
const LONGEST_MINUTES: Readonly<Record<string, number>> = { 'ubuntu-slim': 15 }
const DEFAULT_MINUTES = 360

/** Performs the steps of a job on a machine of its own, within its time limit. */
export async function performSteps(work: JobWork): Promise<JobOutcome> {
  const { shop, job, control, contexts } = work
  const { record } = control
  const ceiling = LONGEST_MINUTES[record.runsOn] ?? DEFAULT_MINUTES
  const asked = Number(evaluate(job.key('timeout-minutes'), contexts) ?? DEFAULT_MINUTES)
  const minutes = Math.min(asked, ceiling)
  const limit = shop.agenda.at(shop.agenda.now() + minutes * MINUTE_MS, 'guard', () =>
    control.cancel(`The job has exceeded the maximum execution time of ${minutes}m0s`)
  )
  const began = performance.now()
  const place = path.join(shop.folder, `job-${crypto.randomUUID()}`)
  try {
    return await onMachine(work, await furnish(work, place))
  } finally {
    limit.cancel()
    record.realMs = performance.now() - began
    await rm(place, { recursive: true, force: true })
  }
}

interface Bench {
  readonly runner: Runner
  readonly contexts: Contexts
  readonly env: Named
}

async function furnish(work: JobWork, place: string): Promise<Bench> {
  const { shop, scope, job, control, environment, grant } = work
  const { record } = scope.run
  const [workspace, temp, home] = ['work', 'temp', 'home'].map(name => path.join(place, name)) as [
    string,
    string,
    string
  ]
  for (const folder of [workspace, temp, home]) await mkdir(folder, { recursive: true })
  const actor = 'github-actions[bot]'
  const run = { id: record.id, attempt: record.attempt }
  const token = shop.github.tokenFor({ permissions: grant, actor, run })
  const secrets = { ...scope.secrets(environment), GITHUB_TOKEN: token }
  const masks = createMasks()
  for (const secret of Object.values(secrets)) masks.add(secret)
  const vars = {
    ...shop.vars.repository,
    ...(environment === undefined ? {} : shop.vars.environments[environment])
  }
  const github = { ...(work.contexts['github'] as Named), token, workspace, job: job.id }
  const runner = { name: 'rehearsal', os: 'Linux', arch: 'X64', temp, tool_cache: temp, debug: '' }
  const contexts = { ...work.contexts, github, vars, secrets, runner, job: jobContext(scope) }
  const env = {
    ...evaluateTexts(scope.file.key('env'), contexts),
    ...evaluateTexts(job.key('env'), contexts)
  }
  const event = path.join(temp, 'event.json')
  await writeFile(event, JSON.stringify((work.contexts['github'] as { event: object }).event))
  return {
    contexts,
    env,
    runner: {
      workspace,
      temp,
      masks,
      token,
      grant,
      cancelled: control.cancelled,
      env: {
        ...shop.env,
        HOME: home,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_PATH: event,
        GITHUB_JOB: job.id,
        GITHUB_WORKSPACE: workspace,
        ...githubEnv(work.contexts['github'] as Readonly<Record<string, unknown>>),
        RUNNER_TEMP: temp,
        RUNNER_TOOL_CACHE: temp,
        RUNNER_OS: 'Linux',
        RUNNER_ARCH: 'X64',
        RUNNER_NAME: 'rehearsal',
        RUNNER_ENVIRONMENT: 'github-hosted'
      }
    }
  }
}

const ENV_KEYS = [
  'actor',
  'api_url',
  'event_name',
  'graphql_url',
  'ref',
  'ref_name',
  'ref_type',
  'repository',
  'repository_owner',
  'run_attempt',
  'run_id',
  'run_number',
  'server_url',
  'sha',
  'triggering_actor',
  'workflow',
  'workflow_ref',
  'workflow_sha'
]

function githubEnv(github: Readonly<Record<string, unknown>>): Named {
  return Object.fromEntries(
    ENV_KEYS.map(key => [`GITHUB_${key.toUpperCase()}`, String(github[key] ?? '')])
  )
}

/** Where the very file lies that the job is written in. */
function jobContext({ origin, file, run }: Scope): Named {
  return {
    status: 'success',
    workflow_repository: origin.repository,
    workflow_sha: origin.sha,
    workflow_file_path: file.path,
    workflow_ref: `${origin.repository}/${file.path}@refs/heads/${run.record.ref}`
  }
}

/** What the steps of a job have come to so far. */
interface Progress {
  status: Result
  env: Named
  path: string
  readonly steps: Record<string, object>
}

async function onMachine(work: JobWork, bench: Bench): Promise<JobOutcome> {
  const { control, job } = work
  const record = control.record as Mutable<JobRun> & { steps: StepRun[] }
  const path = bench.runner.env['PATH'] ?? ''
  const progress: Progress = { status: 'success', env: bench.env, path, steps: {} }
  for (const step of job.steps) {
    const run = await withStep(work, bench, step, progress)
    record.steps.push(run)
    if (run.conclusion === 'failure' && progress.status === 'success') progress.status = 'failure'
  }
  if (control.cancelled.aborted) progress.status = 'cancelled'
  const contexts = { ...bench.contexts, steps: progress.steps, env: progress.env }
  return { result: progress.status, outputs: jobOutputs(work, bench, contexts) }
}

async function withStep(
  work: JobWork,
  bench: Bench,
  step: StepFile,
  progress: Progress
): Promise<StepRun> {
  const { control, shop, scope } = work
  const cancelled = control.cancelled.aborted
  const status = {
    success: progress.status === 'success' && !cancelled,
    failure: progress.status === 'failure' && !cancelled,
    cancelled
  }
  const told = cancelled ? 'cancelled' : progress.status
  const job = { ...(bench.contexts['job'] as Named), status: told }
  const before = { ...bench.contexts, job, steps: progress.steps, env: progress.env }
  const env = { ...progress.env, ...evaluateTexts(step.env, before) }
  const contexts = { ...before, env }
  const name = stepName(step, contexts)
  if (!wanted(step, contexts, status, work)) {
    if (step.id !== undefined) progress.steps[step.id] = ended('skipped', 'skipped', {})
    return { name, outcome: 'skipped', conclusion: 'skipped', log: '', outputs: {}, summary: '' }
  }
  // What runs after the cancellation, runs to its end.
  const signal = cancelled ? new AbortController().signal : control.cancelled
  const runner = {
    ...bench.runner,
    cancelled: signal,
    env: { ...bench.runner.env, PATH: progress.path }
  }
  const end = await performStep({ shop, scope, runner, step, contexts, env })
  const outcome = end.ok ? 'success' : signal.aborted ? 'cancelled' : 'failure'
  const forgiven = evaluate(step.continueOnError, contexts) === true
  const conclusion = outcome === 'failure' && forgiven ? 'success' : outcome
  progress.env = { ...progress.env, ...end.env }
  progress.path = [...end.paths, progress.path].join(':')
  if (step.id !== undefined) progress.steps[step.id] = ended(outcome, conclusion, end.outputs)
  control.record.annotations = [...control.record.annotations, ...end.log.annotations]
  const { outputs, summary } = end
  return { name, outcome, conclusion, log: end.log.text, outputs, summary }
}

function ended(outcome: Result, conclusion: Result, outputs: Named): object {
  return { outcome, conclusion, outputs }
}

function wanted(
  step: StepFile,
  contexts: Contexts,
  status: Parameters<typeof holds>[2],
  { control }: JobWork
): boolean {
  try {
    return holds(step.condition, contexts, status)
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error
    const annotation = { level: 'error', title: '', message: error.message } as const
    control.record.annotations = [...control.record.annotations, annotation]
    throw error
  }
}

/** An output that might hold a secret does not leave the job. */
function jobOutputs({ job, control }: JobWork, { runner }: Bench, contexts: Contexts): Named {
  const outputs = Object.entries(evaluateTexts(job.key('outputs'), contexts))
  const safe = outputs.filter(([name, value]) => {
    if (!runner.masks.finds(value)) return true
    const message = `Skip output '${name}' since it may contain secret.`
    const annotation = { level: 'warning', title: '', message } as const
    control.record.annotations = [...control.record.annotations, annotation]
    return false
  })
  return Object.fromEntries(safe)
}

/** The label a job asks for. */
export function runnerLabel(job: JobFile, contexts: Contexts): string {
  const asked = evaluate(job.key('runs-on'), contexts)
  return Array.isArray(asked) ? asked.join(', ') : evaluateText(job.key('runs-on'), contexts)
}
