import type { Origin } from './actions.ts'
import { readCallee } from './callee.ts'
import { excess, type Grant } from './permissions.ts'
import type { JobFile, WorkflowFile } from './workflow-file.ts'

const DEEPEST = 10

interface Place {
  readonly file: WorkflowFile
  readonly origin: Origin
  /** What jobs may do that say nothing themselves. */
  readonly grant: Grant
}

/**
 * Why a run cannot even start, in GitHub's words: some called workflow, at whatever depth and though
 * its job would be skipped, asks for more than its caller may give. Undefined when it can.
 */
export async function startupProblem(
  { file, origin, grant }: Place,
  homes: Readonly<Record<string, string>>,
  depth = 1
): Promise<string | undefined> {
  if (depth > DEEPEST) return 'Reusable workflows are nested too deeply.'
  for (const job of file.jobs) {
    if (job.uses === undefined) continue
    const allowed = job.permissions ?? file.permissions ?? grant
    const callee = await readCallee(job.uses, origin, homes)
    if (!callee.file.events.includes('workflow_call')) {
      return `${job.uses} has no workflow_call trigger.`
    }
    const problem =
      nestedExcess(job.uses, callee.file, allowed) ??
      (await startupProblem({ ...callee, grant: allowed }, homes, depth + 1))
    if (problem !== undefined) return problem
  }
  return undefined
}

function nestedExcess(uses: string, file: WorkflowFile, allowed: Grant): string | undefined {
  const asks = (job: JobFile) => excess(job.permissions ?? file.permissions ?? allowed, allowed)
  const greedy = file.jobs.find(job => asks(job) !== undefined)
  if (greedy === undefined) return undefined
  return `Error calling workflow '${uses}'. The nested job '${greedy.id}' ${asks(greedy)}`
}
