import type { Clock, Log } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { VercelApi } from './api.ts'
import { type AliasMove, type ProjectReader, type ProjectView, stateOf } from './project.ts'
import type { RollingRelease, RollingReleases } from './rolling-releases.ts'

/** Which deployment has the production domains, and moving them without a build. */
export interface Production {
  /**
   * Points production at the deployment and waits until it is so; no request when it is already, unless
   * a rollback has to end a release in stages. `known` is what the project said a moment ago.
   * @throws ProviderError
   */
  point(how: 'rollback' | 'promote', deploymentId: string, known?: Known): Promise<void>
  /** @throws ProviderError */
  look(): Promise<Look>
  /** Asks once for all traffic for the canary of the release under way; only a later look proves it. */
  complete(canary: string): Promise<void>
}

/** Who has production's visitors at this moment. */
export interface Look {
  readonly project: ProjectView
  /** The release that gives some of them to another deployment. */
  readonly release: RollingRelease | undefined
  /** Whether all of them get that deployment. */
  serves(deploymentId: string): boolean
}

/** What a project says of its production domains. */
export type Known = Pick<ProjectView, 'productionDeployment' | 'rollingRelease'> & {
  readonly lastMove?: Pick<AliasMove, 'to' | 'requestedAt'>
}

export interface ProductionParts {
  readonly api: VercelApi
  readonly project: ProjectReader
  readonly releases: RollingReleases
  readonly projectId: string
  readonly clock: Clock
  readonly log: Log
}

/** Whatever a rollback does after the old deployment is back does the whole job too, so it soon goes on. */
const DEADLINE_MS = { rollback: 60_000, promote: 180_000 }
const FIRST_POLL_MS = 500
const LONGEST_POLL_MS = 2000
const REQUESTS = 3

const VERSION = { rollback: 'v9', promote: 'v10' }

/** Moves are requested, then proven by the project itself: the answer to the request proves nothing. */
export function createProduction(parts: ProductionParts): Production {
  return {
    look: () => look(parts),
    complete: canary => complete(parts, canary),
    point: async (how, deploymentId, known) => {
      const before = known ?? (await parts.project.read())
      if (await isThere(parts, { how, deploymentId, before })) return
      await move(parts, { how, deploymentId, before })
      parts.log.info(`Production serves ${deploymentId} (${how})`)
    }
  }
}

interface Asked {
  readonly how: 'rollback' | 'promote'
  readonly deploymentId: string
  readonly before: Known
}

async function move(parts: ProductionParts, asked: Asked): Promise<void> {
  const { how, deploymentId, before } = asked
  const { clock } = parts
  const deadline = clock.now() + DEADLINE_MS[how]
  let requests = 1
  let pollMs = FIRST_POLL_MS
  let lost = await request(parts, asked)
  while (true) {
    const { project, release, serves } = await look(parts, before.rollingRelease)
    if (serves(deploymentId)) return
    if (how === 'promote' && release?.canary === deploymentId) await complete(parts, deploymentId)
    const seen = moveSince(before, project)
    refuseFailed(how, deploymentId, seen)
    if (clock.now() >= deadline) throw lost ?? notMoved(how, deploymentId, project)
    if (lost && !seen && requests < REQUESTS) {
      requests += 1
      lost = await request(parts, asked)
    }
    await clock.sleep(pollMs)
    pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS)
  }
}

async function complete({ releases, log }: ProductionParts, canary: string): Promise<void> {
  const problem = await releases.complete(canary)
  if (problem) log.warning(`The rolling release of ${canary} is not complete: ${problem.message}`)
}

/** `inStages` is whether the project releases in stages, where that is known: it saves waiting. */
async function look({ project, releases }: ProductionParts, inStages?: boolean): Promise<Look> {
  const [seen, known] = await Promise.all([
    project.read(),
    inStages ? releases.active() : undefined
  ])
  const release = inStages === undefined && seen.rollingRelease ? await releases.active() : known
  return {
    project: seen,
    release,
    serves: id => seen.productionDeployment === id && release === undefined
  }
}

/** While a release is under way in stages, what serves is only what most visitors get. */
async function isThere(
  parts: ProductionParts,
  { how, deploymentId, before }: Asked
): Promise<boolean> {
  if (before.productionDeployment !== deploymentId) return false
  if (how === 'promote' || !before.rollingRelease) return true
  return (await look(parts, true)).serves(deploymentId)
}

/** The reason to believe that the request never arrived, if there is one. */
async function request(
  { api, projectId, clock }: ProductionParts,
  { how, deploymentId }: Asked
): Promise<ProviderError | undefined> {
  const path = `/${VERSION[how]}/projects/${encodeURIComponent(projectId)}/${how}/${encodeURIComponent(deploymentId)}`
  const outcome = await api.change({ method: 'POST', path, body: {} })
  if (outcome.kind === 'refused') throw outcome.error
  if (outcome.kind === 'done') return undefined
  await clock.sleep(outcome.waitMs)
  return outcome.error
}

function moveSince({ lastMove: known }: Known, { lastMove }: ProjectView): AliasMove | undefined {
  const fresh = lastMove?.requestedAt !== known?.requestedAt || lastMove?.to !== known?.to
  return fresh ? lastMove : undefined
}

function refuseFailed(how: string, deploymentId: string, move: AliasMove | undefined): void {
  if (move === undefined) return
  const { to, status } = move
  const state = stateOf(move)
  if (to === deploymentId && state !== 'not-moved') return
  // One that is on its way elsewhere may have been asked for before ours was.
  if (to !== deploymentId && state !== 'moved') return
  throw new ProviderError(
    `${how}_failed`,
    to === deploymentId
      ? `Vercel reports the ${how} of production to ${deploymentId} as ${status}`
      : `Vercel moved production to ${to} instead of ${deploymentId}`,
    'Look at the deployments of the project in the dashboard and move production there by hand.'
  )
}

function notMoved(how: string, deploymentId: string, { productionDeployment }: ProjectView) {
  return new ProviderError(
    `${how}_unconfirmed`,
    `Production still serves ${productionDeployment ?? 'nothing'} instead of ${deploymentId}`,
    `Look at the project in the dashboard; if it does not move, run: vercel ${how} ${deploymentId} --yes`
  )
}
