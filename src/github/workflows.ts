import * as z from 'zod'
import type { WorkflowRole, Workflows } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { type GithubApi, type Outcome, settled } from './api.ts'
import type { ReadHome } from './home.ts'

/** The workflow files, by what they are for; undefined: there is none. */
export type WorkflowFiles = Readonly<Record<WorkflowRole, string | undefined>>

const NEEDS = 'actions: write'

// An answer without a body says that GitHub does not tell which run it started.
const started = z.object({ html_url: z.string().optional() }).catch({})
const workflow = z.object({ state: z.string() })

/** The workflows of the repository, started on its default branch. */
export function createWorkflows(
  api: GithubApi,
  readHome: ReadHome,
  files: WorkflowFiles
): Workflows {
  return {
    has: role => files[role] !== undefined,
    dispatch: async (role, inputs) => {
      const file = files[role]
      if (file === undefined) return undefined
      const { defaultBranch } = await readHome()
      const outcome = await api.attempt(NEEDS, started, client =>
        client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
          ...api.repository,
          workflow_id: file,
          ref: defaultBranch,
          inputs,
          return_run_details: true
        })
      )
      if (outcome.kind === 'unknown') throw doubtful(api, file, outcome.error)
      return { url: presentValue(outcome, file, defaultBranch).html_url }
    },
    enable: async role => {
      const file = files[role]
      if (file === undefined) return false
      const parameters = { ...api.repository, workflow_id: file }
      const outcome = await api.attempt(NEEDS, workflow, client =>
        client.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', parameters)
      )
      const { state } = presentValue(outcome, file, 'the default branch')
      if (state === 'active') return false
      await api.ask(NEEDS, z.unknown(), client =>
        client.request(
          'PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable',
          parameters
        )
      )
      return true
    }
  }
}

/** @throws ProviderError that names the file when there is no such workflow */
function presentValue<T>(outcome: Outcome<T>, file: string, branch: string): T {
  if (outcome.kind !== 'refused' || outcome.status !== 404) return settled(outcome)
  throw new ProviderError(
    outcome.error.code,
    outcome.error.message,
    `Put the workflow on ${branch} as .github/workflows/${file}, or name the file it has there; only what is on the default branch can be started. The token needs \`${NEEDS}\`.`
  )
}

function doubtful(api: GithubApi, file: string, error: ProviderError): ProviderError {
  return new ProviderError(
    error.code,
    `${error.message}; ${file} may have been started all the same`,
    `Look at ${api.page}/actions/workflows/${file} and start it again only if nothing runs there.`
  )
}
