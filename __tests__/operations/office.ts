import type { World } from '../../src/operations/world.ts'
import type {
  ChangeDraft,
  DeploymentNotice,
  IssueDraft,
  RepositoryFacts,
  WorkflowRole
} from '../../src/rollout/ports.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import type { Brake } from './brake.ts'

export interface Dispatch {
  readonly role: WorkflowRole
  readonly inputs: Readonly<Record<string, string>>
}

export interface FiledIssue extends IssueDraft {
  readonly url: string
  readonly comments: string[]
}

type Parts = Pick<World, 'workflows' | 'board' | 'repository'>

/** A repository with its workflows, issues and proposals, as GitHub keeps them for every process. */
export interface Office {
  readonly dispatches: readonly Dispatch[]
  readonly notices: readonly DeploymentNotice[]
  readonly issues: readonly FiledIssue[]
  readonly changes: readonly ChangeDraft[]
  /** Text files on the default branch. */
  readonly files: Map<string, string>
  /** The workflow files that exist; a role that is missing cannot be started. */
  readonly workflows: Map<WorkflowRole, 'active' | 'disabled'>
  facts: RepositoryFacts
  /** What refuses to work: `dispatch`, `enable`, `issue`, `change`, `inspect`. */
  readonly broken: Set<string>
  /** As one process meets it; whatever changes something passes the brake. */
  open(brake: Brake): Parts
}

const PAGE = 'https://github.com/acme/shop'

export function createOffice(): Office {
  const dispatches: Dispatch[] = []
  const notices: DeploymentNotice[] = []
  const issues: FiledIssue[] = []
  const changes: ChangeDraft[] = []
  const files = new Map([['.env.example', '# flags\nFEATURE=false\nOTHER=1\n']])
  const workflows: Office['workflows'] = new Map([
    ['rollout', 'active'],
    ['monitor', 'active']
  ])
  const broken = new Set<string>()
  const refuse = (what: string): void => {
    if (!broken.has(what)) return
    throw new ProviderError('github_forbidden', `${what} was refused.`, 'Give the token more.')
  }
  const office: Office = {
    dispatches,
    notices,
    issues,
    changes,
    files,
    workflows,
    broken,
    facts: {
      name: 'acme/shop',
      private: false,
      defaultBranch: 'main',
      branch: 'main',
      ledger: { branch: 'rollgate-ledger', exists: true, rules: [] },
      workflows: (['rollout', 'monitor', 'rollback'] as const).map(role => ({
        role,
        file: `${role}.yml`,
        state: 'active'
      }))
    },
    open: brake => ({
      workflows: {
        has: role => workflows.has(role),
        dispatch: async (role, inputs) => {
          if (!workflows.has(role)) return undefined
          return brake.pass(`dispatch ${role}`, async () => {
            refuse('dispatch')
            return { url: `${PAGE}/actions/runs/${dispatches.push({ role, inputs })}` }
          })
        },
        enable: async role => {
          if (workflows.get(role) !== 'disabled') {
            refuse('enable')
            return false
          }
          return brake.pass(`enable ${role}`, async () => {
            refuse('enable')
            workflows.set(role, 'active')
            return true
          })
        }
      },
      board: { show: async notice => void notices.push(notice) },
      repository: {
        inspectRepository: async () => {
          refuse('inspect')
          return office.facts
        },
        readFile: async path => files.get(path),
        fileIssue: draft =>
          brake.pass(`issue ${draft.key}`, async () => {
            refuse('issue')
            const known = issues.find(({ key }) => key === draft.key)
            known?.comments.push(draft.body)
            if (known !== undefined) return known
            const filed = { ...draft, url: `${PAGE}/issues/${issues.length + 1}`, comments: [] }
            issues.push(filed)
            return filed
          }),
        proposeChange: draft =>
          brake.pass(`proposal ${draft.branch}`, async () => {
            refuse('change')
            const known = changes.findIndex(({ branch }) => branch === draft.branch)
            const number = known === -1 ? changes.push(draft) : known + 1
            return { url: `${PAGE}/pull/${number}` }
          })
      }
    })
  }
  return office
}
