import * as z from 'zod'
import type { DeploymentBoard, DeploymentNotice, Log } from '../rollout/ports.ts'
import type { GithubApi } from './api.ts'
import type { ReadHome } from './home.ts'

export interface BoardParts {
  readonly api: GithubApi
  readonly readHome: ReadHome
  readonly log: Log
  /** Where people see this run; undefined outside a run. */
  readonly runPage: string | undefined
}

/** Tells our deployments from those of everybody else who deploys to the same environment. */
const TASK = 'rollgate'
const NEEDS = 'deployments: write'
const SHOWN = 140

const identified = z.object({ id: z.number() })
const listed = z.array(identified)

/** The repository's page of deployments: one entry for each time a target was worked on. */
export function createBoard({ api, readHome, log, runPage }: BoardParts): DeploymentBoard {
  const { repository } = api

  const newest = async (environment: string): Promise<number | undefined> => {
    const found = await api.ask(NEEDS, listed, client =>
      client.request('GET /repos/{owner}/{repo}/deployments', {
        ...repository,
        environment,
        task: TASK,
        per_page: 100
      })
    )
    return found.length === 0 ? undefined : Math.max(...found.map(({ id }) => id))
  }

  const create = async ({ environment, description }: DeploymentNotice): Promise<number> => {
    const { defaultBranch } = await readHome()
    const made = await api.ask(NEEDS, identified, client =>
      client.request('POST /repos/{owner}/{repo}/deployments', {
        ...repository,
        ref: defaultBranch,
        task: TASK,
        environment,
        description: cut(description),
        auto_merge: false,
        required_contexts: [],
        transient_environment: false,
        production_environment: environment === 'production'
      })
    )
    return made.id
  }

  const show = async (notice: DeploymentNotice): Promise<void> => {
    const { environment, state, description, url } = notice
    const known = state === 'in_progress' ? undefined : await newest(environment)
    const id = known ?? (await create(notice))
    await api.ask(NEEDS, identified, client =>
      client.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
        ...repository,
        deployment_id: id,
        state,
        description: cut(description),
        ...(url === undefined ? {} : { environment_url: url }),
        ...(runPage === undefined ? {} : { log_url: runPage })
      })
    )
  }

  return {
    show: async notice => {
      try {
        await show(notice)
      } catch (error) {
        const { message } = error as Error
        log.warning(`${notice.environment} is not shown among the deployments: ${message}`)
      }
    }
  }
}

function cut(text: string): string {
  if (text.length <= SHOWN) return text
  // Not in the middle of a letter that takes two.
  return `${text.slice(0, SHOWN - 1).replace(/[\ud800-\udbff]$/u, '')}…`
}
