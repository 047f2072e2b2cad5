import type { Target } from './definition.ts'
import type { Deployment, SourceTree } from './ports.ts'
import { ProviderError } from './rollgate-error.ts'

/** How a target is deployed that no definition says anything about. */
export const PLAIN_TARGET: Target = {
  keys: '',
  deploy: 'cli',
  prebuilt: false,
  commit: 'head',
  staged: false,
  alias: undefined,
  rollingRelease: 'refuse'
}

/** Where no repository is at hand. */
export const NO_SOURCE: SourceTree = {
  head: () => Promise.resolve(undefined),
  has: () => Promise.resolve(false),
  export: commit =>
    Promise.reject(
      new ProviderError(
        'commit_missing',
        `The commit ${commit} cannot be had: there is no repository here`,
        'Let Vercel take the commit by itself (deploy: git), or write commit: head.'
      )
    )
}

/** The code that a deployment is to be made from. */
export type Code =
  /** The working directory, or the head of the production branch. */
  | { readonly kind: 'newest'; readonly warning?: string }
  | {
      readonly kind: 'commit'
      readonly commit: string
      /** What to say when the commit cannot be had and the newest code is deployed instead; else that is refused. */
      readonly instead?: string
    }

/** What decides about the code of a deployment. */
export interface CodeWanted {
  readonly target: string
  readonly how: Pick<Target, 'deploy' | 'commit'>
  /** The id of a deployment whose code is wanted, and that deployment unless it is gone. */
  readonly like: { readonly id: string; readonly deployment: Deployment | undefined } | undefined
  /** What the target serves; asked for only when no other deployment's code is wanted. */
  readonly live: Deployment | undefined
}

/**
 * Which code a deployment is made from. A way back is never refused for its code: it brings the newest,
 * with a warning, when the old code cannot be known.
 * @throws ProviderError (`commit_unknown`) when the code that serves is to stay and nobody knows its commit
 */
export function codeFor({ target, how, like, live }: CodeWanted): Code {
  if (like !== undefined) return codeLike(target, like)
  if (how.commit === 'head' || live === undefined) return { kind: 'newest' }
  if (live.commit === undefined) throw unknownCommit(target, how.deploy, live)
  return { kind: 'commit', commit: live.commit }
}

function codeLike(target: string, { id, deployment }: NonNullable<CodeWanted['like']>): Code {
  const commit = deployment?.commit
  const consequence = `the newest code is deployed to ${target} instead, which may bring other changes`
  if (commit === undefined)
    return { kind: 'newest', warning: `Nobody knows the commit of ${id}: ${consequence}` }
  const instead = `The commit ${commit} of ${id} cannot be had here: ${consequence}`
  return { kind: 'commit', commit, instead }
}

function unknownCommit(
  target: string,
  deploy: Target['deploy'],
  { id }: Deployment
): ProviderError {
  const head =
    deploy === 'git'
      ? 'or write commit: head to deploy the newest commit of the production branch'
      : 'or write commit: head to deploy the working directory'
  return new ProviderError(
    'commit_unknown',
    `Vercel does not tell the commit of ${id}, which ${target} serves, and the definition wants its code to stay`,
    `Deploy ${target} once from a commit, as by a push; ${head}.`
  )
}
