import type { SimulatedAlias } from './alias-table.ts'
import type { SimulatedDeployment } from './deployment-table.ts'
import type { EnvDraft, EnvRecord } from './env-table.ts'
import { placeOf, type SimulatedProject } from './project.ts'
import { type Commit, commitMeta } from './repository.ts'
import type { Release } from './rolling-release.ts'
import type { SharedEnvDraft, SharedEnvRecord } from './shared-env.ts'

/** What people do in the dashboard, and what a test may look up, past the API. */
export interface Hands {
  /** While a rolling release is under way, what serves everybody but its share. */
  live(target: string): SimulatedDeployment | undefined
  deploymentsOf(target: string): readonly SimulatedDeployment[]
  /** The environment a deployment was made with. */
  envOf(deploymentId: string): Readonly<Record<string, string>>
  envRecords(): readonly EnvRecord[]
  /** What a deployment made now would see, branch overrides aside. */
  valueOf(target: string, key: string): string | undefined
  /** Somebody edits a flag in the dashboard; null removes it there. */
  setFlagByHand(target: string, key: string, value: string | null): void
  addBranchOverride(key: string, value: string, gitBranch: string): EnvRecord
  /** Any record at all, uniqueness ignored. */
  plantRecord(draft: EnvDraft): EnvRecord
  /** A variable of the team, linked to the project. */
  shareByHand(draft: SharedEnvDraft): SharedEnvRecord
  /** Somebody deploys from the dashboard; ready at once, with the flags as they are. */
  deployByHand(target: string): SimulatedDeployment
  /** The same with a commit of the connected repository. */
  deployCommitByHand(target: string, sha: string): SimulatedDeployment
  /** A commit arrives at the connected repository; nothing is deployed by it. */
  pushByHand(branch: string, sha: string): void
  cancelByHand(deploymentId: string): void
  deleteByHand(deploymentId: string): void
  /** The dashboard's instant rollback: later production deployments stay staged. */
  rollBackByHand(deploymentId: string): void
  /** The dashboard's promotion, which also ends the state a rollback left. */
  promoteByHand(deploymentId: string): void
  aliasByHand(alias: string, deploymentId: string): SimulatedAlias
  aliases(): readonly SimulatedAlias[]
  /** The rolling release that is under way, or was last. */
  rollingRelease(): Release | undefined
  /** Fails the next build with that error; `log` is what the build says before it. */
  failNextBuild(message: string, log?: readonly string[]): void
}

/** Hands that reach into one project. */
export function createHands(project: SimulatedProject): Hands {
  return { ...deploymentHands(project), ...envHands(project), ...domainHands(project) }
}

function deploymentHands(project: SimulatedProject) {
  const { deployments, weather, repository } = project
  return {
    live: deployments.live,
    deploymentsOf: (target: string) => deployments.all().filter(d => d.target === target),
    envOf: (id: string) => deployments.find(id).env,
    deployByHand: (target: string) => deployByHand(project, target),
    deployCommitByHand: (target: string, sha: string) => {
      const ref = repository?.branchOf(sha) ?? repository?.productionBranch ?? 'main'
      return deployByHand(project, target, { sha, ref, from: 'git' })
    },
    pushByHand: (branch: string, sha: string) => {
      if (!repository) throw new Error('The simulated project has no repository connected')
      repository.push(branch, sha)
    },
    cancelByHand: (id: string) => {
      deployments.cancel(id)
    },
    deleteByHand: deployments.remove,
    failNextBuild: (message: string, log: readonly string[] = []) => {
      weather.nextBuildError = message
      weather.nextBuildLog = log
    }
  }
}

function envHands(project: SimulatedProject) {
  const { env, shared } = project
  return {
    envRecords: env.all,
    valueOf: (target: string, key: string) => env.effective(placeOf(project, target))[key],
    setFlagByHand: (target: string, key: string, value: string | null) =>
      setFlag(project, target, key, value),
    addBranchOverride: (key: string, value: string, gitBranch: string) =>
      env.create({ key, value, target: ['preview'], gitBranch }),
    plantRecord: env.plant,
    shareByHand: shared.plant
  }
}

function domainHands({ domains, deployments, aliases, releases }: SimulatedProject) {
  return {
    rollBackByHand: (id: string) => domains.moveByHand('rollback', deployments.servable(id)),
    promoteByHand: (id: string) => domains.moveByHand('promote', deployments.servable(id)),
    aliasByHand: aliases.assign,
    aliases: aliases.all,
    rollingRelease: releases.last
  }
}

/** Sets a flag as a person would, on the record that serves the target. */
export function setFlag(
  project: SimulatedProject,
  target: string,
  key: string,
  value: string | null
): void {
  const { env } = project
  const place = placeOf(project, target)
  const serving = env
    .all()
    .find(
      record =>
        record.key === key &&
        record.gitBranch === undefined &&
        [...record.target, ...record.customEnvironmentIds].includes(place)
    )
  if (serving) {
    if (value === null) env.remove(serving.id)
    else env.edit(serving.id, { value })
  } else if (value !== null) {
    const where = place === target ? { target: [target] } : { customEnvironmentIds: [place] }
    env.create({ key, value, ...where })
  }
}

/** A deployment that somebody made in the dashboard; ready at once. */
export function deployByHand(
  project: SimulatedProject,
  target: string,
  commit?: Commit
): SimulatedDeployment {
  const { deployments, env, switches, repository } = project
  const place = placeOf(project, target)
  return deployments.plant({
    target,
    meta: commitMeta(commit, repository),
    env: env.effective(place, commit?.ref),
    sealed: env.sealed(place, commit?.ref),
    ...(commit ? { commit } : {}),
    autoAssign: switches.autoAssignCustomDomains
  })
}
