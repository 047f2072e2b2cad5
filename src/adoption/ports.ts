import type { GhCommand } from '../rollout/gh-command.ts'
import type { MetricHeader } from '../rollout/ports.ts'

/** A file by its path inside the user's repository, with `/` between folders. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** The user's repository, as files on this machine. */
export interface RepositoryFolder {
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>
  /**
   * Writes all of them, or as far as the file system allows none.
   * @throws InputError (`folder_unwritable`)
   */
  write(files: readonly TextFile[]): Promise<void>
}

/**
 * Every metric there would be with these SQL files in the repository: Rollgate's own ones, those that
 * lie in the repository already, and these.
 * @throws InputError with every mistake in them
 */
export type MetricCheck = (files: readonly TextFile[]) => Promise<readonly MetricHeader[]>

/** What keeps the jobs that name an environment waiting. */
export interface EnvironmentGuard {
  /** Somebody has to let each job pass. */
  readonly reviewers: boolean
  readonly waitMinutes: number
}

/** Runs GitHub's command line. */
export interface GhRunner {
  /**
   * Whether a person can be asked for a secret now. Without one `gh` would take whatever standard
   * input holds, also nothing, for the secret.
   */
  readonly asks: boolean
  /** Undefined when it went well, otherwise what `gh` said. */
  run(command: GhCommand): Promise<string | undefined>
  /**
   * Undefined when there is no such environment. Changes nothing.
   * @throws ProviderError (`gh_failed`) when it cannot be found out
   */
  guardOf(environment: string): Promise<EnvironmentGuard | undefined>
}

/** What Rollgate found out by itself about the repository and this machine. */
export interface Place {
  /** IANA name. */
  readonly timeZone: string
  /** `owner/name` on GitHub, from the remote `origin`. */
  readonly repository: string | undefined
  /** The default branch, as the remote `origin` told when it was cloned. */
  readonly branch: string | undefined
  /** From `.vercel/project.json`, which `vercel link` writes. */
  readonly vercel: { readonly orgId: string; readonly projectId: string } | undefined
  /** `owner/rollgate@<commit>` of the checkout that Rollgate runs from. */
  readonly action: string | undefined
  /** The repository keeps a `.env.example`. */
  readonly envExample: boolean
}
