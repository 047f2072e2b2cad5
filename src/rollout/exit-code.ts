import type { RolloutStatus } from './state.ts'

/** 0: as wanted · 1: failed, a person is needed · 2: held · 3: rolled back, or on the way. */
export type ExitCode = 0 | 1 | 2 | 3

/** What a process that leaves the rollout in this status exits with. */
export function exitCodeOf(status: RolloutStatus): ExitCode {
  switch (status) {
    case 'not-started':
    case 'running':
    case 'promoted':
    case 'graduated':
      return 0
    case 'held':
    case 'aborted':
      return 2
    case 'rolling-back':
    case 'rolled-back':
      return 3
    case 'rollback-failed':
      return 1
  }
}

/**
 * Whether a job that ends like this is marked as failed. A held rollout waits for a person and has
 * told them: a red run every half hour would not help. A rollback that was asked for is what the run
 * was for; and who only asked got an answer, whatever it is: other jobs go on from it.
 */
export function failsJob(operation: string, exitCode: ExitCode): boolean {
  if (operation === 'status') return false
  switch (exitCode) {
    case 0:
    case 2:
      return false
    case 3:
      return operation !== 'rollback'
    case 1:
      return true
  }
}
