import type { JobRun, WorkflowRun } from './records.ts'

/** What GitHub would have charged for: every job that ran, rounded up to a minute. */
export interface Bill {
  readonly runs: number
  readonly jobs: number
  readonly minutes: number
  readonly minutesByLabel: Readonly<Record<string, number>>
  readonly minutesByWorkflow: Readonly<Record<string, number>>
}

const MINUTE_MS = 60_000

/** Minutes of one job: its virtual time and the real time of its processes; 0 when it never ran. */
export function billedMinutes({ startedMs, endedMs, realMs }: JobRun): number {
  if (startedMs === undefined || endedMs === undefined) return 0
  return Math.max(1, Math.ceil((endedMs - startedMs + realMs) / MINUTE_MS))
}

export function billOf(runs: readonly WorkflowRun[]): Bill {
  const minutesByLabel: Record<string, number> = {}
  const minutesByWorkflow: Record<string, number> = {}
  let jobs = 0
  let minutes = 0
  for (const run of runs) {
    for (const job of run.jobs) {
      const billed = billedMinutes(job)
      if (billed === 0) continue
      jobs += 1
      minutes += billed
      minutesByLabel[job.runsOn] = (minutesByLabel[job.runsOn] ?? 0) + billed
      minutesByWorkflow[run.file] = (minutesByWorkflow[run.file] ?? 0) + billed
    }
  }
  return { runs: runs.length, jobs, minutes, minutesByLabel, minutesByWorkflow }
}
