import * as z from 'zod'
import type { Repository, WorkflowFacts } from '../rollout/ports.ts'
import type { GithubApi } from './api.ts'
import { activeRules } from './branch-rules.ts'
import type { Branches } from './branches.ts'
import { readFile } from './files.ts'
import type { ReadHome } from './home.ts'
import { fileIssue } from './issues.ts'
import { proposeChange } from './proposal.ts'

export interface RepositoryParts {
  readonly api: GithubApi
  readonly branches: Branches
  readonly readHome: ReadHome
  readonly ledgerBranch: string
  /** The branch this run uses. */
  readonly branch: string | undefined
  readonly workflows: Readonly<Record<WorkflowFacts['role'], string | undefined>>
}

const ROLES = ['rollout', 'monitor', 'rollback', 'timers'] as const

const workflow = z.object({ state: z.string() })

/** The repository that the rollout belongs to. */
export function createRepository(parts: RepositoryParts): Repository {
  const { api, branches, readHome, ledgerBranch, branch } = parts
  return {
    inspectRepository: async () => {
      const [home, head, rules, workflows] = await Promise.all([
        readHome(),
        branches.head(ledgerBranch),
        activeRules(api, ledgerBranch).catch(() => undefined),
        inspectWorkflows(parts)
      ])
      const ledger = { branch: ledgerBranch, exists: head !== undefined, rules }
      return { ...home, branch, ledger, workflows }
    },
    readFile: async path => readFile(api, branches, path, (await readHome()).defaultBranch),
    fileIssue: draft => fileIssue(api, draft),
    proposeChange: draft => proposeChange(api, branches, readHome, draft)
  }
}

async function inspectWorkflows({ api, workflows }: RepositoryParts) {
  const facts = ROLES.map(async (role): Promise<readonly WorkflowFacts[]> => {
    const file = workflows[role]
    if (file === undefined) return []
    const found = await api.find('actions: read', workflow, client =>
      client.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', {
        ...api.repository,
        workflow_id: file
      })
    )
    return [{ role, file, state: stateOf(found?.state) }]
  })
  return (await Promise.all(facts)).flat()
}

function stateOf(state: string | undefined): WorkflowFacts['state'] {
  if (state === undefined || state === 'deleted') return 'missing'
  return state === 'active' ? 'active' : 'disabled'
}
