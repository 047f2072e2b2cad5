import type { Identifiers } from './identifier.ts'
import { nodeId } from './identifier.ts'

/** Somebody, or a team of which anybody, may let a job pass. */
export interface EnvironmentReviewer {
  readonly kind: 'user' | 'team'
  /** The login, or the team's slug. */
  readonly name: string
}

/** How an environment is set up; what is left out does not protect it. */
export interface EnvironmentRules {
  readonly reviewers?: readonly EnvironmentReviewer[]
  readonly preventSelfReview?: boolean
  readonly waitMinutes?: number
  /** `any` unless told; a list names the branch patterns. */
  readonly branches?: 'any' | 'protected' | readonly string[]
  /** True unless told; `unsaid`: the API does not tell, as older servers. */
  readonly adminsCanBypass?: boolean | 'unsaid'
}

/** A branch pattern that may use the environment. */
export interface BranchPolicy {
  readonly id: number
  readonly name: string
}

export interface SimulatedEnvironment {
  readonly id: number
  readonly name: string
  readonly rules: EnvironmentRules
  readonly policies: readonly BranchPolicy[]
  /** Names only: nobody can read a secret back. */
  readonly secrets: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly createdMs: number
  readonly updatedMs: number
}

/** Environments by name, which is compared without case. */
export interface EnvironmentTable {
  /** Makes it, or replaces its rules; secrets and variables stay. */
  put(name: string, rules?: EnvironmentRules): SimulatedEnvironment
  change(
    name: string,
    change: Partial<Pick<SimulatedEnvironment, 'policies' | 'secrets' | 'variables'>>
  ): void
  remove(name: string): boolean
  get(name: string): SimulatedEnvironment | undefined
  names(): readonly string[]
}

/** No environments yet. */
export function createEnvironmentTable(
  identifiers: Identifiers,
  now: () => number
): EnvironmentTable {
  const table = new Map<string, SimulatedEnvironment>()
  const get = (name: string) => table.get(name.toLowerCase())
  const store = (environment: SimulatedEnvironment) => {
    table.set(environment.name.toLowerCase(), environment)
    return environment
  }
  const policiesOf = ({ branches }: EnvironmentRules): readonly BranchPolicy[] =>
    Array.isArray(branches)
      ? branches.map((name: string) => ({ id: identifiers.next('policy'), name }))
      : []

  return {
    get,
    names: () => [...table.values()].map(({ name }) => name),
    remove: name => table.delete(name.toLowerCase()),
    put: (name, rules = {}) => {
      const fresh = {
        id: identifiers.next('environment'),
        name,
        secrets: [],
        variables: {},
        createdMs: now()
      }
      const policies = policiesOf(rules)
      return store({ ...(get(name) ?? fresh), rules, policies, updatedMs: now() })
    },
    change: (name, change) => {
      const environment = get(name)
      if (environment) store({ ...environment, ...change, updatedMs: now() })
    }
  }
}

/** The global node id of an environment. */
export const environmentNodeId = ({ id }: SimulatedEnvironment): string => nodeId('EN', id)
