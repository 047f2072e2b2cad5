import type { SimulatedDeployment } from './deployment-table.ts'
import { type CustomEnvironment, productionDomain, type SimulatedProject } from './project.ts'
import type { Commit } from './repository.ts'

type View = Readonly<Record<string, unknown>>

/** A deployment as the API shows it; a preview one has the target null. */
export function viewDeployment(project: SimulatedProject, deployment: SimulatedDeployment): View {
  const { identity } = project
  const { aliasAssigned, env, createdAt } = deployment
  return {
    ...viewCommon(project, deployment),
    aliasAssigned: aliasAssigned !== undefined,
    aliasAssignedAt: aliasAssigned ?? null,
    alias: domainsOf(project, deployment),
    status: deployment.readyState,
    ownerId: identity.teamId,
    team: { id: identity.teamId, slug: identity.teamSlug, name: identity.teamSlug },
    env: Object.keys(env),
    ...gitSource(project, deployment.commit),
    ...customEnvironment(project, deployment),
    build: { env: [] },
    bootedAt: createdAt,
    buildingAt: createdAt,
    buildSkipped: false,
    createdIn: 'iad1',
    isInConcurrentBuildsQueue: false,
    isInSystemBuildsQueue: false,
    plan: project.switches.plan,
    projectSettings: { framework: null },
    public: false,
    regions: ['iad1'],
    routes: null,
    version: 2
  }
}

/** A deployment as an item of a list, where its id is called `uid`. */
export function listedDeployment(project: SimulatedProject, deployment: SimulatedDeployment): View {
  const { id, ...rest } = viewCommon(project, deployment)
  const { aliasAssigned, createdAt, readyState } = deployment
  return {
    ...rest,
    uid: id,
    aliasAssigned: aliasAssigned ?? null,
    state: readyState,
    created: createdAt,
    isRollbackCandidate: isRollbackCandidate(project, deployment)
  }
}

/** A deployment as the project shows the one it serves. */
export function servedDeployment(project: SimulatedProject, deployment: SimulatedDeployment): View {
  const { identity } = project
  const { id, url, createdAt, readyState, readyStateAt, meta, aliasAssigned } = deployment
  return {
    ...{ id, url, createdAt, readyState, meta },
    ...substateOf(project, deployment),
    name: identity.projectName,
    target: deployment.target,
    alias: domainsOf(project, deployment),
    aliasAssigned: aliasAssigned ?? null,
    aliasError: deployment.aliasError ?? null,
    creator: CREATOR_IN_FULL,
    deploymentHostname: url.replace(/\.vercel\.app$/u, ''),
    createdIn: 'iad1',
    plan: project.switches.plan,
    private: true,
    readyAt: readyStateAt,
    teamId: identity.teamId,
    type: 'LAMBDAS'
  }
}

/** What a person may roll back to: it had production traffic, and has none now. */
export function isRollbackCandidate(
  { domains }: SimulatedProject,
  { id }: SimulatedDeployment
): boolean {
  return domains.hasServed(id) && domains.holder()?.id !== id
}

/** A custom environment as the API shows it, made at that moment. */
export function viewEnvironment({ id, slug }: CustomEnvironment, madeAt: number): View {
  return { id, slug, type: 'preview', createdAt: madeAt, updatedAt: madeAt }
}

/** Whoever the token belongs to. */
export const CREATOR = { uid: 'usr_1', username: 'bot' }
const CREATOR_IN_FULL = { ...CREATOR, email: 'bot@acme.test' }

function viewCommon(project: SimulatedProject, deployment: SimulatedDeployment): View {
  const { identity, customEnvironments } = project
  const { id, url, target, createdAt, meta, readyState, readyStateAt, aliasError } = deployment
  const { errorMessage, commit } = deployment
  const custom = customEnvironments.find(({ slug }) => slug === target)
  return {
    ...{ id, url, createdAt, meta, readyState },
    name: identity.projectName,
    projectId: identity.projectId,
    target: target === 'production' ? 'production' : null,
    inspectorUrl: `https://vercel.com/${identity.teamSlug}/${identity.projectName}/${id.slice(4)}`,
    creator: CREATOR,
    source: commit?.from ?? 'cli',
    type: 'LAMBDAS',
    aliasError: aliasError ?? null,
    ...(errorMessage === undefined ? {} : { errorMessage, errorCode: 'BUILD_FAILED' }),
    ...(readyState === 'READY' ? { ready: readyStateAt } : {}),
    ...substateOf(project, deployment),
    ...(custom ? { customEnvironment: { id: custom.id, slug: custom.slug } } : {})
  }
}

function substateOf({ domains, releases }: SimulatedProject, deployment: SimulatedDeployment) {
  const { id, target, readyState } = deployment
  if (target !== 'production' || readyState !== 'READY') return {}
  if (releases.active()?.canary === id) return { readySubstate: 'ROLLING' }
  return { readySubstate: domains.hasServed(id) ? 'PROMOTED' : 'STAGED' }
}

function domainsOf(project: SimulatedProject, { id }: SimulatedDeployment): readonly string[] {
  const { identity, domains, aliases } = project
  const own = aliases.all().filter(({ deploymentId }) => deploymentId === id)
  return [
    ...(domains.holder()?.id === id ? [productionDomain(identity)] : []),
    ...own.map(({ alias }) => alias)
  ]
}

function customEnvironment({ customEnvironments }: SimulatedProject, made: SimulatedDeployment) {
  const custom = customEnvironments.find(({ slug }) => slug === made.target)
  return custom ? { customEnvironment: viewEnvironment(custom, made.createdAt) } : {}
}

function gitSource({ repository }: SimulatedProject, commit: Commit | undefined): View {
  if (commit?.from !== 'git' || !repository) return {}
  const { repoId } = repository
  return { gitSource: { type: 'github', repoId, ref: commit.ref, sha: commit.sha } }
}
