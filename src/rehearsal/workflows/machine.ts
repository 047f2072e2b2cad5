import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { VirtualClock } from '../virtual-clock.ts'
import type { Origin } from './actions.ts'
import { createAgenda } from './agenda.ts'
import { type Bill, billOf } from './bill.ts'
import { startClockServer } from './clock-server.ts'
import { createGroups } from './concurrency.ts'
import { createGates, type People, type Review } from './gates.ts'
import { DispatchRefused, dispatchedInputs } from './given-inputs.ts'
import { performJobs } from './jobs.ts'
import { writeNpx } from './npx-shim.ts'
import type { JobOutcome, JobRun, WorkflowRun } from './records.ts'
import { beginAttempt, type Run, type RunStart } from './run.ts'
import { createSchedules, type Scheduled } from './schedules.ts'
import type { LiveRun, Named, Shop, Store } from './shop.ts'
import type { SimulatedGithub } from './simulated-github.ts'
import { createSnapshots } from './snapshots.ts'
import { type Grace, RUNNER_GRACE } from './step-process.ts'
import { type CronWeather, EXACT } from './weather.ts'
import { readWorkflow, type WorkflowFile, WorkflowInvalid } from './workflow-file.ts'

export interface WorkflowMachineOptions {
  readonly github: SimulatedGithub
  readonly clock: VirtualClock
  /** Scratch space; everything in it is the machine's. */
  readonly folder: string
  /** The bundled preload that shows processes the virtual time. */
  readonly processClock: string
  /** Folders that stand for repositories of actions and called workflows: `owner/name` → folder. */
  readonly homes: Readonly<Record<string, string>>
  /** Command that stands behind `npx --yes vercel@64.0.2`. */
  readonly cli: readonly string[]
  /** The PATH of this machine, where bash is found. */
  readonly path: string
  readonly secrets?: Partial<Store>
  readonly vars?: Partial<Store>
  /** What every process sees beside what a runner gives it. */
  readonly env?: Named
  readonly people?: People
  /** Members by the slug of their team. */
  readonly teams?: Readonly<Record<string, readonly string[]>>
  readonly weather?: CronWeather
  readonly seed?: number
  readonly defaultBranch?: string
  /** Who last changed the cron lines: scheduled runs are theirs. */
  readonly maintainer?: string
  readonly grace?: Grace
}

