import { type Contexts, ExpressionFailure, evaluate, holds, type Status } from './expression.ts'
import { openJob } from './job-control.ts'
import { performLeg } from './leg.ts'
import { combinations, MatrixFailure } from './matrix.ts'
import { type JobOutcome, overall, type Result } from './records.ts'
import type { JobControl, Leg, Outcomes, Scope, Shop } from './shop.ts'
import type { JobFile } from './workflow-file.ts'

/** Performs the jobs of a workflow file, each as soon as what it needs has ended. */
export async function performJobs(shop: Shop, scope: Scope): Promise<Outcomes> {
  const { jobs } = scope.file
  const outcomes = new Map<string, JobOutcome>()
  const repeated = new Set<string>()
  const begun = new Map<string, Promise<void>>()
  const begin = (id: string): Promise<void> => {
    const job = jobs.find(each => each.id === id)
    if (job === undefined) throw new Error(`There is no job ${id} in ${scope.file.path}.`)
    const promise = begun.get(id) ?? perform(job)
    begun.set(id, promise)
    return promise
  }
  const perform = async (job: JobFile): Promise<void> => {
    await Promise.all(job.needs.map(begin))
    const kept = job.needs.some(id => repeated.has(id))
      ? undefined
      : scope.run.kept.get(scope.prefix + job.id)
    if (kept === undefined) repeated.add(job.id)
    const outcome = kept ?? (await shop.agenda.run(() => performJob(shop, scope, job, outcomes)))
    outcomes.set(job.id, outcome)
    scope.run.outcomes.set(scope.prefix + job.id, outcome)
  }
  await shop.agenda.away(Promise.all(jobs.map(({ id }) => begin(id))))
  return outcomes
}

async function performJob(
  shop: Shop,
  scope: Scope,
  job: JobFile,
  outcomes: Outcomes
): Promise<JobOutcome> {
  const needs = Object.fromEntries(job.needs.map(id => [id, outcomes.get(id)]))
  const contexts: Contexts = { ...scope.contexts, needs }
  const upstream = ancestors(job, scope.file.jobs).map(id => outcomes.get(id)?.result)
  const status = (): Status => ({
    success: !scope.run.cancelled && upstream.every(result => result === 'success'),
    failure: upstream.includes('failure'),
    cancelled: scope.run.cancelled
  })
  try {
    if (!holds(job.condition, contexts, status())) return skip(shop, scope, job)
    const legs = legsOf(job, contexts)
    const goesOn = (): boolean => holds(job.condition, contexts, status())
    return await performLegs(shop, scope, job, { legs, contexts, goesOn })
  } catch (error) {
    if (!(error instanceof ExpressionFailure || error instanceof MatrixFailure)) throw error
    const control = openJob(shop, scope, job, () => false)
    control.record.annotations = [{ level: 'error', title: '', message: error.message }]
    control.end('failure')
    return { result: 'failure', outputs: {} }
  }
}

function skip(shop: Shop, scope: Scope, job: JobFile): JobOutcome {
  const result = scope.run.cancelled ? 'cancelled' : 'skipped'
  openJob(shop, scope, job, () => false).end(result)
  return { result, outputs: {} }
}

/** Everything that has to end before a job can begin: what it needs, and what that needs. */
function ancestors(job: JobFile, jobs: readonly JobFile[]): readonly string[] {
  const found = new Set<string>()
  const visit = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (found.has(id)) continue
      found.add(id)
      visit(jobs.find(each => each.id === id)?.needs ?? [])
    }
  }
  visit(job.needs)
  return [...found]
}

function legsOf(job: JobFile, contexts: Contexts): readonly Leg[] {
  const strategy = evaluate(job.key('strategy'), contexts) as
    | Readonly<Record<string, unknown>>
    | undefined
  const matrix = strategy?.['matrix']
  const all = matrix === undefined ? [{}] : combinations(matrix)
  return all.map((each, index) => ({
    matrix: each,
    one: matrix === undefined,
    strategy: {
      'fail-fast': strategy?.['fail-fast'] ?? true,
      'job-index': index,
      'job-total': all.length,
      'max-parallel': strategy?.['max-parallel'] ?? all.length
    }
  }))
}

interface Legs {
  readonly legs: readonly Leg[]
  readonly contexts: Contexts
  readonly goesOn: () => boolean
}

async function performLegs(
  shop: Shop,
  scope: Scope,
  job: JobFile,
  { legs, contexts, goesOn }: Legs
): Promise<JobOutcome> {
  const controls: JobControl[] = []
  const waiting = [...legs]
  const results: Result[] = []
  let outputs: JobOutcome['outputs'] = {}
  let stopped = false

  const work = async (): Promise<void> => {
    for (let leg = waiting.shift(); leg !== undefined; leg = waiting.shift()) {
      const { matrix, strategy } = leg
      const own = { ...contexts, matrix, strategy }
      const outcome = stopped
        ? ({ result: 'cancelled', outputs: {} } as const)
        : await performLeg(shop, scope, job, { leg, contexts: own, goesOn, controls })
      results.push(outcome.result)
      const said = Object.entries(outcome.outputs).filter(([, value]) => value !== '')
      outputs = { ...outcome.outputs, ...outputs, ...Object.fromEntries(said) }
      if (outcome.result === 'failure' && strategy['fail-fast'] === true && legs.length > 1) {
        stopped = true
        for (const other of controls)
          other.cancel('The operation was canceled: another job of the matrix failed.')
      }
    }
  }
  const parallel = Math.min(legs.length, Number(legs[0]?.strategy['max-parallel'] ?? 1))
  const workers = Array.from({ length: parallel }, () => shop.agenda.run(work))
  await shop.agenda.away(Promise.all(workers))
  return { result: overall(results), outputs }
}
