import type { GithubSimulator } from '../github/simulator.ts'

/** What the workflow machine needs of the simulated GitHub. */
export type SimulatedGithub = Pick<
  GithubSimulator,
  | 'url'
  | 'graphqlUrl'
  | 'repository'
  | 'settings'
  | 'environments'
  | 'runs'
  | 'workflowStates'
  | 'git'
  | 'tokenFor'
  | 'onDispatch'
>