/** Runs the workflows of one simulated repository, as GitHub would. */
export interface WorkflowMachine {
  /** Somebody presses the button, or asks through the API; the run's id. @throws DispatchRefused */
  dispatch(file: string, inputs?: Named, actor?: string, ref?: string): Promise<number>
  /** One scheduled event, whatever the cron line says. */
  fireCron(file: string): Promise<number | undefined>
  /** Files on the default branch that an event would set going. */
  listeners(event: string): Promise<readonly string[]>
  /** A new attempt of a run that has ended: of all jobs, or of those that failed and what needs them. */
  rerun(runId: number, actor: string, which?: 'all' | 'failed'): void
  cancel(runId: number): void
  /** Cancels the jobs of a run that have this key. */
  cancelJob(runId: number, key: string): void
  /** @throws ReviewRefused when GitHub would not let this person */
  review(runId: number, environment: string, review: Review, bypass?: boolean): void
  readonly runs: readonly WorkflowRun[]
  run(id: number): WorkflowRun
  /** Jobs of the newest attempt of a run by key, the newest last. */
  jobs(runId: number, key: string): readonly JobRun[]
  /** Reviews that people tried and were not allowed to make. */
  readonly refusedReviews: readonly string[]
  /** Until every process has ended, or waits for time or people; virtual time stands still. */
  settle(): Promise<void>
  /** Everything up to that instant, in its order. */
  advanceTo(ms: number): Promise<void>
  /** Until nothing but cron and people who say nothing can bring anything about. */
  runUntilIdle(): Promise<void>
  /** Until it holds, asked whenever everything has settled; false when it does not by then. */
  runUntil(holds: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean>
  /** Something happens at that instant, in ms, outside GitHub: time comes that far by itself. */
  at(ms: number, happens: () => unknown): void
  /** From now on cron is like that. */
  setWeather(weather: CronWeather): void
  bill(): Bill
  /** Ends whatever still runs. */
  close(): Promise<void>
}

/** Makes a machine and takes over the dispatches of the simulated GitHub. */
export async function createWorkflowMachine(
  options: WorkflowMachineOptions
): Promise<WorkflowMachine> {
  const { github, clock, folder } = options
  await mkdir(folder, { recursive: true })
  const agenda = createAgenda(clock)
  const clockServer = await startClockServer({
    clock,
    agenda,
    file: path.join(folder, 'clock'),
    preload: pathToFileURL(options.processClock)
  })
  const shop = await openShop(options, agenda, clockServer.env)
  const { defaultBranch } = shop
  const runs = new Map<number, { run: Run; start: RunStart; origin: Origin }>()
  let weather = options.weather ?? EXACT
  let scheduledHead: string | undefined

  const found = (id: number) => {
    const entry = runs.get(id)
    if (entry === undefined) throw new Error(`The machine knows no run ${id}.`)
    return entry
  }
  const begin = async (start: RunStart): Promise<number> => {
    const snapshot = await shop.snapshots.of(start.ref)
    if (snapshot === undefined) throw new DispatchRefused(`No ref found for: ${start.ref}`)
    const { file, event, actor, ref, texts } = start
    const { id, sha } = github.runs.start({ file, event, actor, inputs: texts, ref })
    const origin = originAt(options, snapshot.folder, sha)
    const record = newRecord(id, sha, start, agenda.now())
    const kept = new Map<string, JobOutcome>()
    const run = beginAttempt(shop, record, { start, origin, triggeringActor: actor, kept })
    runs.set(id, { run, start, origin })
    return id
  }
  const fileAt = async (branch: string, file: string): Promise<WorkflowFile | undefined> => {
    const snapshot = await shop.snapshots.of(branch)
    if (snapshot === undefined) return undefined
    const names = await workflowNames(snapshot.folder)
    if (!names.includes(file)) return undefined
    // What it calls is not looked at before it starts.
    const place = path.join('.github', 'workflows', file)
    return readWorkflow(place, await readFile(path.join(snapshot.folder, place), 'utf8'))
  }
  const dispatch: WorkflowMachine['dispatch'] = async (
    file,
    inputs = {},
    actor = 'octocat',
    ref = defaultBranch
  ) => {
    const branch = ref.replace(/^refs\/heads\//u, '')
    if ((await fileAt(defaultBranch, file)) === undefined) {
      throw new DispatchRefused(`Workflow ${file} is not on the default branch`)
    }
    const workflow = await fileAt(branch, file).catch(refuseInvalid)
    if (workflow?.events.includes('workflow_dispatch') !== true) {
      throw new DispatchRefused("Workflow does not have 'workflow_dispatch' trigger")
    }
    if (github.workflowStates.state(file) !== 'active') {
      throw new DispatchRefused("Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    }
    const { texts, values } = dispatchedInputs(workflow.dispatchInputs, inputs)
    const payload = { inputs: texts, ref: `refs/heads/${branch}`, sender: { login: actor } }
    return begin({ file, event: 'workflow_dispatch', actor, ref: branch, texts, values, payload })
  }
  const scheduled = async ({ file, cron }: Scheduled): Promise<number | undefined> => {
    if (github.workflowStates.state(file) !== 'active') return undefined
    const workflow = await fileAt(defaultBranch, file)
    if (workflow?.events.includes('schedule') !== true) return undefined
    const actor = options.maintainer ?? github.repository.split('/')[0] ?? ''
    return begin({
      file,
      event: 'schedule',
      actor,
      ref: defaultBranch,
      texts: {},
      values: {},
      payload: { schedule: cron.expression }
    })
  }
  const schedules = createSchedules({
    agenda,
    weather: () => weather,
    seed: options.seed ?? 1,
    deliver: each => agenda.start(() => scheduled(each))
  })
  const readAll = async (): Promise<readonly (readonly [string, WorkflowFile])[]> => {
    const snapshot = await shop.snapshots.of(defaultBranch)
    const names = snapshot === undefined ? [] : await workflowNames(snapshot.folder)
    const read = names.map(async name => {
      // A file that GitHub cannot read has no schedule.
      const file = await fileAt(defaultBranch, name).catch(() => undefined)
      return file === undefined ? [] : [[name, file] as const]
    })
    return (await Promise.all(read)).flat()
  }
  const reschedule = async (): Promise<void> => {
    const head = github.git.head(defaultBranch)
    if (head === scheduledHead) return
    scheduledHead = head
    const lines = (await readAll()).flatMap(([file, { crons }]) =>
      crons.map(cron => ({ file, cron }))
    )
    schedules.register(lines)
  }
  const step = async (limitMs: number): Promise<boolean> => {
    await agenda.settle()
    await reschedule()
    return agenda.step(limitMs)
  }

  github.onDispatch(({ file, inputs, actor, ref }) =>
    agenda.run(() => dispatch(file, inputs, actor, ref))
  )

  return {
    dispatch: (...given) => agenda.run(() => dispatch(...given)),
    fireCron: file =>
      agenda.run(() => scheduled({ file, cron: { expression: '', timeZone: 'UTC' } })),
    listeners: async event =>
      (await readAll()).filter(([, { events }]) => events.includes(event)).map(([name]) => name),
    rerun: (id, actor, which = 'all') => {
      const entry = found(id)
      const { record, outcomes } = entry.run.live
      if (record.status !== 'completed') throw new Error(`Run ${id} has not ended.`)
      const attempt = record.attempt + 1
      Object.assign(record, {
        attempt,
        status: 'queued',
        conclusion: undefined,
        message: undefined,
        triggeringActor: actor
      })
      github.runs.update(id, {
        status: 'queued',
        conclusion: null,
        attempt,
        triggeringActor: actor
      })
      const successes = [...outcomes].filter(([, { result }]) => result === 'success')
      const kept = new Map(which === 'failed' ? successes : [])
      const { start, origin } = entry
      entry.run = beginAttempt(shop, record, { start, origin, triggeringActor: actor, kept })
    },
    cancel: id => found(id).run.cancel('The run was canceled.'),
    cancelJob: (id, key) => {
      for (const control of [...found(id).run.live.controls]) {
        if (control.record.key === key) control.cancel('The operation was canceled.')
      }
    },
    review: shop.gates.review,
    get runs() {
      return [...runs.values()].map(({ run }) => run.live.record)
    },
    run: id => found(id).run.live.record,
    jobs: (id, key) => {
      const { record } = found(id).run.live
      return record.jobs.filter(job => job.key === key && job.attempt === record.attempt)
    },
    refusedReviews: shop.gates.refused,
    settle: agenda.settle,
    advanceTo: async ms => {
      let went = true
      while (went) went = await step(ms)
      await clock.advanceTo(ms)
    },
    runUntilIdle: async () => {
      await agenda.settle()
      while (agenda.expectsWork) await step(Number.POSITIVE_INFINITY)
    },
    runUntil: async (holds, limitMs) => {
      for (;;) {
        await agenda.settle()
        if (await holds()) return true
        if (!(await step(limitMs))) return false
      }
    },
    at: (ms, happens) => {
      agenda.at(ms, 'work', () => agenda.start(async () => happens()))
    },
    setWeather: next => {
      weather = next
    },
    bill: () => billOf([...runs.values()].map(({ run }) => run.live.record)),
    close: async () => {
      for (const { run } of runs.values()) {
        if (run.live.record.status !== 'completed') run.cancel('The machine is closed.')
      }
      await agenda.settle()
      await clockServer.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function openShop(
  options: WorkflowMachineOptions,
  agenda: Shop['agenda'],
  clockEnv: Named
): Promise<Shop> {
  const { github, folder, people, teams = {}, defaultBranch = 'main' } = options
  const bin = await writeNpx(path.join(folder, 'bin'), options.cli)
  const shop: Shop = {
    performJobs: scope => performJobs(shop, scope),
    agenda,
    github,
    groups: createGroups(),
    gates: createGates({ agenda, github, people, teams, defaultBranch }),
    snapshots: createSnapshots(github, path.join(folder, 'commits')),
    defaultBranch,
    homes: options.homes,
    secrets: { repository: {}, environments: {}, ...options.secrets },
    vars: { repository: {}, environments: {}, ...options.vars },
    env: {
      PATH: [bin, path.dirname(process.execPath), options.path].join(path.delimiter),
      LANG: 'C.UTF-8',
      // From Node 22.1 on hundreds of starts of the same bundle share what was compiled once.
      NODE_COMPILE_CACHE: path.join(folder, 'compiled'),
      ...clockEnv,
      ...options.env
    },
    grace: options.grace ?? RUNNER_GRACE,
    folder
  }
  return shop
}

/** The run's own repository; its actions lie in its home where it is one of ours. */
function originAt({ github, homes }: WorkflowMachineOptions, folder: string, sha: string): Origin {
  const { repository } = github
  return { repository, folder, actions: homes[repository] ?? folder, sha }
}

function newRecord(
  id: number,
  sha: string,
  { file, event, actor, ref, texts }: RunStart,
  nowMs: number
): LiveRun['record'] {
  return {
    id,
    attempt: 1,
    file,
    name: file,
    event,
    actor,
    triggeringActor: actor,
    ref,
    sha,
    inputs: texts,
    status: 'queued',
    conclusion: undefined,
    message: undefined,
    jobs: [],
    startedMs: nowMs,
    endedMs: undefined
  }
}

function refuseInvalid(error: unknown): never {
  if (error instanceof WorkflowInvalid) throw new DispatchRefused(error.message)
  throw error
}

async function workflowNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(path.join(folder, '.github', 'workflows')).catch(() => [])
  return names.filter(name => /\.ya?ml$/u.test(name)).sort()
}
