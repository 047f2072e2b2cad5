import { members } from '../http/route.ts'
import type { DeploymentDraft } from './deployment-table.ts'
import { placeOf, type SimulatedProject } from './project.ts'
import { notFound, refusal } from './refusal.ts'
import { type Commit, commitMeta, commitOf, uploadedCommit } from './repository.ts'

type Body = Readonly<Record<string, unknown>>

/** What a request for a deployment asks for. @throws Refusal */
export function draftOf(project: SimulatedProject, body: Body): DeploymentDraft {
  refuseOtherProject(project, body)
  const { deploymentId } = body
  return deploymentId === undefined
    ? freshDraft(project, body)
    : repeatedDraft(project, body, String(deploymentId))
}

function freshDraft(project: SimulatedProject, body: Body): DeploymentDraft {
  const gitSource = body['gitSource']
  const commit =
    gitSource === undefined
      ? uploadedCommit(members(body['gitMetadata']))
      : commitOf(project.repository, members(gitSource))
  const ref = members(body['gitMetadata'])['commitRef']
  return settledDraft(project, body, commit, commit?.ref ?? (typeof ref === 'string' ? ref : ''))
}

/** The files of an earlier deployment, built once more. */
function repeatedDraft(project: SimulatedProject, body: Body, id: string): DeploymentDraft {
  const { repository, deployments, switches } = project
  const source = deployments.find(id)
  const newest = body['withLatestCommit'] === true
  const commit = newest ? latestCommit(project, source.commit) : source.commit
  const draft = settledDraft(project, body, commit, commit?.ref ?? '')
  const meta = { ...draft.meta, ...commitMeta(commit, repository), originalDeploymentId: id }
  return switches.redeployEnv === 'current'
    ? { ...draft, meta }
    : { ...draft, meta, env: source.env, sealed: source.sealed }
}

function latestCommit({ repository }: SimulatedProject, commit: Commit | undefined): Commit {
  const sha = commit?.from === 'git' ? repository?.tip(commit.ref) : undefined
  if (commit && sha !== undefined) return { ...commit, sha }
  throw refusal(400, 'bad_request', 'withLatestCommit needs a deployment made from a repository')
}

function settledDraft(
  project: SimulatedProject,
  body: Body,
  commit: Commit | undefined,
  ref: string
): DeploymentDraft {
  const { deployments, env, switches, repository } = project
  const asked = String(body['target'] ?? body['customEnvironmentSlugOrId'] ?? 'preview')
  // The first deployment of a project goes to production, whatever was asked.
  const target = deployments.all().length === 0 ? 'production' : targetNamed(project, asked)
  const place = placeOf(project, target)
  const branch = branchOf(project, ref, commit)
  return {
    target,
    meta: { ...strings(body['meta']), ...commitMeta(commit, repository) },
    env: { ...env.effective(place, branch), ...strings(body['env']) },
    sealed: env.sealed(place, branch),
    ...(commit ? { commit } : {}),
    autoAssign: body['autoAssignCustomDomains'] !== false && switches.autoAssignCustomDomains
  }
}

function branchOf(
  { switches, repository }: SimulatedProject,
  ref: string,
  commit: Commit | undefined
): string {
  const resolved = switches.detachedHead === 'resolved' && ref === 'HEAD' && commit
  return (resolved && repository?.branchOf(commit.sha)) || ref
}

function targetNamed({ customEnvironments }: SimulatedProject, asked: string): string {
  if (['production', 'preview'].includes(asked)) return asked
  const custom = customEnvironments.find(({ id, slug }) => [id, slug].includes(asked))
  if (!custom) throw notFound(`The environment ${asked}`)
  return custom.slug
}

/** Another name would make a new project. */
function refuseOtherProject({ identity }: SimulatedProject, { name, project }: Body): void {
  const named = String(project ?? name ?? '')
  if ([identity.projectId, identity.projectName].includes(named)) return
  throw refusal(400, 'bad_request', `The project is missing or unknown: ${named}`)
}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(members(value)).map(([k, v]) => [k, String(v)]))
}
