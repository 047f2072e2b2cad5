import type { Origin } from './actions.ts'
import { readWorkflowIn } from './callee.ts'
import type { Contexts } from './expression.ts'
import { groupWish } from './membership.ts'
import { DEFAULT_GRANT } from './permissions.ts'
import { JobFailure, type JobOutcome, overall, type RunConclusion } from './records.ts'
import type { JobControl, LiveRun, Scope, Shop } from './shop.ts'
import { startupProblem } from './startup.ts'
import { type WorkflowFile, WorkflowInvalid } from './workflow-file.ts'

/** What sets a run going. */
export interface RunStart {
  readonly file: string
  readonly event: 'workflow_dispatch' | 'schedule'
  readonly actor: string
  /** The branch. */
  readonly ref: string
  readonly texts: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

/** A run that may have more attempts. */
export interface Run {
  readonly live: LiveRun
  cancel(reason: string): void
}

/** What makes up one attempt; the first, or one that repeats all, keeps nothing. */
export interface Attempt {
  readonly start: RunStart
  readonly origin: Origin
  readonly triggeringActor: string
  readonly kept: ReadonlyMap<string, JobOutcome>
}

/** Begins an attempt of a run whose record is there already; it goes on while the agenda does. */
export function beginAttempt(shop: Shop, record: LiveRun['record'], attempt: Attempt): Run {
  const { github, agenda } = shop
  const controls = new Set<JobControl>()
  const live: LiveRun = {
    record,
    cancelled: false,
    controls,
    outcomes: new Map(),
    kept: attempt.kept,
    tell: () => {
      if (record.status === 'completed') return
      const states = [...controls].map(({ record: job }) => job.status)
      const known = states.length === 0 ? record.status : 'queued'
      record.status = states.includes('in_progress')
        ? 'in_progress'
        : states.includes('waiting')
          ? 'waiting'
          : known
      github.runs.update(record.id, { status: record.status })
    }
  }
  const member = {
    cancel: (reason: string): void => {
      live.cancelled = true
      record.message = reason
      for (const control of [...controls]) control.runIsCancelled()
      giveUp()
    }
  }
  let giveUp = (): void => undefined

  const conclude = (conclusion: RunConclusion, message = record.message): void => {
    record.status = 'completed'
    record.conclusion = conclusion
    record.message = message
    record.endedMs = agenda.now()
    github.runs.update(record.id, { status: 'completed', conclusion, pending: [] })
  }

  const perform = async (): Promise<void> => {
    try {
      const path = `.github/workflows/${record.file}`
      const file = await readWorkflowIn(attempt.origin, path, shop.homes)
      record.name = file.name
      const problem = await startupProblem(
        { file, origin: attempt.origin, grant: DEFAULT_GRANT },
        shop.homes
      )
      if (problem !== undefined) return conclude('startup_failure', problem)
      const scope = openScope(shop, live, attempt, file)
      const wish = groupWish(file.key('concurrency'), scope.contexts)
      if (wish === undefined) return conclude(await allJobs(shop, scope))
      giveUp = () => {
        if (record.jobs.every(({ attempt: of }) => of !== record.attempt)) leave()
      }
      const leave = (): void => shop.groups.leave(wish, member)
      try {
        const turn = await agenda.away(shop.groups.enter(wish, member))
        conclude(turn ? await allJobs(shop, scope) : 'cancelled')
      } finally {
        leave()
      }
    } catch (error) {
      if (!(error instanceof WorkflowInvalid || error instanceof JobFailure)) throw error
      conclude('startup_failure', error.message)
    }
  }
  agenda.start(perform)
  return { live, cancel: member.cancel }
}

async function allJobs(shop: Shop, scope: Scope): Promise<RunConclusion> {
  const outcomes = await shop.performJobs(scope)
  const result = overall([...outcomes.values()].map(each => each.result))
  return scope.run.cancelled && result !== 'failure' ? 'cancelled' : result
}

function openScope(shop: Shop, live: LiveRun, attempt: Attempt, file: WorkflowFile): Scope {
  const { secrets, vars } = shop
  const contexts: Contexts = {
    github: githubContext(shop, live, attempt, file),
    inputs: attempt.start.values,
    vars: vars.repository
  }
  return {
    run: live,
    file,
    origin: attempt.origin,
    prefix: '',
    contexts,
    secrets: environment => ({
      ...secrets.repository,
      ...(environment === undefined ? {} : environmentSecrets(shop, environment))
    }),
    grant: DEFAULT_GRANT
  }
}

/** A private repository on the free plan has no environments to speak of. */
function environmentSecrets({ github, secrets }: Shop, environment: string) {
  const { private: hidden, plan } = github.settings
  if (hidden && plan === 'free') return {}
  const name = Object.keys(secrets.environments).find(
    each => each.toLowerCase() === environment.toLowerCase()
  )
  return name === undefined ? {} : secrets.environments[name]
}

function githubContext(
  { github }: Shop,
  { record }: LiveRun,
  { start, triggeringActor }: Attempt,
  file: WorkflowFile
): Readonly<Record<string, unknown>> {
  const ref = `refs/heads/${record.ref}`
  const number = github.runs.get(record.id)?.number ?? 1
  return {
    actor: record.actor,
    triggering_actor: triggeringActor,
    api_url: github.url,
    graphql_url: github.graphqlUrl,
    server_url: 'https://github.com',
    event: start.payload,
    event_name: record.event,
    ref,
    ref_name: record.ref,
    ref_type: 'branch',
    repository: github.repository,
    repository_owner: github.repository.split('/')[0],
    run_id: String(record.id),
    run_number: String(number),
    run_attempt: String(record.attempt),
    sha: record.sha,
    workflow: record.name,
    workflow_ref: `${github.repository}/${file.path}@${ref}`,
    workflow_sha: record.sha
  }
}
