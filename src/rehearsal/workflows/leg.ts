import { callWorkflow } from './call.ts'
import { type Contexts, ExpressionFailure, evaluate, evaluateText } from './expression.ts'
import { type OpenJob, openJob } from './job-control.ts'
import { performSteps, runnerLabel } from './job-steps.ts'
import { groupWish, inGroup } from './membership.ts'
import { JobFailure, type JobOutcome } from './records.ts'
import type { JobControl, Leg, Scope, Shop } from './shop.ts'
import type { JobFile } from './workflow-file.ts'

export interface LegWork {
  readonly leg: Leg
  readonly contexts: Contexts
  readonly goesOn: () => boolean
  /** Where it can be found to be cancelled. */
  readonly controls: JobControl[]
}

const CANCELLED: JobOutcome = { result: 'cancelled', outputs: {} }

/** Performs one job from its place in the queue to its end. */
export async function performLeg(
  shop: Shop,
  scope: Scope,
  job: JobFile,
  { leg, contexts, goesOn, controls }: LegWork
): Promise<JobOutcome> {
  const control = openJob(shop, scope, job, goesOn)
  controls.push(control)
  const { record } = control
  try {
    record.name = scope.prefix + nameOf(job, leg, contexts)
    record.runsOn = runnerLabel(job, contexts)
    const wish = groupWish(job.key('concurrency'), contexts)
    const outcome = await inGroup(shop, wish, control, () =>
      job.uses === undefined
        ? throughGate(shop, scope, job, control, contexts)
        : callWorkflow(shop, scope, job, contexts, control)
    )
    record.outputs = outcome.outputs
    control.end(outcome.result)
    return forgive(job, contexts, outcome)
  } catch (error) {
    if (!(error instanceof JobFailure || error instanceof ExpressionFailure)) throw error
    const annotation = { level: 'error', title: '', message: error.message } as const
    record.annotations = [...record.annotations, annotation]
    control.end('failure')
    return forgive(job, contexts, { result: 'failure', outputs: {} })
  }
}

/** Other jobs take a failure that may continue for a success. */
function forgive(job: JobFile, contexts: Contexts, outcome: JobOutcome): JobOutcome {
  if (outcome.result !== 'failure') return outcome
  const forgiven = evaluate(job.key('continue-on-error'), contexts) === true
  return forgiven ? { ...outcome, result: 'success' } : outcome
}

function nameOf(job: JobFile, { one, matrix }: Leg, contexts: Contexts): string {
  const name = job.key('name')
  if (name !== undefined) return evaluateText(name, contexts)
  return one ? job.id : `${job.id} (${Object.values(matrix).map(String).join(', ')})`
}

async function throughGate(
  shop: Shop,
  scope: Scope,
  job: JobFile,
  control: OpenJob,
  contexts: Contexts
): Promise<JobOutcome> {
  const environment = environmentOf(job, contexts)
  const { record } = scope.run
  control.record.environment = environment
  if (environment !== undefined) {
    const passed = await shop.gates.pass({
      runId: record.id,
      initiator: record.actor,
      environment,
      branch: record.ref,
      cancelled: control.cancelled,
      waits: () => control.enter('waiting')
    })
    if (!passed) return CANCELLED
  }
  if (control.cancelled.aborted) return CANCELLED
  control.enter('in_progress')
  const grant = control.record.permissions
  return performSteps({ shop, scope, job, control, contexts, environment, grant })
}

/** Nothing is no environment, as GitHub takes it. */
function environmentOf(job: JobFile, contexts: Contexts): string | undefined {
  const token = job.key('environment')
  const value = evaluate(token, contexts)
  const name =
    typeof value === 'object' && value !== null ? (value as { name?: unknown }).name : value
  return name === undefined || name === null || name === '' ? undefined : String(name)
}
