import type { Grant } from './permissions.ts'
import type { JobRun, Mutable, Result } from './records.ts'
import type { JobControl, Scope, Shop } from './shop.ts'
import type { JobFile } from './workflow-file.ts'

export interface OpenJob extends JobControl {
  /** Enters a state of its life, and lets GitHub know. */
  enter(status: JobRun['status']): void
  end(result: Result): void
}

/** Opens the record of a job; `goesOn` says whether it would go on though its run is cancelled. */
export function openJob(shop: Shop, scope: Scope, job: JobFile, goesOn: () => boolean): OpenJob {
  const { run } = scope
  const aborter = new AbortController()
  const record: Mutable<JobRun> = {
    key: scope.prefix + job.id,
    name: scope.prefix + job.id,
    attempt: run.record.attempt,
    runsOn: '',
    status: 'queued',
    conclusion: undefined,
    environment: undefined,
    permissions: grantOf(scope, job),
    startedMs: undefined,
    endedMs: undefined,
    realMs: 0,
    steps: [],
    annotations: [],
    outputs: {}
  }
  run.record.jobs.push(record)
  const cancel = (reason: string): void => {
    if (aborter.signal.aborted || record.status === 'completed') return
    record.annotations = [...record.annotations, { level: 'error', title: '', message: reason }]
    aborter.abort(reason)
  }
  const control: OpenJob = {
    record,
    cancelled: aborter.signal,
    cancel,
    runIsCancelled: () => {
      if (!goesOn()) cancel('The operation was canceled.')
    },
    enter: status => {
      record.status = status
      if (status === 'in_progress') record.startedMs = shop.agenda.now()
      run.tell()
    },
    end: result => {
      record.status = 'completed'
      record.conclusion = result
      if (record.startedMs !== undefined) record.endedMs = shop.agenda.now()
      run.controls.delete(control)
      run.tell()
    }
  }
  run.controls.add(control)
  return control
}

/** What a job's token may do. */
export function grantOf({ file, grant }: Pick<Scope, 'file' | 'grant'>, job: JobFile): Grant {
  return job.permissions ?? file.permissions ?? grant
}
