import path from 'node:path'
import { JobFailure } from './records.ts'
import type { StepLog } from './runner-commands.ts'
import type { Named, Scope, Shop } from './shop.ts'
import { copySnapshot } from './snapshots.ts'

/** Inputs of actions/checkout 7; what is not emulated says so when it is used. */
const INPUTS = [
  'repository',
  'ref',
  'token',
  'ssh-key',
  'persist-credentials',
  'path',
  'clean',
  'filter',
  'sparse-checkout',
  'sparse-checkout-cone-mode',
  'fetch-depth',
  'fetch-tags',
  'show-progress',
  'lfs',
  'submodules',
  'set-safe-directory',
  'github-server-url'
]
const WITHOUT_EFFECT = [
  'token',
  'persist-credentials',
  'clean',
  'fetch-depth',
  'fetch-tags',
  'show-progress'
]
const EMULATED = [...WITHOUT_EFFECT, 'repository', 'ref', 'path']

export interface Checkout {
  readonly shop: Shop
  readonly scope: Scope
  readonly runner: { readonly workspace: string; readonly grant: Named }
  readonly given: Named
  readonly log: StepLog
}

/** `actions/checkout`: the run's commit, or a branch, as files; there is no `.git`. @throws JobFailure */
export async function checkOut({ shop, scope, runner, given, log }: Checkout): Promise<boolean> {
  for (const name of Object.keys(given)) {
    if (!INPUTS.includes(name)) throw new JobFailure(`actions/checkout has no input ${name}`)
    if (!EMULATED.includes(name)) throw new JobFailure(`actions/checkout: ${name} is not emulated`)
  }
  const { github, snapshots } = shop
  const { repository = github.repository, ref = '', path: below = '.' } = given
  if (repository !== github.repository) {
    throw new JobFailure(`actions/checkout of ${repository} is not emulated`)
  }
  if (github.settings.private && runner.grant['contents'] === undefined) {
    throw new JobFailure('fatal: repository not found: the token has no contents: read')
  }
  const snapshot =
    ref === ''
      ? await snapshots.at(scope.run.record.sha)
      : await snapshots.of(ref.replace(/^refs\/heads\//u, ''))
  if (snapshot === undefined) {
    throw new JobFailure(`A branch or tag with the name '${ref}' could not be found`)
  }
  await copySnapshot(snapshot, path.resolve(runner.workspace, below))
  log.line(`Checked out ${snapshot.sha}`)
  return true
}
